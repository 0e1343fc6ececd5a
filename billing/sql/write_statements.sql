-- owner: tradeline_money
-- Writes billing cycles and statements of `ok` commands. Called by billing.write_rows alone, with its rights
-- and settings. A number is taken here and nowhere else, from a counter that is locked until all is written:
-- what is rolled back leaves no gap. The event is told here too, for only here the number is known; its id is
-- the statement's own. A table takes its tenant from `c.tenant` only.
CREATE OR REPLACE FUNCTION billing.write_statements(
    tenants uuid[], carried jsonb[], present text[]
) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    wanted integer;
    written integer;
BEGIN
    IF 'line_cycle' = ANY (present) THEN
        INSERT INTO billing.line_cycle (tenant_id, line_id, product_id, next_cut_on)
        SELECT c.tenant, r.line_id, r.product_id, r.next_cut_on
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.line_cycle, c.rows->'line_cycle') r;
    END IF;
    IF 'line_cycle_set' = ANY (present) THEN
        -- In the order of their keys, as all locks are.
        PERFORM (
            SELECT true FROM billing.line_cycle y
            WHERE y.tenant_id = c.tenant AND y.line_id = c.line_id FOR NO KEY UPDATE
        )
        FROM (
            SELECT c.tenant, r.line_id FROM unnest(tenants, carried) c(tenant, rows),
                jsonb_to_recordset(c.rows->'line_cycle_set') AS r(line_id uuid)
            ORDER BY c.tenant, r.line_id
        ) c;
        WITH c AS MATERIALIZED (
            SELECT c.tenant, r.* FROM unnest(tenants, carried) c(tenant, rows),
                jsonb_to_recordset(c.rows->'line_cycle_set')
                AS r(line_id uuid, was_on date, next_cut_on date, since uuid)
        ), done AS (
            UPDATE billing.line_cycle y
            SET next_cut_on = c.next_cut_on, since = coalesce(c.since, y.since)
            FROM c WHERE y.tenant_id = c.tenant AND y.line_id = c.line_id
                AND y.next_cut_on IS NOT DISTINCT FROM c.was_on RETURNING 1
        )
        SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM done) INTO wanted, written;
        IF written <> wanted THEN
            RAISE EXCEPTION 'a line has been cut meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF 'statement' = ANY (present) THEN
        WITH c AS MATERIALIZED (
            SELECT c.tenant, r.*, extract(year FROM r.cut_on)::integer AS of_year, c.pos
            FROM unnest(tenants, carried) WITH ORDINALITY c(tenant, rows, pos),
                jsonb_to_recordset(c.rows->'statement') AS r(id uuid, line_id uuid, buyer_id uuid,
                    product_id uuid, book uuid, currency text, from_on date, cut_on date, next_cut_on date,
                    opening_minor bigint, captured_minor bigint, converted_minor bigint,
                    interest_minor bigint, fee_minor bigint, penalty_minor bigint, paid_minor bigint,
                    refunded_minor bigint, waived_minor bigint, corrections_minor bigint,
                    closing_minor bigint, overdue_minor bigint, due_minor bigint, not_yet_due_minor bigint,
                    disputed_minor bigint, credit_minor bigint, due_dates jsonb, booked_on date,
                    created_at timestamptz)
        ), taken AS (
            INSERT INTO billing.statement_number AS n (tenant_id, book, kind, year, last_no)
            SELECT c.tenant, c.book, 'statement', c.of_year, count(*) FROM c
            GROUP BY c.tenant, c.book, c.of_year ORDER BY c.tenant, c.book, c.of_year
            ON CONFLICT (tenant_id, book, kind, year) DO UPDATE SET last_no = n.last_no + excluded.last_no
            RETURNING tenant_id, book, year, last_no
        ), numbered AS (
            SELECT c.*, n.last_no - count(*) OVER own + row_number() OVER (own ORDER BY c.pos) AS of_no
            FROM c JOIN taken n ON n.tenant_id = c.tenant AND n.book = c.book AND n.year = c.of_year
            WINDOW own AS (PARTITION BY c.tenant, c.book, c.of_year)
        ), done AS (
            INSERT INTO billing.statement (tenant_id, id, line_id, buyer_id, product_id, book, year, no,
                number, currency, from_on, cut_on, next_cut_on, opening_minor, captured_minor,
                converted_minor, interest_minor, fee_minor, penalty_minor, paid_minor, refunded_minor,
                waived_minor, corrections_minor, closing_minor, overdue_minor, due_minor, not_yet_due_minor,
                disputed_minor, credit_minor, due_dates, booked_on, created_at)
            SELECT c.tenant, c.id, c.line_id, c.buyer_id, c.product_id, c.book, c.of_year, c.of_no,
                'S-' || c.of_year || '-' || lpad(c.of_no::text, greatest(6, length(c.of_no::text)), '0'),
                c.currency, c.from_on, c.cut_on, c.next_cut_on, c.opening_minor, c.captured_minor,
                c.converted_minor, c.interest_minor, c.fee_minor, c.penalty_minor, c.paid_minor,
                c.refunded_minor, c.waived_minor, c.corrections_minor, c.closing_minor, c.overdue_minor,
                c.due_minor, c.not_yet_due_minor, c.disputed_minor, c.credit_minor, c.due_dates, c.booked_on,
                c.created_at
            FROM numbered c ORDER BY c.pos RETURNING *
        )
        INSERT INTO kernel.outbox (tenant_id, id, topic, payload)
        SELECT s.tenant_id, s.id, 'statement.cut', jsonb_build_object(
            'statement_id', s.id, 'number', s.number, 'line_id', s.line_id, 'buyer_id', s.buyer_id,
            'product_id', s.product_id, 'currency', s.currency, 'cut_on', s.cut_on,
            'next_cut_on', s.next_cut_on, 'opening_minor', s.opening_minor,
            'captured_minor', s.captured_minor, 'converted_minor', s.converted_minor,
            'charged_minor', s.interest_minor + s.fee_minor + s.penalty_minor, 'paid_minor', s.paid_minor,
            'refunded_minor', s.refunded_minor, 'waived_minor', s.waived_minor,
            'corrections_minor', s.corrections_minor, 'closing_minor', s.closing_minor,
            'overdue_minor', s.overdue_minor, 'due_minor', s.due_minor, 'due_dates', s.due_dates)
        FROM done s;
    END IF;
    IF 'statement_line' = ANY (present) THEN
        INSERT INTO billing.statement_line (tenant_id, id, statement_id, no, kind, effective_on, booked_on,
            drawdown_id, journal_id, charge_id, instalment_no, order_ref, amount_minor, late_for, late_number)
        SELECT c.tenant, r.id, r.statement_id, r.no, r.kind, r.effective_on, r.booked_on, r.drawdown_id,
            r.journal_id, r.charge_id, r.instalment_no, r.order_ref, r.amount_minor, r.late_for, r.late_number
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.statement_line, c.rows->'statement_line') r;
    END IF;
END
$$;
