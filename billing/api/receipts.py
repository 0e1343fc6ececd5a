"""Routes of receipts: record, reverse, and how each was shared out."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from billing import give_goodwill, record_receipt, reverse_receipt, set_off_payment
from billing.api.listing import asked, listed
from billing.history import allocations_of
from billing.queries import find_receipt
from billing.queries import list_receipts as load_receipts
from billing.reverse_receipt import ReverseReceipt
from billing.schemas.receipts import (
    NewGoodwill,
    NewReceipt,
    NewReceipts,
    NewReversal,
    NewSetOff,
    ReceiptBody,
    ReceiptOutcome,
    ReceiptOutcomes,
    new_receipt,
    receipt_body,
)
from billing.schemas.values import DrawdownId, ReceiptId
from kernel.db.scope import scope
from kernel.errors import DomainError, NotFound
from kernel.idempotency import KeyReused
from kernel.web import paging
from kernel.web.problems import worded
from kernel.web.request import ApiRequest, needs
from tenants.schemas import BuyerId

READ: Final = "receipts:read"
TAGS: Final = ["Receipts"]


@post(
    "/receipts",
    opt=needs(record_receipt.PERMISSION, key="required"),
    operation_id="create_receipt",
    tags=TAGS,
)
async def create_receipt(request: ApiRequest, data: JSONBody[NewReceipt]) -> ReceiptBody:
    """Record money that a buyer paid; it is shared out over what the buyer owes."""
    receipt = await record_receipt.record_receipt(request.ctx, new_receipt(data))
    return receipt_body(request.ctx, receipt, receipt.allocations)


@post(
    "/receipts/bulk",
    opt=needs(record_receipt.PERMISSION, key="required"),
    operation_id="create_receipts",
    tags=TAGS,
    status_code=200,
)
async def create_receipts(request: ApiRequest, data: JSONBody[NewReceipts]) -> ReceiptOutcomes:
    """Record up to a hundred receipts, each as if it came alone. The answer is 200 though some were refused:
    `data` says of each what it came to. Sent again with the same key, it gives what stands and does the rest.
    """
    told: list[ReceiptOutcome] = []
    for place, one in enumerate(data.receipts):
        ctx = request.ctx.at_place(place)
        try:
            receipt = await record_receipt.record_receipt(ctx, new_receipt(one))
            told.append(ReceiptOutcome(receipt=receipt_body(ctx, receipt, receipt.allocations)))
        except KeyReused:  # of the whole: the key came before with other receipts
            raise
        except DomainError as error:
            told.append(ReceiptOutcome(problem=worded(error, request.scope)[0]))
    refused = sum(one.receipt is None for one in told)
    return ReceiptOutcomes(recorded=len(told) - refused, refused=refused, data=told)


@post(
    "/receipts/{receipt_id:str}/reverse",
    opt=needs(reverse_receipt.PERMISSION, key="required"),
    operation_id="reverse_receipt",
    tags=TAGS,
    status_code=200,
)
async def undo_receipt(
    request: ApiRequest, receipt_id: FromPath[ReceiptId], data: JSONBody[NewReversal]
) -> ReceiptBody:
    """The money bounced, or the receipt was our mistake: what it paid is owed again."""
    command = ReverseReceipt(receipt_id=receipt_id.uuid, reason=data.reason)
    receipt = await reverse_receipt.reverse_receipt(request.ctx, command)
    return receipt_body(request.ctx, receipt, receipt.allocations)


@post(
    "/drawdowns/{drawdown_id:str}/set_off",
    opt=needs(set_off_payment.PERMISSION, key="required"),
    operation_id="set_off_payment",
    tags=TAGS,
)
async def set_off(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewSetOff]
) -> ReceiptBody:
    """The buyer paid the merchant instead: the debt is paid, the merchant gets that much less."""
    command = set_off_payment.SetOffPayment(
        drawdown_id=drawdown_id.uuid,
        amount_minor=data.amount_minor,
        effective_on=data.effective_on,
        external_ref=data.external_ref,
    )
    receipt = await set_off_payment.set_off_payment(request.ctx, command)
    return receipt_body(request.ctx, receipt, receipt.allocations)


@post(
    "/drawdowns/{drawdown_id:str}/goodwill",
    opt=needs(give_goodwill.PERMISSION, key="required"),
    operation_id="give_goodwill",
    tags=TAGS,
)
async def goodwill(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewGoodwill]
) -> ReceiptBody:
    """A gift to the buyer: the lender pays so much of the debt."""
    command = give_goodwill.GiveGoodwill(
        drawdown_id=drawdown_id.uuid, amount_minor=data.amount_minor, effective_on=data.effective_on
    )
    receipt = await give_goodwill.give_goodwill(request.ctx, command)
    return receipt_body(request.ctx, receipt, receipt.allocations)


@get("/receipts", opt=needs(READ), operation_id="list_receipts", tags=TAGS)
async def list_receipts(
    request: ApiRequest,
    buyer_id: FromQuery[BuyerId | None] = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[ReceiptBody]:
    """Receipts with what they pay, newest first."""
    ctx = request.ctx
    of = asked(ctx, "/v1/receipts", limit, cursor, buyer_id=buyer_id)
    async with scope(ctx, read_only=True) as tx:
        rows = await load_receipts(
            tx, ctx, buyer_id=buyer_id.uuid if buyer_id else None, before=of.before, limit=of.fetch
        )
        parts = await allocations_of(tx, ctx, [row.id for row in rows])
    return listed(ctx, of, rows, lambda row: receipt_body(ctx, row, parts.get(row.id, ())))


@get("/receipts/{receipt_id:str}", opt=needs(READ), operation_id="get_receipt", tags=TAGS)
async def get_receipt(request: ApiRequest, receipt_id: FromPath[ReceiptId]) -> ReceiptBody:
    """One receipt with what it pays: drawdown, instalment, component."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        receipt = await find_receipt(tx, ctx, receipt_id.uuid)
        if receipt is None:
            raise NotFound()
        parts = await allocations_of(tx, ctx, [receipt.id])
    return receipt_body(ctx, receipt, parts.get(receipt.id, ()))
