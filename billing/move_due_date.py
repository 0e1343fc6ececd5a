"""Move one instalment's due date later: a holiday announced after the capture (DOMAIN §3, due dates)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_DUE_DATE_CHANGED
from billing.loaded import DrawdownView
from billing.rules import decide_dates as decide
from kernel.context import Ctx
from products.calendars import named

PERMISSION: Final = "debts:write"


class MoveDueDate(msgspec.Struct, frozen=True, kw_only=True):
    """`due_on`: where the product shifts, the next working day from there on. Interest does not change."""

    drawdown_id: UUID
    instalment_no: int
    due_on: date


async def move_due_date(ctx: Ctx, command: MoveDueDate) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; on the day of a capture; no such instalment; one that is
    paid, past due or in dispute; not later than before, or more than a year later.
    """
    ctx.require(PERMISSION)
    return await recorded(
        ctx,
        command.drawdown_id,
        "move_due_date",
        DRAWDOWN_DUE_DATE_CHANGED,
        lambda drawdown: decide.move_due_date(
            drawdown,
            instalment_no=command.instalment_no,
            due_on=command.due_on,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        instalment_no=command.instalment_no,
        due_on=command.due_on,
    )
