-- The trigger behind kernel.append_only. It fires once per statement, so even one that would touch no row
-- is refused.
CREATE OR REPLACE FUNCTION kernel.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: reverse and write anew', tg_relid::regclass USING ERRCODE = '42501';
END
$$;
