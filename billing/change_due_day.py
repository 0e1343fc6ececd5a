"""Change the day of the month on which a buyer's instalments fall due (DOMAIN §2, §3, due dates)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_DUE_DAY_CHANGED
from billing.loaded import DrawdownView
from billing.queries import load_drawdown
from billing.rules import decide_dates as decide
from kernel.context import Ctx
from kernel.db.scope import scope
from products.calendars import named
from products.queries import due_days_offered
from products.rules.terms import MonthDay

PERMISSION: Final = "debts:write"


class ChangeDueDay(msgspec.Struct, frozen=True, kw_only=True):
    """`due_day`: of those that the product offered when the order was authorised, 1 to 28 or the last."""

    drawdown_id: UUID
    due_day: MonthDay


async def change_due_day(ctx: Ctx, command: ChangeDueDay) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; on the day of a capture; instalments that have no day of
    the month; a day that is not offered; nothing that would move.
    """
    ctx.require(PERMISSION)
    offered = await _offered(ctx, command.drawdown_id)
    return await recorded(
        ctx,
        command.drawdown_id,
        "change_due_day",
        DRAWDOWN_DUE_DAY_CHANGED,
        lambda drawdown: decide.change_due_day(
            drawdown,
            due_day=command.due_day,
            offered=offered,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        due_day=command.due_day,
    )


async def _offered(ctx: Ctx, drawdown_id: UUID) -> tuple[MonthDay, ...]:
    """By the version of its terms, which never changes; of a stranger's drawdown none."""
    async with scope(ctx, read_only=True) as tx:
        found = await load_drawdown(tx, ctx, drawdown_id)
        if found is None:
            return ()
        return await due_days_offered(tx, ctx.tenant_id, found.product_id, found.terms.product_version)
