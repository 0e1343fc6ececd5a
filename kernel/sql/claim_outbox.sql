-- owner: tradeline_lookup
-- The next events of all tenants for one consumer, oldest first, and its place taken for `lease_seconds`;
-- none while another worker holds it. Only transactions below the oldest one still running are read: an order
-- by id or time would lose those that commit late. The consumer moves its place on afterwards
-- (kernel/outbox_reader.py), so each event comes at least once.
CREATE OR REPLACE FUNCTION kernel.claim_outbox(consumer_name text, most integer, lease_seconds integer)
RETURNS TABLE (tenant_id uuid, id uuid, topic text, payload jsonb, xid xid8, created_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    place kernel.outbox_cursor;
BEGIN
    INSERT INTO kernel.outbox_cursor (consumer) VALUES (consumer_name) ON CONFLICT DO NOTHING;
    SELECT * INTO place FROM kernel.outbox_cursor c
    WHERE c.consumer = consumer_name AND (c.lease_until IS NULL OR c.lease_until < statement_timestamp())
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT o.tenant_id, o.id, o.topic, o.payload, o.xid, o.created_at
    FROM kernel.outbox o
    WHERE (o.xid, o.id) > (place.after_xid, place.after_id)
        AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY o.xid, o.id
    LIMIT most;
    IF FOUND THEN
        UPDATE kernel.outbox_cursor c
        SET lease_until = statement_timestamp() + make_interval(secs => lease_seconds)
        WHERE c.consumer = consumer_name;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION kernel.claim_outbox(text, integer, integer) TO tradeline_app;
