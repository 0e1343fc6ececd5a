-- owner: tradeline_money
-- Writes what `ok` commands carry: one statement for each table that is present. Called by billing.commit
-- alone, with its rights and settings. `carried` are the commands' rows by table, `tenants` the tenant of
-- each, whatever a row itself says; `outstanding` the change of each on its lines, `moves` how many drawdowns
-- they may set together. A table takes its tenant from `c.tenant` only.
CREATE OR REPLACE FUNCTION billing.write_rows(
    tenants uuid[], carried jsonb[], outstanding bigint[], moves integer
) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    present text[];
    wanted integer;
    written integer;
    balanced boolean;
BEGIN
    SELECT array_agg(DISTINCT t) INTO present FROM unnest(carried) r, jsonb_object_keys(r) t;
    IF 'line' = ANY (present) THEN
        INSERT INTO billing.line (tenant_id, id, buyer_id, product_id, kind, currency, limit_minor, status,
            created_at)
        SELECT c.tenant, r.id, r.buyer_id, r.product_id, r.kind, r.currency, r.limit_minor, r.status,
            r.created_at
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.line, c.rows->'line') r;
    END IF;
    IF 'drawdown' = ANY (present) THEN
        -- Instead of foreign keys to what many drawdowns share: they would lock it, a tenant's hottest row.
        -- It is never deleted, so looking once is as good.
        SELECT sum(jsonb_array_length(r->'drawdown')) INTO wanted FROM unnest(carried) r;
        INSERT INTO billing.drawdown (tenant_id, id, programme_id, product_id, buyer_id, merchant_id,
            terms_id, currency, order_ref, external_ref, authorised_on, created_at, status,
            authorised_minor, captured_minor, voided_minor, refunded_minor, principal_due_minor,
            interest_due_minor, fee_due_minor, penalty_due_minor, oldest_unpaid_due_on, expires_on,
            next_event_on, engine_version, state)
        SELECT c.tenant, r.id, r.programme_id, r.product_id, r.buyer_id, r.merchant_id, r.terms_id,
            r.currency, r.order_ref, r.external_ref, r.authorised_on, r.created_at, r.status,
            r.authorised_minor, r.captured_minor, r.voided_minor, r.refunded_minor, r.principal_due_minor,
            r.interest_due_minor, r.fee_due_minor, r.penalty_due_minor, r.oldest_unpaid_due_on,
            r.expires_on, r.next_event_on, r.engine_version, r.state
        FROM unnest(tenants, carried) c(tenant, rows)
        CROSS JOIN jsonb_populate_recordset(NULL::billing.drawdown, c.rows->'drawdown') r
        JOIN billing.terms t ON t.tenant_id = c.tenant AND t.id = r.terms_id
        JOIN products.product p ON p.tenant_id = c.tenant AND p.id = r.product_id
            AND p.programme_id = r.programme_id
        JOIN tenants.buyer b ON b.tenant_id = c.tenant AND b.id = r.buyer_id
        JOIN tenants.merchant m ON m.tenant_id = c.tenant AND m.id = r.merchant_id;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written <> wanted THEN
            RAISE EXCEPTION 'a drawdown refers to terms, product, buyer or merchant that are not there'
                USING ERRCODE = '23503';
        END IF;
    END IF;
    IF moves > 0 OR 'drawdown_set' = ANY (present) THEN
        WITH c AS MATERIALIZED (
            SELECT c.tenant, r.* FROM unnest(tenants, carried) c(tenant, rows),
                jsonb_populate_recordset(NULL::billing.drawdown, c.rows->'drawdown_set') r
        ), done AS (
            UPDATE billing.drawdown d
            SET (version, status, authorised_minor, captured_minor, voided_minor, refunded_minor,
                principal_due_minor, interest_due_minor, fee_due_minor, penalty_due_minor,
                oldest_unpaid_due_on, expires_on, next_event_on, engine_version, state) =
                (d.version + 1, c.status, c.authorised_minor, c.captured_minor, c.voided_minor,
                c.refunded_minor, c.principal_due_minor, c.interest_due_minor, c.fee_due_minor,
                c.penalty_due_minor, c.oldest_unpaid_due_on, c.expires_on, c.next_event_on,
                c.engine_version, c.state)
            FROM c WHERE d.tenant_id = c.tenant AND d.id = c.id RETURNING 1
        )
        SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM done) INTO wanted, written;
        IF wanted <> moves OR written <> moves THEN
            RAISE EXCEPTION 'drawdown_set must name each drawdown once, and each must be expected'
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF 'drawdown_use' = ANY (present) THEN
        INSERT INTO billing.drawdown_use (tenant_id, drawdown_id, line_id, held_minor, outstanding_minor)
        SELECT c.tenant, r.drawdown_id, r.line_id, r.held_minor, r.outstanding_minor
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.drawdown_use, c.rows->'drawdown_use') r
        ON CONFLICT (tenant_id, drawdown_id, line_id) DO UPDATE SET (held_minor, outstanding_minor) =
            (excluded.held_minor, excluded.outstanding_minor);
    END IF;
    IF 'drawdown_event' = ANY (present) THEN
        INSERT INTO billing.drawdown_event (tenant_id, drawdown_id, seq, kind, effective_on, booked_on,
            recorded_at, actor_kind, actor_id, data)
        SELECT c.tenant, r.drawdown_id, r.seq, r.kind, r.effective_on, r.booked_on, r.recorded_at,
            r.actor_kind, r.actor_id, r.data
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.drawdown_event, c.rows->'drawdown_event') r;
    END IF;
    IF 'instalment' = ANY (present) THEN
        INSERT INTO billing.instalment (tenant_id, drawdown_id, no, capture_no, start_on, nominal_on,
            due_on, past_due_on, principal_minor, interest_minor, fee_minor, penalty_minor,
            principal_paid_minor, interest_paid_minor, fee_paid_minor, penalty_paid_minor,
            principal_waived_minor, interest_waived_minor, fee_waived_minor, penalty_waived_minor, disputed,
            settled_on)
        SELECT c.tenant, r.drawdown_id, r.no, r.capture_no, r.start_on, r.nominal_on, r.due_on,
            r.past_due_on, r.principal_minor, r.interest_minor, r.fee_minor, r.penalty_minor,
            r.principal_paid_minor, r.interest_paid_minor, r.fee_paid_minor, r.penalty_paid_minor,
            coalesce(r.principal_waived_minor, 0), coalesce(r.interest_waived_minor, 0),
            coalesce(r.fee_waived_minor, 0), coalesce(r.penalty_waived_minor, 0),
            coalesce(r.disputed, false), r.settled_on
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.instalment, c.rows->'instalment') r
        ON CONFLICT (tenant_id, drawdown_id, no) DO UPDATE SET (start_on, nominal_on, due_on, past_due_on,
            principal_minor, interest_minor, fee_minor, penalty_minor, principal_paid_minor,
            interest_paid_minor, fee_paid_minor, penalty_paid_minor, principal_waived_minor,
            interest_waived_minor, fee_waived_minor, penalty_waived_minor, disputed, settled_on) =
            (excluded.start_on, excluded.nominal_on, excluded.due_on, excluded.past_due_on,
            excluded.principal_minor, excluded.interest_minor, excluded.fee_minor, excluded.penalty_minor,
            excluded.principal_paid_minor, excluded.interest_paid_minor, excluded.fee_paid_minor,
            excluded.penalty_paid_minor, excluded.principal_waived_minor, excluded.interest_waived_minor,
            excluded.fee_waived_minor, excluded.penalty_waived_minor, excluded.disputed,
            excluded.settled_on);
    END IF;
    IF 'instalment_gone' = ANY (present) THEN
        DELETE FROM billing.instalment i USING unnest(tenants, carried) c(tenant, rows),
            jsonb_to_recordset(c.rows->'instalment_gone') AS g(drawdown_id uuid, no integer)
        WHERE i.tenant_id = c.tenant AND i.drawdown_id = g.drawdown_id AND i.no = g.no;
    END IF;
    IF 'refund' = ANY (present) THEN
        INSERT INTO billing.refund (tenant_id, id, drawdown_id, capture_no, external_ref, amount_minor,
            method, effective_on, booked_on, created_at)
        SELECT c.tenant, r.id, r.drawdown_id, r.capture_no, r.external_ref, r.amount_minor, r.method,
            r.effective_on, r.booked_on, r.created_at
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.refund, c.rows->'refund') r;
    END IF;
    IF 'limit_decision' = ANY (present) THEN
        INSERT INTO billing.limit_decision (tenant_id, id, line_id, kind, limit_before_minor,
            limit_after_minor, status_before, status_after, reason, actor_kind, actor_id, effective_on,
            booked_on, created_at)
        SELECT c.tenant, r.id, r.line_id, r.kind, r.limit_before_minor, r.limit_after_minor,
            r.status_before, r.status_after, r.reason, r.actor_kind, r.actor_id, r.effective_on,
            r.booked_on, r.created_at
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.limit_decision, c.rows->'limit_decision') r;
    END IF;
    IF 'journal' = ANY (present) THEN
        INSERT INTO billing.journal (tenant_id, id, reference, kind, effective_on, booked_on, recorded_at,
            actor_kind, actor_id)
        SELECT c.tenant, r.id, r.reference, r.kind, r.effective_on, r.booked_on, r.recorded_at,
            r.actor_kind, r.actor_id
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.journal, c.rows->'journal') r;
    END IF;
    -- What the ledger says of principal is what the lines say (until debt is written off).
    IF 'entry' = ANY (present) THEN
        WITH c AS MATERIALIZED (
            SELECT c.tenant, c.pos, r.* FROM unnest(tenants, carried) WITH ORDINALITY c(tenant, rows, pos),
                jsonb_populate_recordset(NULL::billing.entry, c.rows->'entry') r
        ), done AS (
            INSERT INTO billing.entry (tenant_id, journal_id, no, book, debit_account, debit_party,
                credit_account, credit_party, amount_minor, currency, drawdown_id)
            SELECT c.tenant, c.journal_id, c.no, c.book, c.debit_account, c.debit_party, c.credit_account,
                c.credit_party, c.amount_minor, c.currency, c.drawdown_id
            FROM c
        )
        SELECT bool_and(p.principal = outstanding[p.pos])
            AND count(*) FILTER (WHERE p.principal <> 0) = cardinality(array_remove(outstanding, 0))
        INTO balanced
        FROM (
            SELECT c.pos, sum(CASE 'buyer_principal' WHEN c.debit_account THEN c.amount_minor ELSE 0 END
                - CASE 'buyer_principal' WHEN c.credit_account THEN c.amount_minor ELSE 0 END) AS principal
            FROM c GROUP BY c.pos
        ) p;
    ELSE
        balanced := 0 = ALL (outstanding);
    END IF;
    IF NOT balanced THEN
        RAISE EXCEPTION 'principal in the ledger and on the lines differ' USING ERRCODE = '23514';
    END IF;
    IF 'charge' = ANY (present) THEN
        INSERT INTO billing.charge (tenant_id, id, drawdown_id, instalment_no, journal_id, kind,
            amount_minor, effective_on, booked_on, derivation)
        SELECT c.tenant, r.id, r.drawdown_id, r.instalment_no, r.journal_id, r.kind, r.amount_minor,
            r.effective_on, r.booked_on, r.derivation
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.charge, c.rows->'charge') r;
    END IF;
    IF 'receipt' = ANY (present) THEN
        INSERT INTO billing.receipt (tenant_id, id, buyer_id, drawdown_id, external_ref, channel, currency,
            amount_minor, excess_minor, advance, status, effective_on, booked_on, created_at)
        SELECT c.tenant, r.id, r.buyer_id, r.drawdown_id, r.external_ref, r.channel, r.currency,
            r.amount_minor, coalesce(r.excess_minor, 0), coalesce(r.advance, false), r.status,
            r.effective_on, r.booked_on, r.created_at
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.receipt, c.rows->'receipt') r;
    END IF;
    IF 'receipt_set' = ANY (present) THEN
        WITH c AS MATERIALIZED (
            SELECT c.tenant, r.* FROM unnest(tenants, carried) c(tenant, rows),
                jsonb_to_recordset(c.rows->'receipt_set') AS r(id uuid, was text, status text, buyer_id uuid,
                    excess_minor bigint, reversal_reason text, reversed_on date)
        ), done AS (
            UPDATE billing.receipt r
            SET (status, buyer_id, excess_minor, reversal_reason, reversed_on) =
                (c.status, coalesce(c.buyer_id, r.buyer_id), coalesce(c.excess_minor, 0), c.reversal_reason,
                c.reversed_on)
            FROM c WHERE r.tenant_id = c.tenant AND r.id = c.id AND r.status = c.was RETURNING 1
        )
        SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM done) INTO wanted, written;
        IF written <> wanted THEN
            RAISE EXCEPTION 'a receipt has moved meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF 'allocation' = ANY (present) THEN
        INSERT INTO billing.allocation (tenant_id, id, receipt_id, drawdown_id, instalment_no, component,
            journal_id, amount_minor, effective_on, booked_on)
        SELECT c.tenant, r.id, r.receipt_id, r.drawdown_id, r.instalment_no, r.component, r.journal_id,
            r.amount_minor, r.effective_on, r.booked_on
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::billing.allocation, c.rows->'allocation') r;
    END IF;
    IF present && '{line_cycle, line_cycle_set, statement, statement_line}' THEN
        PERFORM billing.write_statements(tenants, carried, present);
    END IF;
    IF 'outbox' = ANY (present) THEN
        INSERT INTO kernel.outbox (tenant_id, id, topic, payload)
        SELECT c.tenant, r.id, r.topic, r.payload
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::kernel.outbox, c.rows->'outbox') r;
    END IF;
    IF 'audit' = ANY (present) THEN
        INSERT INTO kernel.audit (tenant_id, id, actor_kind, actor_id, action, object_kind, object_id,
            detail, request_id)
        SELECT c.tenant, r.id, r.actor_kind, r.actor_id, r.action, r.object_kind, r.object_id,
            coalesce(r.detail, '{}'), r.request_id
        FROM unnest(tenants, carried) c(tenant, rows),
            jsonb_populate_recordset(NULL::kernel.audit, c.rows->'audit') r;
    END IF;
END
$$;
