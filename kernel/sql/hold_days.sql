-- The business dates of these tenants stay as they are until the transaction ends; any number may hold them.
-- A lock in turn (advisory), not FOR SHARE on the row: there later sharers pass one who waits to roll the
-- day; he waited over 10 s under steady commits, and 50 ms in turn (docs/decisions/0003-commit-function.md).
CREATE OR REPLACE FUNCTION kernel.hold_days(tenants uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7, uuid_hash(tenant))
    FROM (SELECT DISTINCT tenant FROM unnest(tenants) tenant ORDER BY tenant) each;
END
$$;
GRANT EXECUTE ON FUNCTION kernel.hold_days(uuid[]) TO tradeline_money;
