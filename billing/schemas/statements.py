"""Statements: what a line's debt did in a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from billing.rules.standing import When
from billing.rules.statement import LineKind
from billing.schemas.values import (
    ChargeId,
    Currency,
    DrawdownId,
    LineId,
    StatementId,
    StatementLineId,
)
from billing.statements import Statement, StatementLine
from kernel.context import Ctx
from products.schemas import ProductId
from tenants.schemas import BuyerId


class StatementLineView(msgspec.Struct, kw_only=True):
    """`amount_minor` is what it adds to the debt, below 0: what it takes off. `late_number`: the statement
    that it came too late for, being recorded after that was cut; such a line is part of `corrections_minor`
    alone. Of a preview `id` is null, and `charge_id` of what is still to be charged.
    """

    id: StatementLineId | None
    no: int
    kind: LineKind
    effective_on: date
    booked_on: date
    drawdown_id: DrawdownId
    order_ref: str | None
    instalment_no: int | None
    charge_id: ChargeId | None
    amount_minor: int
    late_number: str | None


class StatementDueView(msgspec.Struct, kw_only=True):
    """What of the closing amount falls, or fell, due on one day."""

    due_on: date
    when: When
    amount_minor: int


class StatementView(msgspec.Struct, kw_only=True):
    """Closing = opening + captured + converted + charged − paid − refunded − waived + corrections, where
    charged = interest + fee + penalty; and closing = overdue + due (before the next cut) + not yet due +
    disputed.

    It takes what counts for the days from `from_on` (null: from the beginning) through `through_on`, the day
    before `cut_on`. `credit_minor`: the buyer's credit balance, in none of the sums. A preview has neither id
    nor number.
    """

    id: StatementId | None
    object: Literal["statement", "statement_preview"]
    livemode: bool
    number: str | None
    line_id: LineId
    buyer_id: BuyerId
    product_id: ProductId
    currency: Currency
    from_on: date | None
    through_on: date
    cut_on: date
    next_cut_on: date
    opening_minor: int
    captured_minor: int
    converted_minor: int
    charged_minor: int
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
    due_dates: list[StatementDueView]
    created_at: datetime
    lines: list[StatementLineView] | None
    """Null in a list of statements."""


def statement_view(ctx: Ctx, found: Statement, lines: Sequence[StatementLine] | None) -> StatementView:
    """`lines`: None in a list."""
    return StatementView(
        id=StatementId(found.id) if found.id else None,
        object="statement" if found.id else "statement_preview",
        livemode=ctx.mode == "live",
        number=found.number,
        line_id=LineId(found.line_id),
        buyer_id=BuyerId(found.buyer_id),
        product_id=ProductId(found.product_id),
        currency=found.currency,
        from_on=found.from_on,
        through_on=found.cut_on - timedelta(1),
        cut_on=found.cut_on,
        next_cut_on=found.next_cut_on,
        opening_minor=found.opening_minor,
        captured_minor=found.captured_minor,
        converted_minor=found.converted_minor,
        charged_minor=found.interest_minor + found.fee_minor + found.penalty_minor,
        interest_minor=found.interest_minor,
        fee_minor=found.fee_minor,
        penalty_minor=found.penalty_minor,
        paid_minor=found.paid_minor,
        refunded_minor=found.refunded_minor,
        waived_minor=found.waived_minor,
        corrections_minor=found.corrections_minor,
        closing_minor=found.closing_minor,
        overdue_minor=found.overdue_minor,
        due_minor=found.due_minor,
        not_yet_due_minor=found.not_yet_due_minor,
        disputed_minor=found.disputed_minor,
        credit_minor=found.credit_minor,
        due_dates=[
            StatementDueView(due_on=one.due_on, when=one.when, amount_minor=one.amount_minor)
            for one in found.due_dates
        ],
        created_at=found.created_at,
        lines=None if lines is None else [_line(line) for line in lines],
    )


def _line(line: StatementLine) -> StatementLineView:
    return StatementLineView(
        id=StatementLineId(line.id) if line.id else None,
        no=line.no,
        kind=line.kind,
        effective_on=line.effective_on,
        booked_on=line.booked_on,
        drawdown_id=DrawdownId(line.drawdown_id),
        order_ref=line.order_ref,
        instalment_no=line.instalment_no,
        charge_id=ChargeId(line.charge_id) if line.charge_id else None,
        amount_minor=line.amount_minor,
        late_number=line.late_number,
    )
