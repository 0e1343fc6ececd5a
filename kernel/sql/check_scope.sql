-- owner: tradeline_lookup
-- The tenant of a signed token `tenant|expiry|key id|mac` (kernel/db/token.py); 42501 where it is
-- missing, forged or expired. The length is checked first: a message of fixed length leaves no room for a
-- length extension of the plain hash. Time is that of the statement, real and not the tenant's, so that
-- the answer is stable within it.
CREATE OR REPLACE FUNCTION kernel.check_scope(token text) RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    secret bytea;
BEGIN
    IF token IS NULL OR token = '' THEN
        RAISE EXCEPTION 'no tenant scope' USING ERRCODE = '42501';
    END IF;
    IF length(token) = 114 AND octet_length(token) = 114 THEN
        SELECT k.key INTO secret FROM kernel.scope_key k WHERE k.id = substr(token, 49, 1);
        IF encode(sha256(secret || convert_to(left(token, 49), 'UTF8')), 'hex') = substr(token, 51)
            AND substr(token, 38, 10)::bigint > extract(epoch FROM statement_timestamp())
        THEN
            RETURN left(token, 36)::uuid;
        END IF;
    END IF;
    RAISE EXCEPTION 'forged or expired tenant scope' USING ERRCODE = '42501';
END
$$;
GRANT EXECUTE ON FUNCTION kernel.check_scope(text) TO tradeline_app, tradeline_money;
