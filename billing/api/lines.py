"""Routes of lines and of the decisions on their limits."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from billing import decide_limit as deciding
from billing.api.listing import asked, listed
from billing.decide_limit import DecideLimit
from billing.history import list_limit_decisions as load_limit_decisions
from billing.queries import find_line
from billing.queries import list_lines as load_lines
from billing.schemas.lines import (
    LimitDecisionBody,
    LineBody,
    NewLimitDecision,
    limit_decision_body,
    line_body,
)
from billing.schemas.values import LineId
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.web import paging
from kernel.web.request import ApiRequest, needs
from tenants.schemas import BuyerId

READ: Final = "lines:read"


@post(
    "/limit_decisions",
    opt=needs(deciding.PERMISSION, key="required"),
    operation_id="create_limit_decision",
    tags=["Lines"],
)
async def create_limit_decision(request: ApiRequest, data: JSONBody[NewLimitDecision]) -> LineBody:
    """Grant, raise, cut, freeze, unfreeze or close a line; answers with the line."""
    command = DecideLimit(
        buyer_id=data.buyer_id.uuid,
        product_id=data.product_id.uuid,
        kind=data.kind,
        limit_minor=data.limit_minor,
        reason=data.reason,
    )
    return line_body(request.ctx, await deciding.decide_limit(request.ctx, command))


@get("/limit_decisions", opt=needs(READ), operation_id="list_limit_decisions", tags=["Lines"])
async def list_limit_decisions(
    request: ApiRequest,
    line_id: FromQuery[LineId | None] = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[LimitDecisionBody]:
    """Limit decisions, newest first."""
    ctx = request.ctx
    of = asked(ctx, "/v1/limit_decisions", limit, cursor, line_id=line_id)
    async with scope(ctx, read_only=True) as tx:
        rows = await load_limit_decisions(
            tx, ctx, line_id=line_id.uuid if line_id else None, before=of.before, limit=of.fetch
        )
    return listed(ctx, of, rows, lambda row: limit_decision_body(ctx, row))


@get("/lines", opt=needs(READ), operation_id="list_lines", tags=["Lines"])
async def list_lines(
    request: ApiRequest,
    buyer_id: FromQuery[BuyerId | None] = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[LineBody]:
    """Lines, newest first."""
    ctx = request.ctx
    of = asked(ctx, "/v1/lines", limit, cursor, buyer_id=buyer_id)
    async with scope(ctx, read_only=True) as tx:
        rows = await load_lines(
            tx, ctx, buyer_id=buyer_id.uuid if buyer_id else None, before=of.before, limit=of.fetch
        )
    return listed(ctx, of, rows, lambda row: line_body(ctx, deciding.view(row)))


@get("/lines/{line_id:str}", opt=needs(READ), operation_id="get_line", tags=["Lines"])
async def get_line(request: ApiRequest, line_id: FromPath[LineId]) -> LineBody:
    """One line with its three amounts and what is available."""
    async with scope(request.ctx, read_only=True) as tx:
        line = await find_line(tx, request.ctx, line_id.uuid)
    if line is None:
        raise NotFound()
    return line_body(request.ctx, deciding.view(line))
