-- Makes a table with a tenant_id one that no tenant sees another's rows of (ARCHITECTURE §4). Used by
-- migrations after CREATE TABLE. `app` are the application role's privileges under the tenant's policy.
-- `lookup` and `money` are those of the roles that own the definer functions: such a role sees every
-- tenant's rows, so it gets a policy only where its privileges are named.
CREATE OR REPLACE FUNCTION kernel.tenant_table(
    relation regclass, app text, lookup text DEFAULT NULL, money text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = (SELECT kernel.tenant_id()))', relation);
    EXECUTE format('GRANT %s ON %s TO tradeline_app', app, relation);
    IF lookup IS NOT NULL THEN
        EXECUTE format('CREATE POLICY lookup ON %s TO tradeline_lookup USING (true)', relation);
        EXECUTE format('GRANT %s ON %s TO tradeline_lookup', lookup, relation);
    END IF;
    IF money IS NOT NULL THEN
        EXECUTE format('CREATE POLICY money ON %s TO tradeline_money USING (true)', relation);
        EXECUTE format('GRANT %s ON %s TO tradeline_money', money, relation);
    END IF;
END
$$;
