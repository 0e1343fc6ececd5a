-- owner: tradeline_lookup
-- Whose API key has this hash, before a tenant is known; no row where none has. It tells revoked and
-- expired keys too: the caller compares with the real time, also for what it has cached (queries.py).
CREATE OR REPLACE FUNCTION tenants.find_key(key_hash bytea)
RETURNS TABLE (
    tenant_id uuid, mode text, config_version bigint, key_id uuid, family uuid, scopes text[],
    member_id uuid, roles text[], expires_at timestamptz, revoked_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.tenant_id, t.mode, t.config_version, k.id, k.family, k.scopes,
        k.member_id, m.roles, k.expires_at, k.revoked_at
    FROM tenants.api_key k
    JOIN kernel.tenant t ON t.id = k.tenant_id
    LEFT JOIN tenants.member m ON m.tenant_id = k.tenant_id AND m.id = k.member_id
    WHERE k.hash = key_hash AND t.status = 'open'
$$;
GRANT EXECUTE ON FUNCTION tenants.find_key(bytea) TO tradeline_app;
