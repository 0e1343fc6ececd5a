-- owner: tradeline_money
-- The only writer of money (docs/decisions/0001-money-core.md, 0003-commit-function.md). An array of decided
-- commands goes in, one outcome for each comes out; what an `ok` command carries is written, of the others
-- only the answer under their key. An array has the same effect as its commands sent one by one in its order.
-- Locks, in this order and each by key: days, lines, balances, drawdowns.
-- A table takes its tenant from `c.tenant` only: a copy for one tenant can be made from this text (Citus).
CREATE OR REPLACE FUNCTION billing.commit(tokens text[], commands jsonb)
RETURNS TABLE (pos integer, outcome text, detail jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    n CONSTANT integer := jsonb_array_length(commands);
    signed uuid[];
    -- Commands, and how many operations each has on lines, balances and drawdowns.
    c_tenant uuid[]; c_stale boolean[]; c_family uuid[]; c_key uuid[]; c_fingerprint uuid[];
    c_lines jsonb[]; c_balances jsonb[]; c_drawdowns jsonb[];
    c_refusal jsonb[]; c_result jsonb[]; c_rows jsonb[];
    n_lines integer[]; n_balances integer[]; n_drawdowns integer[];
    -- Operations in the order of commands, each pointing to a locked row; where those of one command stand.
    o_line integer[]; o_need bigint[]; o_held bigint[]; o_outstanding bigint[]; o_honour boolean[];
    o_patient boolean[]; o_version integer[]; o_limit bigint[]; o_status text[];
    p_balance integer[]; p_credit bigint[]; q_drawdown integer[]; q_version integer[]; q_moves boolean[];
    o_first integer; o_last integer := 0;
    p_first integer; p_last integer := 0;
    q_first integer; q_last integer := 0;
    -- Locked rows as the fold leaves them; NULL where there is none.
    l_tenant uuid[]; l_id uuid[]; l_limit bigint[]; l_held bigint[]; l_outstanding bigint[]; l_status text[];
    l_version integer[]; l_touched boolean[];
    b_tenant uuid[]; b_buyer uuid[]; b_currency text[]; b_credit bigint[];
    b_stands boolean[]; b_moves integer[];
    d_version integer[]; d_moved boolean[];
    -- Keys: what is stored; the first command of the array with the key, and which of that key was answered.
    k_fingerprint uuid[]; k_outcome text[]; k_detail jsonb[]; k_first integer[];
    answered integer[] := array_fill(0, ARRAY[n]);
    -- The worst that a command meets is its outcome, by rank; 12 is the best.
    outcome_of CONSTANT text[] := '{refused, not_found, not_found, stale, stale, stale, stale,
        line_closed, line_frozen, stale, limit_exceeded, ok}';
    what CONSTANT text[] := '{NULL, line, drawdown, day, drawdown, limit, credit,
        NULL, NULL, room, NULL, NULL}';
    rank integer; short jsonb;
    outcomes text[] := array_fill(NULL::text, ARRAY[n]);
    details jsonb[] := array_fill(NULL::jsonb, ARRAY[n]);
    ok_tenant uuid[] := '{}'; ok_rows jsonb[] := '{}'; ok_outstanding bigint[] := '{}'; moves integer := 0;
    i integer; k integer; s integer; first integer; room bigint; outstanding bigint;
BEGIN
    -- 1. Who: a signed token for the tenant of every command. Its day, which may not roll while we write.
    SELECT array_agg(kernel.check_scope(t)) INTO signed FROM unnest(tokens) t;
    PERFORM kernel.hold_days(signed);
    SELECT array_agg(c.tenant), array_agg(c.stale), array_agg(c.family), array_agg(c.key),
        array_agg(c.fingerprint), array_agg(c.refusal), array_agg(c.result), array_agg(c.rows),
        array_agg(c.lines), array_agg(c.balances), array_agg(c.drawdowns),
        array_agg(jsonb_array_length(c.lines)), array_agg(jsonb_array_length(c.balances)),
        array_agg(jsonb_array_length(c.drawdowns))
    INTO c_tenant, c_stale, c_family, c_key, c_fingerprint, c_refusal, c_result, c_rows,
        c_lines, c_balances, c_drawdowns, n_lines, n_balances, n_drawdowns
    FROM (
        SELECT c.tenant, c.family, c.key, c.fingerprint, c.refusal,
            coalesce(c.result, '{}') AS result, coalesce(c.rows, '{}') AS rows,
            coalesce(c.lines, '[]') || coalesce(c.limits, '[]') AS lines,
            coalesce(c.balances, '[]') AS balances, coalesce(c.drawdowns, '[]') AS drawdowns,
            (c.booked_on = d.business_on AND c.effective_on <= d.business_on
                AND c.booked_on > coalesce(d.closed_through, '-infinity')) IS NOT TRUE AS stale
        FROM jsonb_to_recordset(commands) AS c(tenant uuid, booked_on date, effective_on date,
            family uuid, key uuid, fingerprint uuid, lines jsonb, limits jsonb, balances jsonb,
            drawdowns jsonb, refusal jsonb, result jsonb, rows jsonb)
        LEFT JOIN LATERAL (
            SELECT d.business_on, d.closed_through FROM kernel.tenant_day d
            WHERE d.tenant_id = c.tenant OFFSET 0
        ) d ON true
    ) c;
    IF (c_tenant <@ signed) IS NOT TRUE THEN
        RAISE EXCEPTION 'a command outside the signed tenants' USING ERRCODE = '42501';
    END IF;

    -- 2. Locks. A row's place in its array follows its key, so taking rows by place is taking them in order.
    IF 0 < ANY (n_lines) THEN
        WITH o AS MATERIALIZED (
            SELECT c.tenant, c.pos, o.*, dense_rank() OVER (ORDER BY c.tenant, o.id) AS place
            FROM unnest(c_tenant, c_lines) WITH ORDINALITY c(tenant, lines, pos),
                ROWS FROM (jsonb_to_recordset(c.lines) AS (id uuid, need bigint, held bigint,
                    outstanding bigint, honour boolean, patient boolean, version integer, "limit" bigint,
                    status text))
                WITH ORDINALITY o(id, need, held, outstanding, honour, patient, version, "limit", status, no)
        )
        SELECT * INTO l_tenant, l_id, l_limit, l_held, l_outstanding, l_status, l_version, l_touched,
            o_line, o_need, o_held, o_outstanding, o_honour, o_patient, o_version, o_limit, o_status
        FROM (
            SELECT array_agg(c.tenant), array_agg(l.id), array_agg(l.limit_minor), array_agg(l.held_minor),
                array_agg(l.outstanding_minor), array_agg(l.status), array_agg(l.version), array_agg(false)
            FROM (SELECT DISTINCT ON (place) place, tenant, id FROM o ORDER BY place) c
            LEFT JOIN LATERAL (
                SELECT l.id, l.limit_minor, l.held_minor, l.outstanding_minor, l.status, l.version
                FROM billing.line l WHERE l.tenant_id = c.tenant AND l.id = c.id FOR NO KEY UPDATE
            ) l ON true
        ) locked, (
            SELECT array_agg(o.place), array_agg(coalesce(o.need, 0)), array_agg(coalesce(o.held, 0)),
                array_agg(coalesce(o.outstanding, 0)), array_agg(coalesce(o.honour, false)),
                array_agg(coalesce(o.patient, false)), array_agg(o.version), array_agg(o."limit"),
                array_agg(o.status)
            FROM (SELECT * FROM o ORDER BY pos, no) o
        ) asked;
    END IF;
    IF 0 < ANY (n_balances) THEN
        -- A balance that does not stand yet counts as 0; the first credit makes it.
        WITH p AS MATERIALIZED (
            SELECT c.tenant, c.pos, p.*, dense_rank() OVER (ORDER BY c.tenant, p.buyer, p.currency) AS place
            FROM unnest(c_tenant, c_balances) WITH ORDINALITY c(tenant, balances, pos),
                jsonb_to_recordset(c.balances) AS p(buyer uuid, currency text, credit bigint)
        )
        SELECT * INTO b_tenant, b_buyer, b_currency, b_credit, b_stands, b_moves, p_balance, p_credit
        FROM (
            SELECT array_agg(c.tenant), array_agg(c.buyer), array_agg(c.currency),
                array_agg(coalesce(b.credit_minor, 0)), array_agg(b.credit_minor IS NOT NULL), array_agg(0)
            FROM (SELECT DISTINCT ON (place) place, tenant, buyer, currency FROM p ORDER BY place) c
            LEFT JOIN LATERAL (
                SELECT b.credit_minor FROM billing.buyer_balance b
                WHERE b.tenant_id = c.tenant AND b.buyer_id = c.buyer AND b.currency = c.currency
                FOR NO KEY UPDATE
            ) b ON true
        ) locked, (
            SELECT array_agg(p.place), array_agg(p.credit) FROM (SELECT * FROM p ORDER BY pos) p
        ) asked;
    END IF;
    IF 0 < ANY (n_drawdowns) THEN
        WITH q AS MATERIALIZED (
            SELECT c.tenant, c.pos, q.*, dense_rank() OVER (ORDER BY c.tenant, q.id) AS place,
                EXISTS (
                    SELECT FROM jsonb_to_recordset(c.rows->'drawdown_set') AS w(id uuid) WHERE w.id = q.id
                ) AS moves
            FROM unnest(c_tenant, c_drawdowns, c_rows) WITH ORDINALITY c(tenant, drawdowns, rows, pos),
                jsonb_to_recordset(c.drawdowns) AS q(id uuid, version integer)
        )
        SELECT * INTO d_version, d_moved, q_drawdown, q_version, q_moves
        FROM (
            SELECT array_agg(d.version), array_agg(false)
            FROM (SELECT DISTINCT ON (place) place, tenant, id FROM q ORDER BY place) c
            LEFT JOIN LATERAL (
                SELECT d.version FROM billing.drawdown d
                WHERE d.tenant_id = c.tenant AND d.id = c.id FOR NO KEY UPDATE
            ) d ON true
        ) locked, (
            SELECT array_agg(q.place), array_agg(q.version), array_agg(q.moves)
            FROM (SELECT * FROM q ORDER BY pos) q
        ) asked;
    END IF;

    -- 3. Keys, in a later statement than the locks: a key sent twice at once waits there and is seen here.
    SELECT array_agg(k.fingerprint), array_agg(k.outcome), array_agg(k.detail), array_agg(k.first)
    INTO k_fingerprint, k_outcome, k_detail, k_first
    FROM (
        SELECT k.fingerprint, k.outcome, k.detail,
            CASE WHEN c.key IS NOT NULL THEN min(c.pos) OVER (PARTITION BY c.tenant, c.family, c.key) END
                AS first
        FROM unnest(c_tenant, c_family, c_key) WITH ORDINALITY c(tenant, family, key, pos)
        LEFT JOIN LATERAL (
            SELECT k.fingerprint, k.outcome, k.detail FROM kernel.idempotency k
            WHERE k.tenant_id = c.tenant AND k.family = c.family AND k.key = c.key OFFSET 0
        ) k ON true
        ORDER BY c.pos
    ) k;

    -- 4. The fold: each command against what those before it leave.
    FOR i IN 1 .. n LOOP
        o_first := o_last + 1; o_last := o_last + n_lines[i];
        p_first := p_last + 1; p_last := p_last + n_balances[i];
        q_first := q_last + 1; q_last := q_last + n_drawdowns[i];
        first := answered[k_first[i]];
        IF k_outcome[i] IS NOT NULL OR first > 0 THEN
            IF coalesce(k_fingerprint[i], c_fingerprint[first]) IS DISTINCT FROM c_fingerprint[i] THEN
                outcomes[i] := 'key_reused';
                details[i] := '{}';
            ELSIF k_outcome[i] IS NOT NULL THEN
                outcomes[i] := 'replayed';
                details[i] := jsonb_build_object('outcome', k_outcome[i], 'detail', k_detail[i]);
            ELSE
                outcomes[i] := 'duplicate';
                details[i] := jsonb_build_object('outcome', outcomes[first], 'detail', details[first]);
            END IF;
            CONTINUE;
        END IF;

        rank := CASE WHEN c_refusal[i] IS NOT NULL THEN 1 WHEN c_stale[i] THEN 4 ELSE 12 END;
        FOR k IN q_first .. q_last LOOP
            s := q_drawdown[k];
            IF d_version[s] IS NULL THEN
                rank := least(rank, 3);
            ELSIF d_version[s] <> q_version[k] OR d_moved[s] THEN
                rank := least(rank, 5);
            END IF;
        END LOOP;
        FOR k IN p_first .. p_last LOOP
            s := p_balance[k];
            b_credit[s] := b_credit[s] + p_credit[k];
            IF b_credit[s] < 0 THEN
                rank := least(rank, 7);
            END IF;
        END LOOP;
        outstanding := 0;
        FOR k IN o_first .. o_last LOOP
            s := o_line[k];
            IF l_id[s] IS NULL THEN
                rank := least(rank, 2);
                CONTINUE;
            ELSIF o_version[k] <> l_version[s] THEN
                rank := least(rank, 6);
            END IF;
            room := l_limit[s] - l_held[s] - l_outstanding[s];
            IF o_version[k] IS NULL AND NOT o_honour[k] AND l_status[s] <> 'active' THEN
                rank := least(rank, CASE l_status[s] WHEN 'closed' THEN 8 ELSE 9 END);
            ELSIF o_need[k] > 0 AND room < o_need[k] AND rank > 10 THEN
                -- Who can still make room (holds that expired, credit that pays) is not refused yet.
                rank := CASE WHEN o_patient[k] THEN 10 ELSE 11 END;
                short := jsonb_build_object(
                    'available_minor', greatest(room, 0), 'requested_minor', o_need[k]);
            END IF;
            l_held[s] := l_held[s] + o_held[k];
            l_outstanding[s] := l_outstanding[s] + o_outstanding[k];
            outstanding := outstanding + o_outstanding[k];
        END LOOP;

        outcomes[i] := outcome_of[rank];
        IF rank < 12 THEN
            details[i] := CASE rank WHEN 1 THEN c_refusal[i] WHEN 11 THEN short
                ELSE jsonb_strip_nulls(jsonb_build_object('what', what[rank])) END;
            FOR k IN p_first .. p_last LOOP
                b_credit[p_balance[k]] := b_credit[p_balance[k]] - p_credit[k];
            END LOOP;
            FOR k IN o_first .. o_last LOOP
                s := o_line[k];
                l_held[s] := l_held[s] - o_held[k];
                l_outstanding[s] := l_outstanding[s] - o_outstanding[k];
            END LOOP;
        ELSE
            ok_tenant := ok_tenant || c_tenant[i];
            ok_rows := ok_rows || c_rows[i];
            ok_outstanding := ok_outstanding || outstanding;
            FOR k IN q_first .. q_last LOOP
                IF q_moves[k] THEN
                    d_moved[q_drawdown[k]] := true;
                    moves := moves + 1;
                END IF;
            END LOOP;
            FOR k IN p_first .. p_last LOOP
                b_moves[p_balance[k]] := b_moves[p_balance[k]] + 1;
            END LOOP;
            FOR k IN o_first .. o_last LOOP
                s := o_line[k];
                l_touched[s] := true;
                IF o_version[k] IS NOT NULL THEN
                    l_limit[s] := o_limit[k];
                    l_status[s] := o_status[k];
                    l_version[s] := l_version[s] + 1;
                ELSIF l_held[s] < 0 OR l_outstanding[s] < 0 THEN
                    RAISE EXCEPTION 'line % would be used less than nothing', l_id[s] USING ERRCODE = '23514';
                END IF;
            END LOOP;
            details[i] := c_result[i];
            IF n_lines[i] > 0 THEN
                s := o_line[o_first];
                room := CASE l_status[s] WHEN 'active'
                    THEN l_limit[s] - l_held[s] - l_outstanding[s] ELSE 0 END;
                details[i] := details[i] || jsonb_build_object('available_minor', greatest(room, 0));
            END IF;
        END IF;
        IF outcomes[i] <> 'stale' AND k_first[i] IS NOT NULL THEN
            answered[k_first[i]] := i;
        END IF;
    END LOOP;

    -- 5. What the fold leaves, what the `ok` commands carry, what the keys keep.
    IF true = ANY (l_touched) THEN
        UPDATE billing.line l
        SET limit_minor = c.limit_minor, held_minor = c.held_minor, outstanding_minor = c.outstanding_minor,
            status = c.status, version = c.version,
            over_limit = c.held_minor + c.outstanding_minor > c.limit_minor
        FROM unnest(l_tenant, l_id, l_limit, l_held, l_outstanding, l_status, l_version, l_touched)
            c(tenant, id, limit_minor, held_minor, outstanding_minor, status, version, touched)
        WHERE l.tenant_id = c.tenant AND l.id = c.id AND c.touched;
    END IF;
    IF 0 < ANY (b_moves) THEN
        UPDATE billing.buyer_balance b SET credit_minor = c.credit, version = b.version + c.moves
        FROM unnest(b_tenant, b_buyer, b_currency, b_credit, b_stands, b_moves)
            c(tenant, buyer, currency, credit, stands, moves)
        WHERE b.tenant_id = c.tenant AND b.buyer_id = c.buyer AND b.currency = c.currency
            AND c.stands AND c.moves > 0;
        INSERT INTO billing.buyer_balance AS b (tenant_id, buyer_id, currency, credit_minor, version)
        SELECT c.tenant, c.buyer, c.currency, c.credit, c.moves
        FROM unnest(b_tenant, b_buyer, b_currency, b_credit, b_stands, b_moves)
            c(tenant, buyer, currency, credit, stands, moves)
        WHERE NOT c.stands AND c.moves > 0 ORDER BY c.tenant, c.buyer, c.currency
        ON CONFLICT (tenant_id, buyer_id, currency) DO UPDATE
        SET credit_minor = b.credit_minor + excluded.credit_minor, version = b.version + excluded.version;
    END IF;
    IF ok_tenant <> '{}' THEN
        PERFORM billing.write_rows(ok_tenant, ok_rows, ok_outstanding, moves);
    END IF;
    INSERT INTO kernel.idempotency (tenant_id, family, key, fingerprint, outcome, detail)
    SELECT c.tenant, c.family, c.key, c.fingerprint, c.outcome, c.detail
    FROM unnest(c_tenant, c_family, c_key, c_fingerprint, outcomes, details)
        c(tenant, family, key, fingerprint, outcome, detail)
    WHERE c.key IS NOT NULL AND c.outcome NOT IN ('replayed', 'key_reused', 'duplicate', 'stale')
    ORDER BY c.tenant, c.family, c.key;
    RETURN QUERY
    SELECT a.pos::integer, a.outcome, a.detail
    FROM unnest(outcomes, details) WITH ORDINALITY a(outcome, detail, pos);
END
$$;
GRANT EXECUTE ON FUNCTION billing.commit(text[], jsonb) TO tradeline_app;
