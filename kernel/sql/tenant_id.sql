-- The tenant of the scope this transaction runs in; 42501 where there is none, or a forged or expired one.
-- Every policy compares with (SELECT kernel.tenant_id()), so that it is asked once per statement.
CREATE OR REPLACE FUNCTION kernel.tenant_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT kernel.check_scope(current_setting('app.ctx', true))
$$;
GRANT EXECUTE ON FUNCTION kernel.tenant_id() TO tradeline_app, tradeline_lookup, tradeline_money;
