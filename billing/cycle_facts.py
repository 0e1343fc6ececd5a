"""What a cut is made of: lines with their next cut, and what of them is on no statement yet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.rules.statement import Charged, Earlier, Posted, effect
from kernel.context import Ctx
from kernel.db.engine import Tx

_FIRST: Final = UUID(int=0)


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """A line and its next cut. `credit_minor`: its buyer's credit balance."""

    line_id: UUID
    buyer_id: UUID
    product_id: UUID
    currency: str
    cut_on: date
    since: UUID | None
    credit_minor: int


class Facts(msgspec.Struct, kw_only=True):
    """What of one line is on no statement, whatever day it counts for."""

    earlier: list[Earlier] = []
    posted: list[Posted] = []
    charged: list[Charged] = []

    @property
    def all(self) -> list[Posted | Charged]:
        return [*self.posted, *self.charged]

    def moved_from(self, on: date) -> set[UUID]:
        """The drawdowns of which more than charges counts for that day or a later one."""
        return {
            one.drawdown_id
            for one in self.posted
            if one.effective_on >= on
            and effect(one.journal_kind, one.debit_account, one.credit_account) is not None
        }

    def charged_from(self, on: date) -> dict[UUID, Counter[int]]:
        """What was charged for that day and later ones, by drawdown and row."""
        found: dict[UUID, Counter[int]] = defaultdict(Counter)
        for one in self.charged:
            if one.effective_on >= on:
                found[one.drawdown_id][one.instalment_no] += one.amount_minor
        return found


async def as_of_one_moment(tx: Tx) -> None:
    """First thing in a scope: all that is read in it stood together, though others write meanwhile."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def due_cycles(tx: Tx, ctx: Ctx, line_ids: Sequence[UUID], on: date) -> list[Cycle]:
    """Those of the lines that have a cut on that day or before."""
    rows = await tx.fetch(
        """SELECT y.line_id, l.buyer_id, y.product_id, l.currency, y.next_cut_on AS cut_on, y.since,
            coalesce(b.credit_minor, 0) AS credit_minor
        FROM billing.line_cycle y
        JOIN billing.line l ON l.tenant_id = y.tenant_id AND l.id = y.line_id
        LEFT JOIN billing.buyer_balance b
            ON b.tenant_id = l.tenant_id AND b.buyer_id = l.buyer_id AND b.currency = l.currency
        WHERE y.tenant_id = $1 AND y.line_id = ANY ($2) AND y.next_cut_on <= $3 ORDER BY y.line_id""",
        ctx.tenant_id, list(line_ids), on,
    )  # fmt: skip
    return [Cycle(**row) for row in rows]


async def load_facts(tx: Tx, ctx: Ctx, line_ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Postings and charges of the lines' drawdowns that are on no statement, and the statements there are."""
    found: dict[UUID, Facts] = {line_id: Facts() for line_id in line_ids}
    args = (ctx.tenant_id, list(line_ids))
    for row in await tx.fetch(
        """SELECT line_id, id, number, cut_on, closing_minor FROM billing.statement
        WHERE tenant_id = $1 AND line_id = ANY ($2) ORDER BY line_id, cut_on""",
        *args,
    ):
        found[row[0]].earlier.append(Earlier(id=row[1], number=row[2], cut_on=row[3], closing_minor=row[4]))
    for row in await tx.fetch(_POSTED, *args, _FIRST):
        facts = dict(row)
        found[facts.pop("line_id")].posted.append(Posted(**facts))
    for row in await tx.fetch(_CHARGED, *args, _FIRST):
        facts = dict(row)
        found[facts.pop("line_id")].charged.append(Charged(**facts))
    return found


_POSTED: Final = """
    SELECT u.line_id, e.journal_id, j.kind AS journal_kind, e.drawdown_id, d.order_ref, j.effective_on,
        j.booked_on, e.debit_account, e.credit_account, e.amount_minor
    FROM billing.line_cycle y
    JOIN billing.drawdown_use u ON u.tenant_id = y.tenant_id AND u.line_id = y.line_id
    JOIN billing.drawdown d ON d.tenant_id = u.tenant_id AND d.id = u.drawdown_id
    JOIN billing.entry e ON e.tenant_id = u.tenant_id AND e.drawdown_id = u.drawdown_id
        AND e.journal_id >= coalesce(y.since, $3)
    JOIN billing.journal j ON j.tenant_id = e.tenant_id AND j.id = e.journal_id
    WHERE y.tenant_id = $1 AND y.line_id = ANY ($2) AND NOT EXISTS (
        SELECT FROM billing.statement_line s
        WHERE s.tenant_id = e.tenant_id AND s.journal_id = e.journal_id)"""
_CHARGED: Final = """
    SELECT u.line_id, c.journal_id, c.drawdown_id, d.order_ref, c.effective_on, c.booked_on,
        c.id AS charge_id, c.instalment_no, c.kind, c.amount_minor
    FROM billing.line_cycle y
    JOIN billing.drawdown_use u ON u.tenant_id = y.tenant_id AND u.line_id = y.line_id
    JOIN billing.drawdown d ON d.tenant_id = u.tenant_id AND d.id = u.drawdown_id
    JOIN billing.charge c ON c.tenant_id = u.tenant_id AND c.drawdown_id = u.drawdown_id
        AND c.id >= coalesce(y.since, $3)
    WHERE y.tenant_id = $1 AND y.line_id = ANY ($2) AND NOT EXISTS (
        SELECT FROM billing.statement_line s
        WHERE s.tenant_id = c.tenant_id AND s.journal_id = c.journal_id)"""
