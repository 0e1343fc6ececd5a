"""Capture an order at shipment (使用), whole or in part: the debt begins (DOMAIN §6)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing import rows
from billing.bring_forward import load_current
from billing.command import Command
from billing.commit import commit_with_retry
from billing.events import DRAWDOWN_CAPTURED
from billing.loaded import DrawdownView, view
from billing.rules.decide import capture
from billing.rules.decision import Refusal
from billing.rules.events import DueDate
from kernel.context import Ctx
from products.calendars import capture_dates

PERMISSION: Final = "drawdowns:write"


class CaptureOrder(msgspec.Struct, frozen=True, kw_only=True):
    """No amount: all that is left. No day: today; else the day of shipment, at most the terms' days back."""

    drawdown_id: UUID
    amount_minor: int | None = None
    effective_on: date | None = None


async def capture_order(ctx: Ctx, command: CaptureOrder) -> DrawdownView:
    """Refused: a stranger's drawdown; in the future, too far back, before the authorisation; wrong state;
    expired;
    more than is left; a part where the product allows none. A live authorisation is honoured on a frozen
    line.
    """
    ctx.require(PERMISSION)
    on = command.effective_on or ctx.today

    async def decide() -> Command:
        loaded = await load_current(ctx, command.drawdown_id, "capture", on=on)
        dates = tuple(DueDate(*row) for row in capture_dates(loaded.terms, on, ctx.today))
        moved = capture(
            loaded.drawdown, amount_minor=command.amount_minor, on=on, today=ctx.today, dates=dates
        )
        if isinstance(moved, Refusal):
            return rows.refused(ctx, moved)
        draft = rows.Draft()
        rows.moved_on(ctx, draft, loaded, moved)
        captured = moved.after.captures[-1]
        rows.told(
            ctx,
            draft,
            DRAWDOWN_CAPTURED,
            loaded,
            capture_no=captured.no,
            amount_minor=captured.amount_minor,
            effective_on=on,
        )
        return rows.command(ctx, draft, view(loaded, moved.after))

    return (await commit_with_retry(ctx, decide)).result(DrawdownView)
