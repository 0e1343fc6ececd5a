"""Hold penalty back while we are unsure: something unmatched may explain what is past due (DOMAIN §11)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_SILENCED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class BeginSilence(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_minor`: what the unmatched payment, open refund or dispute can explain. `until_on`: its last
    night. `silence_id`: chosen by the caller, so that its end can name it. No day: today.
    """

    drawdown_id: UUID
    silence_id: UUID
    amount_minor: int
    until_on: date
    effective_on: date | None = None


async def begin_silence(ctx: Ctx, command: BeginSilence) -> DrawdownView:
    """Refused: a stranger's drawdown; in the future; before its capture; wrong state; over before it begins,
    or longer than the product allows; another lasts in these nights; more than is owed.
    """
    ctx.require(PERMISSION)
    on = command.effective_on or ctx.today
    return await recorded(
        ctx,
        command.drawdown_id,
        "silence",
        DRAWDOWN_SILENCED,
        lambda drawdown: decide.silence(
            drawdown,
            silence_id=command.silence_id,
            amount_minor=command.amount_minor,
            until_on=command.until_on,
            on=on,
            today=ctx.today,
        ),
        on=on,
        silence_id=command.silence_id,
        amount_minor=command.amount_minor,
        until_on=command.until_on,
    )
