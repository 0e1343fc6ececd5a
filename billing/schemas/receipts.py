"""Receipts, and what each of them pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from billing.queries import Receipt
from billing.receipts import AllocationView, ReceiptView
from billing.record_receipt import Channel, RecordReceipt
from billing.rules.events import ReversalReason
from billing.schemas.values import Amount, Currency, DrawdownId, ReceiptId, Text
from kernel.context import Ctx
from kernel.web.problems import Problem
from products.rules.terms import COMPONENTS
from tenants.schemas import BuyerId


class NewReceipt(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`effective_on`: the value date. `advance`: the payer asked to pay what is not yet due, too."""

    buyer_id: BuyerId
    currency: Currency
    amount_minor: Amount
    channel: Channel
    effective_on: date | None = None
    external_ref: Text | None = None
    advance: bool = False
    drawdown_id: DrawdownId | None = None


MOST: Final = 100
"""Receipts in one call; a whole file of them is an import."""


class NewReceipts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Recorded one after another, each as if it came alone."""

    receipts: Annotated[list[NewReceipt], msgspec.Meta(min_length=1, max_length=MOST)]


class NewSetOff(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`effective_on`: the day on which the merchant was paid, at most seven back; none: today."""

    amount_minor: Amount
    effective_on: date | None = None
    external_ref: Text | None = None


class NewGoodwill(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`effective_on`: the day it counts for; none: today."""

    amount_minor: Amount
    effective_on: date | None = None


class NewReversal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`bounced`: as if it never came. `our_mistake`: nothing accrues for the time between."""

    reason: ReversalReason


class AllocationBody(msgspec.Struct, kw_only=True):
    drawdown_id: DrawdownId
    instalment_no: int
    component: str
    amount_minor: int


class ReceiptBody(msgspec.Struct, kw_only=True):
    """`allocations` and `excess_minor` (credit balance) make the amount; reversed, both are nothing. Goodwill
    has no excess: what is not owed of it any more has fallen away.
    """

    id: ReceiptId
    object: Literal["receipt"] = "receipt"
    livemode: bool
    buyer_id: BuyerId | None
    drawdown_id: DrawdownId | None
    channel: str
    currency: str
    amount_minor: int
    excess_minor: int
    advance: bool
    status: str
    reversal_reason: str | None
    external_ref: str | None
    effective_on: date
    booked_on: date
    reversed_on: date | None
    allocations: list[AllocationBody]


class ReceiptOutcome(msgspec.Struct, kw_only=True):
    """The receipt, or why there is none."""

    receipt: ReceiptBody | None = None
    problem: Problem | None = None


class ReceiptOutcomes(msgspec.Struct, kw_only=True):
    """What each came to, in the order in which they were sent."""

    object: Literal["receipt_outcomes"] = "receipt_outcomes"
    recorded: int
    refused: int
    data: list[ReceiptOutcome]


def new_receipt(data: NewReceipt) -> RecordReceipt:
    return RecordReceipt(
        buyer_id=data.buyer_id.uuid,
        currency=data.currency,
        amount_minor=data.amount_minor,
        channel=data.channel,
        effective_on=data.effective_on,
        external_ref=data.external_ref,
        advance=data.advance,
        drawdown_id=data.drawdown_id.uuid if data.drawdown_id else None,
    )


def _may_exceed(receipt: Receipt | ReceiptView) -> bool:
    return receipt.status == "posted" and receipt.channel != "goodwill"


def receipt_body(
    ctx: Ctx, receipt: Receipt | ReceiptView, allocations: Sequence[AllocationView]
) -> ReceiptBody:
    """The excess follows from the rest, so that it cannot disagree with the allocations."""
    paid = Counter[tuple[UUID, int, int]]()
    for part in allocations:
        paid[part.drawdown_id, part.instalment_no, COMPONENTS.index(part.component)] += part.amount_minor
    return ReceiptBody(
        id=ReceiptId(receipt.id),
        livemode=ctx.mode == "live",
        buyer_id=BuyerId(receipt.buyer_id) if receipt.buyer_id else None,
        drawdown_id=DrawdownId(receipt.drawdown_id) if receipt.drawdown_id else None,
        channel=receipt.channel,
        currency=receipt.currency,
        amount_minor=receipt.amount_minor,
        excess_minor=receipt.amount_minor - paid.total() if _may_exceed(receipt) else 0,
        advance=receipt.advance,
        status=receipt.status,
        reversal_reason=receipt.reversal_reason,
        external_ref=receipt.external_ref,
        effective_on=receipt.effective_on,
        booked_on=receipt.booked_on,
        reversed_on=receipt.reversed_on,
        allocations=[
            AllocationBody(
                drawdown_id=DrawdownId(drawdown_id),
                instalment_no=instalment_no,
                component=COMPONENTS[component],
                amount_minor=amount_minor,
            )
            for (drawdown_id, instalment_no, component), amount_minor in sorted(paid.items())
        ],
    )
