"""Void an authorisation (解冻), whole or in part: what is released may be used again (DOMAIN §6)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing import rows
from billing.bring_forward import load_current
from billing.command import Command
from billing.commit import commit_with_retry
from billing.events import DRAWDOWN_VOIDED
from billing.loaded import DrawdownView, view
from billing.rules.decide import void
from billing.rules.decision import Refusal
from kernel.context import Ctx

PERMISSION: Final = "drawdowns:write"


class VoidOrder(msgspec.Struct, frozen=True, kw_only=True):
    """No amount: all that is left."""

    drawdown_id: UUID
    amount_minor: int | None = None


async def void_order(ctx: Ctx, command: VoidOrder) -> DrawdownView:
    """Refused: a stranger's drawdown; wrong state; more than is left. What expired is no longer there to
    void."""
    ctx.require(PERMISSION)

    async def decide() -> Command:
        loaded = await load_current(ctx, command.drawdown_id, "void", on=ctx.today)
        moved = void(loaded.drawdown, amount_minor=command.amount_minor, today=ctx.today)
        if isinstance(moved, Refusal):
            return rows.refused(ctx, moved)
        draft = rows.Draft()
        rows.moved_on(ctx, draft, loaded, moved)
        voided_minor = moved.after.voided_minor - loaded.state.voided_minor
        rows.told(ctx, draft, DRAWDOWN_VOIDED, loaded, amount_minor=voided_minor)
        return rows.command(ctx, draft, view(loaded, moved.after))

    return (await commit_with_retry(ctx, decide)).result(DrawdownView)
