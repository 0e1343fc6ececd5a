"""Resolve a dispute: lost by the buyer, its amount is due again (DOMAIN §11)."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_DISPUTE_RESOLVED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx
from products.calendars import named

PERMISSION: Final = "debts:write"


class ResolveDispute(msgspec.Struct, frozen=True, kw_only=True):
    """`won`: record the refund of the goods next."""

    drawdown_id: UUID
    dispute_id: UUID
    verdict: Literal["won", "lost"]


async def resolve_dispute(ctx: Ctx, command: ResolveDispute) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; no such dispute is open."""
    ctx.require(PERMISSION)
    return await recorded(
        ctx,
        command.drawdown_id,
        "resolve_dispute",
        DRAWDOWN_DISPUTE_RESOLVED,
        lambda drawdown: decide.resolve_dispute(
            drawdown,
            dispute_id=command.dispute_id,
            verdict=command.verdict,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        dispute_id=command.dispute_id,
        verdict=command.verdict,
    )
