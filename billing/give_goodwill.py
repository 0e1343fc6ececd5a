"""A goodwill credit: the lender pays part of a buyer's debt itself (DOMAIN §3, §13)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.receipts import ReceiptView
from billing.without_cash import pay_without_cash
from kernel.context import Ctx

PERMISSION: Final = "debts:write"


class GiveGoodwill(msgspec.Struct, frozen=True, kw_only=True):
    """No day: today."""

    drawdown_id: UUID
    amount_minor: int
    effective_on: date | None = None


async def give_goodwill(ctx: Ctx, command: GiveGoodwill) -> ReceiptView:
    """Shared out as a receipt of that day would be, at the lender's cost. It never becomes credit balance:
    what later events leave too much of it falls away.

    Refused: no amount; a stranger's drawdown; in the future; wrong state; more than the drawdown owes.
    """
    ctx.require(PERMISSION)
    on = command.effective_on or ctx.today
    return await pay_without_cash(ctx, command.drawdown_id, command.amount_minor, "goodwill", on=on)
