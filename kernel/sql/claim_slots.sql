-- owner: tradeline_lookup
-- Takes due slots of one job, over all tenants, for `lease_seconds`: no two workers get the same one, and who
-- dies loses it. First it enters the slots that have come due (`tenants`, `slots` side by side), but none
-- older than the newest known of its tenant. A tenant's slots go in order: a later one waits for the earlier,
-- while other tenants' go on.
CREATE OR REPLACE FUNCTION kernel.claim_slots(
    job_name text, tenants uuid[], slots date[], most integer, lease_seconds integer
) RETURNS TABLE (tenant_id uuid, slot_on date, attempts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO kernel.schedule AS s (tenant_id, job, slot_on)
    SELECT due.tenant_id, job_name, due.slot_on
    FROM unnest(tenants, slots) AS due (tenant_id, slot_on)
    WHERE NOT EXISTS (
        SELECT FROM kernel.schedule k
        WHERE k.tenant_id = due.tenant_id AND k.job = job_name AND k.slot_on >= due.slot_on)
    ON CONFLICT DO NOTHING;

    RETURN QUERY
    WITH free AS (
        SELECT s.tenant_id, s.slot_on
        FROM kernel.schedule s
        WHERE s.job = job_name AND s.done_at IS NULL
            AND (s.lease_until IS NULL OR s.lease_until < statement_timestamp())
            AND NOT EXISTS (
                SELECT FROM kernel.schedule e
                WHERE e.tenant_id = s.tenant_id AND e.job = s.job AND e.slot_on < s.slot_on
                    AND e.done_at IS NULL)
        ORDER BY s.slot_on
        LIMIT most
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE kernel.schedule s
    SET lease_until = statement_timestamp() + make_interval(secs => lease_seconds), attempts = s.attempts + 1
    FROM free
    WHERE s.tenant_id = free.tenant_id AND s.job = job_name AND s.slot_on = free.slot_on
    RETURNING s.tenant_id, s.slot_on, s.attempts;
END
$$;
GRANT EXECUTE ON FUNCTION kernel.claim_slots(text, uuid[], date[], integer, integer) TO tradeline_app;
