"""Reads for verification: what is stored about drawdowns, and the sums that must agree over a tenant's
whole book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from billing.loaded import Loaded
from billing.queries import load_drawdowns
from billing.receipts import NO_CASH
from billing.rules.book import Difference, Side, StoredBook
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope

_COLUMNS: Final = (
    "status, authorised_minor, captured_minor, voided_minor, refunded_minor, principal_due_minor,"
    " interest_due_minor, fee_due_minor, penalty_due_minor, oldest_unpaid_due_on, expires_on,"
    " next_event_on, engine_version"
)
_INSTALMENT: Final = (
    "no, capture_no, start_on, nominal_on, due_on, past_due_on, principal_minor, interest_minor, fee_minor,"
    " penalty_minor, principal_paid_minor, interest_paid_minor, fee_paid_minor, penalty_paid_minor,"
    " principal_waived_minor, interest_waived_minor, fee_waived_minor, penalty_waived_minor, disputed,"
    " settled_on"
)


async def watermark(tx: Tx) -> int:
    """All transactions below it are over: what they wrote is seen now."""
    return int(await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))


async def changed_ids(tx: Tx, ctx: Ctx, *, everything: bool) -> list[UUID]:
    """Drawdowns with an event or a posting since the last clean verification; with `everything`, all."""
    since = await tx.fetchval(
        "SELECT below_xid::text FROM billing.verified WHERE tenant_id = $1", ctx.tenant_id
    )
    if everything or since is None:
        rows = await tx.fetch(
            "SELECT id FROM billing.drawdown WHERE tenant_id = $1 ORDER BY id", ctx.tenant_id
        )
    else:
        rows = await tx.fetch(
            """SELECT drawdown_id AS id FROM billing.drawdown_event WHERE tenant_id = $1 AND xid >=
            $2::text::xid8
            UNION SELECT e.drawdown_id FROM billing.journal j
            JOIN billing.entry e ON e.tenant_id = j.tenant_id AND e.journal_id = j.id
            WHERE j.tenant_id = $1 AND j.xid >= $2::text::xid8 AND e.drawdown_id IS NOT NULL ORDER BY id""",
            ctx.tenant_id, since,
        )  # fmt: skip
    return [row["id"] for row in rows]


async def load_book(tx: Tx, ctx: Ctx, ids: Sequence[UUID]) -> list[tuple[Loaded, StoredBook]]:
    """Each drawdown with its events, and all that is stored about it beside them."""
    loaded = await load_drawdowns(tx, ctx, ids, events=True)
    args = (ctx.tenant_id, list(ids))
    columns = {
        row["id"]: row
        for row in await tx.fetch(
            f"SELECT id, {_COLUMNS} FROM billing.drawdown WHERE tenant_id = $1 AND id = ANY ($2)", *args
        )
    }
    instalments: dict[UUID, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in await tx.fetch(
        f"""SELECT drawdown_id, {_INSTALMENT} FROM billing.instalment
        WHERE tenant_id = $1 AND drawdown_id = ANY ($2)""",
        *args,
    ):
        values = dict(row)
        instalments[values.pop("drawdown_id")][row["no"]] = values
    charges = await _sums(tx, args, "charge", "instalment_no, kind")
    allocations = await _sums(tx, args, "allocation", "instalment_no, component")
    balances = await _balances(tx, args)
    uses = {
        row["drawdown_id"]: row
        for row in await tx.fetch(
            """SELECT drawdown_id, sum(held_minor)::bigint AS held, sum(outstanding_minor)::bigint AS
            outstanding
            FROM billing.drawdown_use WHERE tenant_id = $1 AND drawdown_id = ANY ($2) GROUP BY drawdown_id""",
            *args,
        )
    }
    return [
        (
            one,
            StoredBook(
                id=one.id,
                columns=columns[one.id],
                instalments=instalments.get(one.id, {}),
                balances=balances.get(one.id, {}),
                charges=charges.get(one.id, {}),
                allocations=allocations.get(one.id, {}),
                held_minor=uses[one.id]["held"],
                outstanding_minor=uses[one.id]["outstanding"],
            ),
        )
        for one in loaded
    ]


async def _sums(
    tx: Tx, args: tuple[UUID, list[UUID]], table: str, by: str
) -> dict[UUID, dict[tuple[int, str], int]]:
    rows = await tx.fetch(
        f"""SELECT drawdown_id, {by}, sum(amount_minor)::bigint AS amount FROM billing.{table}
        WHERE tenant_id = $1 AND drawdown_id = ANY ($2) GROUP BY drawdown_id, {by} HAVING sum(amount_minor)
        <> 0""",
        *args,
    )
    sums: dict[UUID, dict[tuple[int, str], int]] = defaultdict(dict)
    for row in rows:
        sums[row[0]][row[1], row[2]] = row["amount"]
    return sums


async def _balances(tx: Tx, args: tuple[UUID, list[UUID]]) -> dict[UUID, dict[Side, int]]:
    rows = await tx.fetch(
        """SELECT drawdown_id, book, account, party, sum(amount)::bigint AS amount FROM (
            SELECT drawdown_id, book, debit_account AS account, debit_party AS party, amount_minor AS amount
            FROM billing.entry WHERE tenant_id = $1 AND drawdown_id = ANY ($2)
            UNION ALL SELECT drawdown_id, book, credit_account, credit_party, -amount_minor
            FROM billing.entry WHERE tenant_id = $1 AND drawdown_id = ANY ($2)) e
        GROUP BY drawdown_id, book, account, party HAVING sum(amount) <> 0""",
        *args,
    )
    sums: dict[UUID, dict[Side, int]] = defaultdict(dict)
    for row in rows:
        sums[row["drawdown_id"]][row["book"], row["account"], row["party"]] = row["amount"]
    return sums


_NO_CASH: Final = ", ".join(f"'{channel}'" for channel in NO_CASH)
_PARTS: Final = "'buyer_principal', 'buyer_interest', 'buyer_fee', 'buyer_penalty'"
_INCOME: Final = "'interest_income', 'fee_income', 'penalty_income', 'recovery_income'"
"""Told by their charges: in non-accrual the buyer owes more than the books count."""
_WHOLE: Final = {
    "line": """
        SELECT l.id::text AS object, l.held_minor || ' held, ' || l.outstanding_minor || ' outstanding' AS
        stored,
            coalesce(u.held, 0) || ' held, ' || coalesce(u.outstanding, 0) || ' outstanding' AS expected
        FROM billing.line l LEFT JOIN (
            SELECT line_id, sum(held_minor) AS held, sum(outstanding_minor) AS outstanding
            FROM billing.drawdown_use WHERE tenant_id = $1 GROUP BY line_id) u ON u.line_id = l.id
        WHERE l.tenant_id = $1
        AND (l.held_minor <> coalesce(u.held, 0) OR l.outstanding_minor <> coalesce(u.outstanding, 0))""",
    "credit balance": """
        SELECT coalesce(b.buyer_id, e.party)::text AS object, coalesce(b.credit_minor, 0)::text AS stored,
            coalesce(e.amount, 0)::text AS expected
        FROM (SELECT buyer_id, currency, credit_minor FROM billing.buyer_balance WHERE tenant_id = $1) b
        FULL JOIN (SELECT party, currency, sum(amount) AS amount FROM (
            SELECT credit_party AS party, currency, amount_minor AS amount FROM billing.entry
            WHERE tenant_id = $1 AND credit_account = 'buyer_credit'
            UNION ALL SELECT debit_party, currency, -amount_minor FROM billing.entry
            WHERE tenant_id = $1 AND debit_account = 'buyer_credit') x GROUP BY party, currency) e
        ON e.party = b.buyer_id AND e.currency = b.currency
        WHERE coalesce(b.credit_minor, 0) <> coalesce(e.amount, 0)""",
    "receipts and cash": f"""
        SELECT r.currency::text AS object, e.amount::text AS stored, r.amount::text AS expected
        FROM (SELECT currency, sum(amount_minor) AS amount FROM billing.receipt
            WHERE tenant_id = $1 AND channel NOT IN ({_NO_CASH}) AND status = 'posted' GROUP BY currency) r
        FULL JOIN (SELECT currency, sum(CASE WHEN debit_account = 'cash_clearing' THEN amount_minor ELSE
        -amount_minor END)
            AS amount FROM billing.entry WHERE tenant_id = $1
            AND 'cash_clearing' IN (debit_account, credit_account) GROUP BY currency) e ON e.currency =
            r.currency
        WHERE coalesce(e.amount, 0) <> coalesce(r.amount, 0)""",
    "conversions": """
        SELECT coalesce(party::text, currency) AS object, sum(amount)::text AS stored, '0' AS expected FROM (
            SELECT currency, debit_party AS party, amount_minor AS amount FROM billing.entry
            WHERE tenant_id = $1 AND debit_account = 'conversion_clearing'
            UNION ALL SELECT currency, credit_party, -amount_minor FROM billing.entry
            WHERE tenant_id = $1 AND credit_account = 'conversion_clearing') x
        GROUP BY currency, party HAVING sum(amount) <> 0""",
    "due to and due from": """
        SELECT currency::text AS object, sum(amount)::text AS stored, '0' AS expected FROM (
            SELECT currency, amount_minor AS amount FROM billing.entry
            WHERE tenant_id = $1 AND debit_account IN ('due_to_tenant', 'due_from_lender')
            UNION ALL SELECT currency, -amount_minor FROM billing.entry
            WHERE tenant_id = $1 AND credit_account IN ('due_to_tenant', 'due_from_lender')) x
        GROUP BY currency HAVING sum(amount) <> 0""",
    "journal without entries": """
        SELECT j.id::text AS object, 'none' AS stored, 'entries, or a new split of receipts' AS expected
        FROM billing.journal j WHERE j.tenant_id = $1
        AND NOT EXISTS (SELECT FROM billing.entry e WHERE e.tenant_id = $1 AND e.journal_id = j.id)
        AND NOT EXISTS (SELECT FROM billing.allocation a WHERE a.tenant_id = $1 AND a.journal_id = j.id)
        AND NOT EXISTS (SELECT FROM billing.charge c WHERE c.tenant_id = $1 AND c.journal_id = j.id)""",
}
"""What must hold over a tenant's whole book, as queries that give only what does not."""
_STATEMENTS: Final = {
    "statement": """
        SELECT s.number AS object, coalesce(l.amount, 0)::text AS stored,
            (s.closing_minor - s.opening_minor)::text AS expected
        FROM billing.statement s LEFT JOIN (
            SELECT statement_id, sum(amount_minor) AS amount FROM billing.statement_line
            WHERE tenant_id = $1 GROUP BY statement_id) l ON l.statement_id = s.id
        WHERE s.tenant_id = $1 AND coalesce(l.amount, 0) <> s.closing_minor - s.opening_minor""",
    "statement totals": """
        SELECT s.number AS object, concat_ws(', ', s.captured_minor, s.converted_minor, s.interest_minor,
                s.fee_minor, s.penalty_minor, -s.paid_minor, -s.refunded_minor, -s.waived_minor,
                s.corrections_minor) AS stored,
            concat_ws(', ', l.captured, l.converted, l.interest, l.fee, l.penalty, l.paid, l.refunded,
                l.waived, l.corrections) AS expected
        FROM billing.statement s JOIN (
            SELECT statement_id,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'captured' AND late_for IS NULL), 0)
                    AS captured,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'converted' AND late_for IS NULL), 0)
                    AS converted,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'interest' AND late_for IS NULL), 0)
                    AS interest,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'fee' AND late_for IS NULL), 0) AS fee,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'penalty' AND late_for IS NULL), 0)
                    AS penalty,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'paid' AND late_for IS NULL), 0) AS paid,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'refunded' AND late_for IS NULL), 0)
                    AS refunded,
                coalesce(sum(amount_minor) FILTER (WHERE kind = 'waived' AND late_for IS NULL), 0) AS waived,
                coalesce(sum(amount_minor) FILTER (WHERE late_for IS NOT NULL), 0) AS corrections
            FROM billing.statement_line WHERE tenant_id = $1 GROUP BY statement_id) l ON l.statement_id = s.id
        WHERE s.tenant_id = $1 AND (s.captured_minor, s.converted_minor, s.interest_minor, s.fee_minor,
            s.penalty_minor, -s.paid_minor, -s.refunded_minor, -s.waived_minor, s.corrections_minor)
            IS DISTINCT FROM (l.captured, l.converted, l.interest, l.fee, l.penalty, l.paid, l.refunded,
            l.waived, l.corrections)""",
    "statement opening": """
        SELECT s.number AS object, s.opening_minor::text AS stored, s.before::text AS expected
        FROM (SELECT number, opening_minor, coalesce(lag(closing_minor) OVER (
                PARTITION BY line_id ORDER BY cut_on), 0) AS before
            FROM billing.statement WHERE tenant_id = $1) s WHERE s.opening_minor <> s.before""",
    "statement numbers": """
        SELECT n.book || ' ' || n.year AS object, coalesce(s.found, 0) || ' up to ' || coalesce(s.last, 0)
                AS stored, n.last_no || ' up to ' || n.last_no AS expected
        FROM billing.statement_number n LEFT JOIN (
            SELECT book, year, count(*) AS found, max(no) AS last FROM billing.statement
            WHERE tenant_id = $1 GROUP BY book, year) s ON s.book = n.book AND s.year = n.year
        WHERE n.tenant_id = $1
        AND (s.found IS DISTINCT FROM n.last_no OR s.last IS DISTINCT FROM n.last_no)""",
    "owed since the statement": f"""
        SELECT o.line_id::text AS object, (s.closing + coalesce(m.moved, 0))::text AS stored,
            o.owed::text AS expected
        FROM (SELECT line_id, sum(closing_minor - opening_minor) AS closing FROM billing.statement
            WHERE tenant_id = $1 GROUP BY line_id) s
        JOIN (SELECT u.line_id, sum(d.principal_due_minor + d.interest_due_minor + d.fee_due_minor
                + d.penalty_due_minor) AS owed
            FROM billing.drawdown_use u
            JOIN billing.drawdown d ON d.tenant_id = u.tenant_id AND d.id = u.drawdown_id
            WHERE u.tenant_id = $1 GROUP BY u.line_id) o ON o.line_id = s.line_id
        LEFT JOIN (SELECT u.line_id, sum(x.amount) AS moved FROM (
                SELECT c.drawdown_id, c.journal_id, c.amount_minor AS amount FROM billing.charge c
                WHERE c.tenant_id = $1
                UNION ALL SELECT e.drawdown_id, e.journal_id, CASE WHEN e.debit_account IN ({_PARTS})
                    THEN e.amount_minor ELSE 0 END - CASE WHEN e.credit_account IN ({_PARTS})
                    THEN e.amount_minor ELSE 0 END
                FROM billing.entry e WHERE e.tenant_id = $1 AND e.drawdown_id IS NOT NULL
                AND e.debit_account NOT IN ({_INCOME}) AND e.credit_account NOT IN ({_INCOME})) x
            JOIN billing.drawdown_use u ON u.tenant_id = $1 AND u.drawdown_id = x.drawdown_id
            WHERE NOT EXISTS (SELECT FROM billing.statement_line l
                WHERE l.tenant_id = $1 AND l.journal_id = x.journal_id)
            GROUP BY u.line_id) m ON m.line_id = o.line_id
        WHERE s.closing + coalesce(m.moved, 0) <> o.owed""",
}
"""What must hold of statements: their lines and sums, one after the other, and what came since."""


async def book_differences(tx: Tx, ctx: Ctx) -> list[Difference]:
    found = []
    for what, query in (_WHOLE | _STATEMENTS).items():
        broken = await tx.fetch(query, ctx.tenant_id)
        found += [Difference(row["object"], what, str(row["stored"]), str(row["expected"])) for row in broken]
    return found


async def remember_verified(ctx: Ctx, below_xid: int) -> None:
    async with scope(ctx) as tx:
        await tx.execute(
            """INSERT INTO billing.verified (tenant_id, below_xid, verified_at) VALUES ($1, $2::text::xid8,
            $3)
            ON CONFLICT (tenant_id) DO UPDATE SET below_xid = excluded.below_xid, verified_at =
            excluded.verified_at""",
            ctx.tenant_id, str(below_xid), ctx.now,
        )  # fmt: skip
