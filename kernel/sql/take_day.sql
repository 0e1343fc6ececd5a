-- Before a business date is rolled or a period closed: waits in turn for all who hold it (kernel.hold_days).
CREATE OR REPLACE FUNCTION kernel.take_day() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7, uuid_hash(OLD.tenant_id));
    RETURN NEW;
END
$$;
