"""Routes of drawdowns: authorise, capture, void, refund; how one stands, its events and charges."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from billing import authorise_order, capture_order, history, refund_order, void_order
from billing.api.listing import asked, listed
from billing.authorise_order import AuthoriseOrder
from billing.bring_forward import load_current
from billing.capture_order import CaptureOrder
from billing.queries import list_drawdowns as load_drawdowns
from billing.refund_order import RefundOrder
from billing.rules.values import Status
from billing.schemas.drawdowns import (
    ChargeBody,
    DrawdownBody,
    EventBody,
    NewCapture,
    NewDrawdown,
    NewRefund,
    NewVoid,
    RefundBody,
    charge_body,
    drawdown_body,
    event_body,
    refund_body,
)
from billing.schemas.schedules import ScheduleBody, schedule_body
from billing.schemas.values import DrawdownId, Text
from billing.void_order import VoidOrder
from kernel.db.scope import scope
from kernel.web import paging
from kernel.web.request import ApiRequest, needs
from products.rules.product import Choice
from tenants.schemas import BuyerId

READ: Final = "drawdowns:read"
TAGS: Final = ["Drawdowns"]
PATH: Final = "/drawdowns/{drawdown_id:str}"


@post(
    "/drawdowns",
    opt=needs(authorise_order.PERMISSION, key="required"),
    operation_id="create_drawdown",
    tags=TAGS,
)
async def create_drawdown(request: ApiRequest, data: JSONBody[NewDrawdown]) -> DrawdownBody:
    """Authorise an order: hold its amount on a line until it is shipped, voided or expired."""
    command = AuthoriseOrder(
        line_id=data.line_id.uuid,
        merchant_id=data.merchant_id.uuid,
        amount_minor=data.amount_minor,
        currency=data.currency,
        order_ref=data.order_ref,
        external_ref=data.external_ref,
        choice=Choice(
            instalments=data.instalments,
            due_day=data.due_day,
            category=data.category,
            campaign=data.campaign,
        ),
    )
    return drawdown_body(request.ctx, await authorise_order.authorise_order(request.ctx, command))


@post(
    f"{PATH}/capture",
    opt=needs(capture_order.PERMISSION, key="required"),
    operation_id="capture_drawdown",
    tags=TAGS,
    status_code=200,
)
async def capture_drawdown(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewCapture]
) -> DrawdownBody:
    """Capture at shipment, whole or in part: the debt begins."""
    command = CaptureOrder(
        drawdown_id=drawdown_id.uuid, amount_minor=data.amount_minor, effective_on=data.effective_on
    )
    return drawdown_body(request.ctx, await capture_order.capture_order(request.ctx, command))


@post(
    f"{PATH}/void",
    opt=needs(void_order.PERMISSION, key="required"),
    operation_id="void_drawdown",
    tags=TAGS,
    status_code=200,
)
async def void_drawdown(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewVoid]
) -> DrawdownBody:
    """Release what is held, whole or in part."""
    command = VoidOrder(drawdown_id=drawdown_id.uuid, amount_minor=data.amount_minor)
    return drawdown_body(request.ctx, await void_order.void_order(request.ctx, command))


@post(
    f"{PATH}/refund",
    opt=needs(refund_order.PERMISSION, key="required"),
    operation_id="refund_drawdown",
    tags=TAGS,
    status_code=200,
)
async def refund_drawdown(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewRefund]
) -> RefundBody:
    """Goods came back after their capture: the buyer owes less."""
    command = RefundOrder(
        drawdown_id=drawdown_id.uuid,
        amount_minor=data.amount_minor,
        capture_no=data.capture_no,
        external_ref=data.external_ref,
        effective_on=data.effective_on,
    )
    return refund_body(request.ctx, await refund_order.refund_order(request.ctx, command))


@get("/drawdowns", opt=needs(READ), operation_id="list_drawdowns", tags=TAGS)
async def list_drawdowns(
    request: ApiRequest,
    buyer_id: FromQuery[BuyerId | None] = None,
    status: FromQuery[Status | None] = None,
    external_ref: FromQuery[Text | None] = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[DrawdownBody]:
    """Drawdowns as they stand today, newest first. `status`: as the last event or day end stored it."""
    ctx = request.ctx
    of = asked(
        ctx, "/v1/drawdowns", limit, cursor, buyer_id=buyer_id, status=status, external_ref=external_ref
    )
    async with scope(ctx, read_only=True) as tx:
        rows = await load_drawdowns(
            tx,
            ctx,
            buyer_id=buyer_id.uuid if buyer_id else None,
            status=status,
            external_ref=external_ref,
            before=of.before,
            limit=of.fetch,
        )
    return listed(ctx, of, rows, lambda row: drawdown_body(ctx, history.today_view(ctx, row)))


@get(PATH, opt=needs(READ), operation_id="get_drawdown", tags=TAGS)
async def get_drawdown(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], as_of: FromQuery[date | None] = None
) -> DrawdownBody:
    """One drawdown as it stands today, or on another day if nothing more happens."""
    ctx = request.ctx
    if as_of is None:
        return drawdown_body(ctx, history.today_view(ctx, await load_current(ctx, drawdown_id.uuid)))
    async with scope(ctx, read_only=True) as tx:
        found = await history.read_drawdown(tx, ctx, drawdown_id.uuid, as_of)
    return drawdown_body(ctx, found)


@get(f"{PATH}/schedule", opt=needs(READ), operation_id="get_drawdown_schedule", tags=TAGS)
async def get_drawdown_schedule(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], as_of: FromQuery[date | None] = None
) -> ScheduleBody:
    """What each instalment asks for when it falls due if nothing more happens, as seen today or on a day."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        return schedule_body(ctx, await history.read_schedule(tx, ctx, drawdown_id.uuid, as_of))


@get(f"{PATH}/events", opt=needs(READ), operation_id="list_drawdown_events", tags=TAGS)
async def list_drawdown_events(
    request: ApiRequest,
    drawdown_id: FromPath[DrawdownId],
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[EventBody]:
    """What happened, in the order in which it was recorded: all that the drawdown follows from."""
    ctx = request.ctx
    of = asked(ctx, f"/v1/drawdowns/{drawdown_id}/events", limit, cursor)
    after = int(of.page.after.sort) if of.page.after else 0
    async with scope(ctx, read_only=True) as tx:
        await history.currency_of(tx, ctx, drawdown_id.uuid)
        rows = await history.list_events(tx, ctx, drawdown_id.uuid, after=after, limit=of.fetch)
    return paging.page_of(
        rows,
        of.page,
        tenant_id=ctx.tenant_id,
        url=of.url,
        position=lambda row: paging.Position(row.seq, UUID(int=row.seq)),
        view=event_body,
    )


@get(f"{PATH}/charges", opt=needs(READ), operation_id="list_drawdown_charges", tags=TAGS)
async def list_drawdown_charges(
    request: ApiRequest,
    drawdown_id: FromPath[DrawdownId],
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[ChargeBody]:
    """Interest and penalty charged or given back, each with the numbers it follows from, oldest first."""
    ctx = request.ctx
    of = asked(ctx, f"/v1/drawdowns/{drawdown_id}/charges", limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        currency = await history.currency_of(tx, ctx, drawdown_id.uuid)
        rows = await history.list_charges(tx, ctx, drawdown_id.uuid, after=of.before, limit=of.fetch)
    return listed(ctx, of, rows, lambda row: charge_body(ctx, drawdown_id.uuid, currency, row))
