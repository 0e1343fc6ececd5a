"""Drawdowns with their instalments, refunds, events and charges."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from billing.history import ChargeRecord, RecordedEvent
from billing.loaded import DrawdownView
from billing.refund_order import Refunded
from billing.rules.overdue import Bucket
from billing.rules.state import InstalmentView
from billing.schemas.values import (
    Amount,
    ChargeId,
    Currency,
    DisputeId,
    DrawdownId,
    JournalId,
    LineId,
    ReceiptId,
    RefundId,
    SilenceId,
    Text,
)
from kernel.context import Ctx
from products.rules.terms import MonthDay
from products.schemas import ProductId, actor_id
from tenants.schemas import BuyerId, MerchantId


class NewDrawdown(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`order_ref`: the platform's order, shown to the buyer. `external_ref`: unique for ever. `instalments`,
    `due_day`: of those that the product offers; `category`: of the goods."""

    line_id: LineId
    merchant_id: MerchantId
    amount_minor: Amount
    currency: Currency
    order_ref: Text | None = None
    external_ref: Text | None = None
    instalments: int | None = None
    due_day: MonthDay | None = None
    category: Text | None = None
    campaign: Text | None = None


class NewCapture(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Without amount: all that is left. `effective_on`: the day of shipment, today where it is left out."""

    amount_minor: Amount | None = None
    effective_on: date | None = None


class NewVoid(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Without amount: all that is left."""

    amount_minor: Amount | None = None


class NewRefund(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`capture_no` may be left out where there is one capture."""

    amount_minor: Amount
    capture_no: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    external_ref: Text | None = None
    effective_on: date | None = None


class DrawdownBody(msgspec.Struct, kw_only=True):
    """As it stands on `as_of`. `*_due_minor`: captured or charged and not paid, whether due yet or not."""

    id: DrawdownId
    object: Literal["drawdown"] = "drawdown"
    livemode: bool
    line_id: LineId
    product_id: ProductId
    buyer_id: BuyerId
    merchant_id: MerchantId
    order_ref: str | None
    external_ref: str | None
    currency: str
    status: str
    as_of: date
    authorised_on: date
    expires_on: date
    authorised_minor: int
    captured_minor: int
    voided_minor: int
    refunded_minor: int
    held_minor: int
    outstanding_minor: int
    principal_due_minor: int
    interest_due_minor: int
    fee_due_minor: int
    penalty_due_minor: int
    oldest_unpaid_due_on: date | None
    days_past_due: int
    bucket: Bucket
    next_event_on: date | None
    instalments: tuple[InstalmentView, ...]


class RefundBody(msgspec.Struct, kw_only=True):
    """`credit_minor`: what of it became the buyer's credit balance."""

    id: RefundId
    object: Literal["refund"] = "refund"
    livemode: bool
    credit_minor: int
    drawdown: DrawdownBody


class EventBody(msgspec.Struct, kw_only=True):
    """One input of the engine: a drawdown is what follows from all of them."""

    object: Literal["drawdown_event"] = "drawdown_event"
    seq: int
    kind: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    recorded_by: str
    data: dict[str, Any]


class ChargeBody(msgspec.Struct, kw_only=True):
    """A change of what is charged; negative: given back. `derivation` holds the numbers it follows from."""

    id: ChargeId
    object: Literal["charge"] = "charge"
    livemode: bool
    drawdown_id: DrawdownId
    instalment_no: int
    journal_id: JournalId
    kind: str
    amount_minor: int
    currency: str
    effective_on: date
    booked_on: date
    derivation: dict[str, Any]


def drawdown_body(ctx: Ctx, drawdown: DrawdownView) -> DrawdownBody:
    projection = drawdown.projection
    return DrawdownBody(
        id=DrawdownId(drawdown.id),
        livemode=ctx.mode == "live",
        line_id=LineId(drawdown.line_id),
        product_id=ProductId(drawdown.product_id),
        buyer_id=BuyerId(drawdown.buyer_id),
        merchant_id=MerchantId(drawdown.merchant_id),
        order_ref=drawdown.order_ref,
        external_ref=drawdown.external_ref,
        currency=drawdown.currency,
        status=projection.status,
        as_of=drawdown.as_of,
        authorised_on=drawdown.authorised_on,
        expires_on=projection.expires_on,
        authorised_minor=projection.authorised_minor,
        captured_minor=projection.captured_minor,
        voided_minor=projection.voided_minor,
        refunded_minor=projection.refunded_minor,
        held_minor=drawdown.held_minor,
        outstanding_minor=drawdown.outstanding_minor,
        principal_due_minor=projection.principal_due_minor,
        interest_due_minor=projection.interest_due_minor,
        fee_due_minor=projection.fee_due_minor,
        penalty_due_minor=projection.penalty_due_minor,
        oldest_unpaid_due_on=projection.oldest_unpaid_due_on,
        days_past_due=drawdown.days_past_due,
        bucket=drawdown.bucket,
        next_event_on=projection.next_event_on,
        instalments=projection.instalments,
    )


def refund_body(ctx: Ctx, refunded: Refunded) -> RefundBody:
    return RefundBody(
        id=RefundId(refunded.refund_id),
        livemode=ctx.mode == "live",
        credit_minor=refunded.credit_minor,
        drawdown=drawdown_body(ctx, refunded.drawdown),
    )


_PREFIXED: Final = {
    "receipt_id": ReceiptId, "refund_id": RefundId, "dispute_id": DisputeId, "silence_id": SilenceId,
    "conversion_id": DrawdownId, "conversion_of": DrawdownId,
}  # fmt: skip
"""Ids in the data of an event."""


def event_body(recorded: RecordedEvent) -> EventBody:
    beside = {"kind", "seq", "effective_on", "booked_on"}
    data = {name: value for name, value in msgspec.to_builtins(recorded.event).items() if name not in beside}
    for name, prefixed in _PREFIXED.items():
        if data.get(name) is not None:
            data[name] = str(prefixed(UUID(data[name])))
    return EventBody(
        seq=recorded.seq,
        kind=recorded.kind,
        effective_on=recorded.effective_on,
        booked_on=recorded.booked_on,
        recorded_at=recorded.recorded_at,
        recorded_by=actor_id(recorded.actor_kind, recorded.actor_id),
        data=data,
    )


def charge_body(ctx: Ctx, drawdown_id: UUID, currency: str, charge: ChargeRecord) -> ChargeBody:
    return ChargeBody(
        id=ChargeId(charge.id),
        livemode=ctx.mode == "live",
        drawdown_id=DrawdownId(drawdown_id),
        instalment_no=charge.instalment_no,
        journal_id=JournalId(charge.journal_id),
        kind=charge.kind,
        amount_minor=charge.amount_minor,
        currency=currency,
        effective_on=charge.effective_on,
        booked_on=charge.booked_on,
        derivation=charge.derivation,
    )
