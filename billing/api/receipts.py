"""Routes of receipts: record, reverse, and how each was shared out."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from billing import record_receipt, reverse_receipt
from billing.api.listing import asked, listed
from billing.history import allocations_of
from billing.queries import find_receipt
from billing.queries import list_receipts as load_receipts
from billing.record_receipt import RecordReceipt
from billing.reverse_receipt import ReverseReceipt
from billing.schemas.receipts import NewReceipt, NewReversal, ReceiptBody, receipt_body
from billing.schemas.values import ReceiptId
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.web import paging
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
    command = RecordReceipt(
        buyer_id=data.buyer_id.uuid,
        currency=data.currency,
        amount_minor=data.amount_minor,
        channel=data.channel,
        effective_on=data.effective_on,
        external_ref=data.external_ref,
        advance=data.advance,
        drawdown_id=data.drawdown_id.uuid if data.drawdown_id else None,
    )
    receipt = await record_receipt.record_receipt(request.ctx, command)
    return receipt_body(request.ctx, receipt, receipt.allocations)


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
