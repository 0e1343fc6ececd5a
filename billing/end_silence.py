"""End a silence before its last day: the penalty held back is charged, or falls away (DOMAIN §11)."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_SILENCE_ENDED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class EndSilence(msgspec.Struct, frozen=True, kw_only=True):
    """`falls_away`: the payment or refund was there; record it next. One that nobody ends is charged."""

    drawdown_id: UUID
    silence_id: UUID
    outcome: Literal["charged", "falls_away"]


async def end_silence(ctx: Ctx, command: EndSilence) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; no such silence lasts."""
    ctx.require(PERMISSION)
    return await recorded(
        ctx,
        command.drawdown_id,
        "end_silence",
        DRAWDOWN_SILENCE_ENDED,
        lambda drawdown: decide.end_silence(
            drawdown, silence_id=command.silence_id, outcome=command.outcome, today=ctx.today
        ),
        on=ctx.today,
        silence_id=command.silence_id,
        outcome=command.outcome,
    )
