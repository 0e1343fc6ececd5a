"""Reverse a receipt: it bounced and never came, or it was our own mistake (DOMAIN §9)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing import rows
from billing.bring_forward import catch_up
from billing.command import Command, ReceiptSet
from billing.commit import commit_with_retry
from billing.events import RECEIPT_REVERSED
from billing.loaded import not_ahead
from billing.queries import (
    Receipt,
    buyer_books,
    credit_minor,
    find_receipt,
    load_paid_by,
    newest_credit_use,
)
from billing.receipts import CREDIT_CHANNEL, ReceiptView, add_settlement, source_of
from billing.rules.decide_receipt import reverse_receipt as decide_reversal
from billing.rules.decision import Refusal
from billing.rules.events import ReversalReason
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound

PERMISSION: Final = "receipts:reverse"


class ReverseReceipt(msgspec.Struct, frozen=True, kw_only=True):
    receipt_id: UUID
    reason: ReversalReason


class _CreditShort(Exception):
    """The receipt's credit has paid other debts meanwhile: `use` was the latest of those payments."""

    def __init__(self, use: Receipt) -> None:
        self.use = use


async def reverse_receipt(ctx: Ctx, command: ReverseReceipt) -> ReceiptView:
    """Refused: a stranger's receipt; one that does not stand any more; a use of credit, which follows its
    receipt.

    What its excess has paid meanwhile is taken back first, the latest first: credit balance is never below 0.
    """
    ctx.require(PERMISSION)
    async with scope(ctx, read_only=True) as tx:
        receipt = await find_receipt(tx, ctx, command.receipt_id)
    if receipt is None or receipt.buyer_id is None:
        raise NotFound(what="receipt")
    await catch_up(ctx, receipt.buyer_id, receipt.currency)
    internal = ctx.unkeyed()
    while True:
        try:
            return await _reverse(ctx, receipt, command.reason)
        except _CreditShort as short:
            await _reverse(internal, short.use, command.reason, follows=True)


async def _reverse(
    ctx: Ctx, receipt: Receipt, reason: ReversalReason, *, follows: bool = False
) -> ReceiptView:
    async def decide() -> Command:
        if receipt.channel == CREDIT_CHANNEL and not follows:
            return rows.refused(ctx, Refusal("credit_use_follows_receipt"))
        return await _decide(ctx, receipt.id, reason)

    return (await commit_with_retry(ctx, decide)).result(ReceiptView)


async def _decide(ctx: Ctx, receipt_id: UUID, reason: ReversalReason) -> Command:
    async with scope(ctx, read_only=True) as tx:
        receipt = await find_receipt(tx, ctx, receipt_id)
        if receipt is None or receipt.buyer_id is None:
            raise NotFound(what="receipt")
        if receipt.status != "posted":
            return rows.refused(ctx, Refusal("receipt_not_standing", {"status": receipt.status}))
        paid = await load_paid_by(tx, ctx, receipt_id)
        not_ahead(ctx, paid)
        parties = await buyer_books(tx, ctx, receipt.buyer_id, receipt.currency)
        credit = await credit_minor(tx, ctx, receipt.buyer_id, receipt.currency)
        use = await newest_credit_use(tx, ctx, receipt.buyer_id, receipt.currency)
    assert parties is not None
    settlement = decide_reversal(
        [loaded.drawdown for loaded in paid],
        parties=parties,
        receipt_id=receipt_id,
        reason=reason,
        rest_minor=receipt.excess_minor,
        source=source_of(receipt.channel),
        on=ctx.today,
        today=ctx.today,
    )
    if isinstance(settlement, Refusal):
        return rows.refused(ctx, settlement)
    if credit + settlement.credit_minor < 0 and use is not None:
        raise _CreditShort(use)
    draft = rows.Draft()
    draft.add(
        "receipt_set",
        ReceiptSet(
            id=receipt_id, was="posted", status="reversed", buyer_id=receipt.buyer_id,
            excess_minor=receipt.excess_minor, reversal_reason=reason, reversed_on=ctx.today,
        ),
    )  # fmt: skip
    add_settlement(
        ctx,
        draft,
        f"receipt:{receipt_id}:reversed",
        "receipt_reversed",
        receipt.buyer_id,
        receipt.currency,
        paid,
        settlement,
        on=ctx.today,
    )
    result = _view(ctx, receipt, reason)
    rows.noted(ctx, draft, RECEIPT_REVERSED, "receipt", receipt_id, msgspec.to_builtins(result))
    return rows.command(ctx, draft, result)


def _view(ctx: Ctx, receipt: Receipt, reason: ReversalReason) -> ReceiptView:
    """It pays nothing any more, so it has no allocations."""
    return ReceiptView(
        id=receipt.id,
        buyer_id=receipt.buyer_id,
        drawdown_id=receipt.drawdown_id,
        channel=receipt.channel,
        currency=receipt.currency,
        amount_minor=receipt.amount_minor,
        excess_minor=receipt.excess_minor,
        advance=receipt.advance,
        status="reversed",
        effective_on=receipt.effective_on,
        booked_on=receipt.booked_on,
        external_ref=receipt.external_ref,
        reversal_reason=reason,
        reversed_on=ctx.today,
    )
