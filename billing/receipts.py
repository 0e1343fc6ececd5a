"""What a receipt, its reversal and a use of credit have in common: the rows of a settlement, and how it is
told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from billing import rows
from billing.command import Command, CreditMove, ReceiptRow
from billing.events import CREDIT_USED, RECEIPT_RECORDED
from billing.loaded import Loaded
from billing.rules.decision import Settlement
from billing.rules.events import Source
from kernel.context import Ctx
from products.rules.terms import Component

CREDIT_CHANNEL: Final = "credit_balance"
"""The channel of a receipt that came from the buyer's own credit balance: no new money."""
WithoutCash = Literal["paid_to_merchant", "goodwill"]
"""Channels of what pays a debt though no money came to the lender."""
_SOURCES: Final[dict[str, Source]] = {
    CREDIT_CHANNEL: "credit",
    "paid_to_merchant": "set_off",
    "goodwill": "goodwill",
}
NO_CASH: Final = tuple(_SOURCES)


def source_of(channel: str) -> Source:
    """Where the money of a receipt of this channel comes from."""
    return _SOURCES.get(channel, "cash")


class AllocationView(msgspec.Struct, frozen=True, kw_only=True):
    drawdown_id: UUID
    instalment_no: int
    component: Component
    amount_minor: int


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """`allocations` and `excess_minor` (credit balance) together are the amount, unless it was reversed."""

    id: UUID
    buyer_id: UUID | None
    channel: str
    currency: str
    amount_minor: int
    excess_minor: int
    advance: bool
    status: str
    effective_on: date
    booked_on: date
    external_ref: str | None = None
    drawdown_id: UUID | None = None
    reversal_reason: str | None = None
    reversed_on: date | None = None
    allocations: tuple[AllocationView, ...] = ()


def add_settlement(
    ctx: Ctx, draft: rows.Draft, reference: str, kind: str, buyer_id: UUID, currency: str,
    loaded: Sequence[Loaded], settlement: Settlement[UUID], *, on: date,
) -> None:  # fmt: skip
    """The rows of all drawdowns that it moved, and of the rest, which counts for day `on` as they do."""
    by_id = {one.id: one for one in loaded}
    for moved in settlement.moved:
        rows.moved_on(ctx, draft, by_id[moved.key], moved, credit=False)
    if settlement.credit_minor:
        draft.balances.append(CreditMove(buyer=buyer_id, currency=currency, credit=settlement.credit_minor))
    if settlement.rest_postings:
        rows.post(ctx, draft, reference, kind, currency, settlement.rest_postings, on=on)


def settle(ctx: Ctx, receipt: ReceiptRow, payable: Sequence[Loaded], settlement: Settlement[UUID]) -> Command:
    """A receipt and what it pays, as one command; from cash, or from credit by its channel."""
    assert receipt.buyer_id is not None
    draft = rows.Draft()
    draft.add("receipt", receipt)
    add_settlement(
        ctx,
        draft,
        f"receipt:{receipt.id}",
        "receipt",
        receipt.buyer_id,
        receipt.currency,
        payable,
        settlement,
        on=receipt.effective_on,
    )
    told = view(receipt, settlement)
    topic = CREDIT_USED if receipt.channel == CREDIT_CHANNEL else RECEIPT_RECORDED
    rows.noted(ctx, draft, topic, "receipt", receipt.id, msgspec.to_builtins(told))
    return rows.command(ctx, draft, told)


def view(receipt: ReceiptRow, settlement: Settlement[UUID]) -> ReceiptView:
    allocations = tuple(
        AllocationView(
            drawdown_id=moved.key,
            instalment_no=allocation.instalment_no,
            component=allocation.component,
            amount_minor=allocation.amount_minor,
        )
        for moved in settlement.moved
        for journal in moved.journals
        for allocation in journal.allocations
        if allocation.receipt_id == receipt.id
    )
    return ReceiptView(
        id=receipt.id,
        buyer_id=receipt.buyer_id,
        drawdown_id=receipt.drawdown_id,
        channel=receipt.channel,
        currency=receipt.currency,
        amount_minor=receipt.amount_minor,
        excess_minor=receipt.amount_minor - sum(allocation.amount_minor for allocation in allocations),
        advance=receipt.advance,
        status=receipt.status,
        effective_on=receipt.effective_on,
        booked_on=receipt.booked_on,
        external_ref=receipt.external_ref,
        allocations=allocations,
    )
