"""Statements as they were cut: reads for lists, pages, paper."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from billing.rules.standing import Due
from billing.rules.statement import LineKind
from kernel.context import Ctx
from kernel.db.engine import Tx


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_minor` is what it adds to the debt. `late_number`: the statement that it came too late for. A
    line of a preview has no id.
    """

    id: UUID | None
    no: int
    kind: LineKind
    effective_on: date
    booked_on: date
    drawdown_id: UUID
    order_ref: str | None
    instalment_no: int | None
    charge_id: UUID | None
    amount_minor: int
    late_number: str | None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units. Closing = opening + captured + converted + interest + fee + penalty − paid − refunded −
    waived + corrections = overdue + due + not yet due + disputed.

    It takes what counts for the days before `cut_on`; `from_on` is the cut before (None: the first).
    `credit_minor`: the buyer's credit balance, in none of the sums. A preview has neither id nor number.
    """

    id: UUID | None
    number: str | None
    line_id: UUID
    buyer_id: UUID
    product_id: UUID
    currency: str
    from_on: date | None
    cut_on: date
    next_cut_on: date
    opening_minor: int
    captured_minor: int
    converted_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    paid_minor: int
    refunded_minor: int
    waived_minor: int
    corrections_minor: int
    closing_minor: int
    overdue_minor: int
    due_minor: int
    not_yet_due_minor: int
    disputed_minor: int
    credit_minor: int
    due_dates: tuple[Due, ...]
    created_at: datetime


_STATEMENT: Final = """
    SELECT id, number, line_id, buyer_id, product_id, currency, from_on, cut_on, next_cut_on, opening_minor,
        captured_minor, converted_minor, interest_minor, fee_minor, penalty_minor, paid_minor, refunded_minor,
        waived_minor, corrections_minor, closing_minor, overdue_minor, due_minor, not_yet_due_minor,
        disputed_minor, credit_minor, due_dates, created_at
    FROM billing.statement WHERE tenant_id = $1"""
_due_dates: Final = msgspec.json.Decoder(tuple[Due, ...])


def _read(row: object) -> Statement:
    facts = dict(row)  # type: ignore[call-overload]
    return Statement(due_dates=_due_dates.decode(facts.pop("due_dates")), **facts)


async def find_statement(tx: Tx, ctx: Ctx, statement_id: UUID) -> Statement | None:
    row = await tx.fetchrow(f"{_STATEMENT} AND id = $2", ctx.tenant_id, statement_id)
    return _read(row) if row else None


async def list_statements(
    tx: Tx, ctx: Ctx, *, line_id: UUID | None, buyer_id: UUID | None, cut_from: date | None,
    cut_to: date | None, before: UUID | None, limit: int,
) -> list[Statement]:  # fmt: skip
    """Newest first, after the one with id `before`; cut from the one day to the other, both included."""
    rows = await tx.fetch(
        f"""{_STATEMENT} AND ($2::uuid IS NULL OR line_id = $2) AND ($3::uuid IS NULL OR buyer_id = $3)
        AND ($4::date IS NULL OR cut_on >= $4) AND ($5::date IS NULL OR cut_on <= $5)
        AND ($6::uuid IS NULL OR id < $6) ORDER BY id DESC LIMIT $7""",
        ctx.tenant_id, line_id, buyer_id, cut_from, cut_to, before, limit,
    )  # fmt: skip
    return [_read(row) for row in rows]


async def lines_of(tx: Tx, ctx: Ctx, statement_id: UUID) -> list[StatementLine]:
    """In their order on the statement."""
    rows = await tx.fetch(
        """SELECT id, no, kind, effective_on, booked_on, drawdown_id, order_ref, instalment_no, charge_id,
            amount_minor, late_number
        FROM billing.statement_line WHERE tenant_id = $1 AND statement_id = $2 ORDER BY no""",
        ctx.tenant_id, statement_id,
    )  # fmt: skip
    return [StatementLine(**row) for row in rows]
