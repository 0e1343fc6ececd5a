"""Record goods that came back on the platform, financed or not."""

from __future__ import annotations

from typing import Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid
from kernel.idempotency import keep, once
from kernel.outbox import emit
from tenants import events
from tenants.rules.trade import MOST_ITEMS, TradeReturnItem
from tenants.trade import Outcome, write_returns

PERMISSION: Final = "orders:write"


class RecordReturns(msgspec.Struct, frozen=True, kw_only=True):
    """1 to 1,000."""

    returns: tuple[TradeReturnItem, ...]


async def record_returns(ctx: Ctx, command: RecordReturns) -> list[Outcome]:
    """What each came to, in their order; a refused one stops no other. Raises Forbidden, Invalid (how
    many), KeyReused."""
    ctx.require(PERMISSION)
    if not 1 <= len(command.returns) <= MOST_ITEMS:
        raise Invalid(errors=(FieldProblem("#/returns", "wrong_length", {"expected": f"1 to {MOST_ITEMS}"}),))
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(list[Outcome])
        told = await write_returns(tx, ctx, command.returns)
        recorded = [one.id for one in told if one.outcome == "recorded" and one.id is not None]
        if recorded:
            await record(
                tx, ctx, events.RETURNS_RECORDED, "trade_return", recorded[0], {"returns": len(recorded)}
            )
            await emit(tx, ctx, events.RETURNS_RECORDED, {"returns": len(recorded), "first_id": recorded[0]})
        await keep(tx, ctx, told)
    return told
