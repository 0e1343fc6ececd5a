-- What is written into this table stays: UPDATE, DELETE and TRUNCATE are refused, even for the owner.
CREATE OR REPLACE FUNCTION kernel.append_only(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION kernel.refuse_change()', relation);
END
$$;
