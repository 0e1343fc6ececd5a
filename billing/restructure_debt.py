"""Restructure: the open principal of a capture gets a new plan (DOMAIN §11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded, refuse_fields
from billing.events import DRAWDOWN_RESTRUCTURED
from billing.loaded import DrawdownView
from billing.rules import decide_dates as decide
from kernel.context import Ctx
from products.calendars import named
from products.rules import checks
from products.rules.terms import Form, PeriodUnit

PERMISSION: Final = "debts:write"


class RestructureDebt(msgspec.Struct, frozen=True, kw_only=True):
    """`capitalise`: unpaid interest and fees become principal."""

    drawdown_id: UUID
    form: Form
    instalments: int
    capture_no: int = 1
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    rate: Decimal | None = None
    capitalise: bool = False


async def restructure_debt(ctx: Ctx, command: RestructureDebt) -> DrawdownView:
    """Refused: no instalments; a stranger's drawdown; wrong state; no such capture; a form that cannot be;
    nothing open.
    """
    ctx.require(PERMISSION)
    refuse_fields(
        instalments=checks.whole(1, 99)(command.instalments),
        period_length=checks.whole(1, 366)(command.period_length),
        rate=None if command.rate is None else checks.rate(f"{command.rate:f}"),
    )
    return await recorded(
        ctx,
        command.drawdown_id,
        "restructure",
        DRAWDOWN_RESTRUCTURED,
        lambda drawdown: decide.restructure(
            drawdown,
            capture_no=command.capture_no,
            form=command.form,
            instalments=command.instalments,
            period_unit=command.period_unit,
            period_length=command.period_length,
            rate=command.rate,
            capitalise=command.capitalise,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        capture_no=command.capture_no,
        form=command.form,
        instalments=command.instalments,
    )
