"""The buyer paid the merchant: the debt is paid out of what the merchant is still to get (DOMAIN §9)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.receipts import ReceiptView
from billing.without_cash import pay_without_cash
from kernel.context import Ctx

PERMISSION: Final = "receipts:write"
DAYS_BACK: Final = 7
"""How long ago a merchant may say that it was paid."""


class SetOffPayment(msgspec.Struct, frozen=True, kw_only=True):
    """`effective_on`: the day that the merchant states; no day: today. Whoever sends it has the buyer's
    word for it.
    """

    drawdown_id: UUID
    amount_minor: int
    effective_on: date | None = None
    external_ref: str | None = None


async def set_off_payment(ctx: Ctx, command: SetOffPayment) -> ReceiptView:
    """Past due and due first, then in advance: the debt was named. Nothing comes in; the merchant's payable
    falls.

    Refused: no amount; a stranger's drawdown; `external_ref` taken; in the future; more than seven days back;
    wrong state; more than the drawdown owes.
    """
    ctx.require(PERMISSION)
    return await pay_without_cash(
        ctx,
        command.drawdown_id,
        command.amount_minor,
        "paid_to_merchant",
        on=command.effective_on or ctx.today,
        external_ref=command.external_ref,
        days_back=DAYS_BACK,
    )
