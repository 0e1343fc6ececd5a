"""Extend (展期): unsettled instalments fall due later (DOMAIN §11)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded, refuse_fields
from billing.events import DRAWDOWN_EXTENDED
from billing.loaded import DrawdownView
from billing.rules import decide_dates as decide
from kernel.context import Ctx
from products.calendars import named
from products.rules.checks import whole

PERMISSION: Final = "debts:write"


class ExtendDueDates(msgspec.Struct, frozen=True, kw_only=True):
    """From instalment `from_no` on, by `days`; with interest for them, or with a fee due with the first."""

    drawdown_id: UUID
    days: int
    from_no: int = 1
    interest: bool = True
    fee_minor: int = 0


async def extend_due_dates(ctx: Ctx, command: ExtendDueDates) -> DrawdownView:
    """Refused: no days; a stranger's drawdown; wrong state; nothing that would then fall due after today."""
    ctx.require(PERMISSION)
    refuse_fields(
        days=whole(1, 3650)(command.days),
        fee_minor=("not_positive", {}) if command.fee_minor < 0 else None,
    )
    return await recorded(
        ctx,
        command.drawdown_id,
        "extend",
        DRAWDOWN_EXTENDED,
        lambda drawdown: decide.extend(
            drawdown,
            from_no=command.from_no,
            days=command.days,
            interest=command.interest,
            fee_minor=command.fee_minor,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        from_no=command.from_no,
        days=command.days,
    )
