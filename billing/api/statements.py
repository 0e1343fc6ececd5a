"""Routes of statements: what was cut, and what the next one will be."""

from __future__ import annotations

from datetime import date
from typing import Final

from litestar import get
from litestar.params import FromPath, FromQuery

from billing import preview_statement as previewing
from billing.api.listing import asked
from billing.preview_statement import PreviewStatement
from billing.schemas.statements import StatementView, statement_view
from billing.schemas.values import LineId, StatementId
from billing.statements import Statement, find_statement, lines_of
from billing.statements import list_statements as load_statements
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.web import paging
from kernel.web.request import ApiRequest, needs
from tenants.schemas import BuyerId

READ: Final = "statements:read"
TAGS: Final = ["Statements"]


@get("/statements", opt=needs(READ), operation_id="list_statements", tags=TAGS)
async def list_statements(
    request: ApiRequest,
    line_id: FromQuery[LineId | None] = None,
    buyer_id: FromQuery[BuyerId | None] = None,
    cut_from: FromQuery[date | None] = None,
    cut_to: FromQuery[date | None] = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[StatementView]:
    """Statements, newest first, without their lines; cut from the one day to the other, both included."""
    ctx = request.ctx
    of = asked(
        ctx, "/v1/statements", limit, cursor,
        line_id=line_id, buyer_id=buyer_id, cut_from=cut_from, cut_to=cut_to,
    )  # fmt: skip
    async with scope(ctx, read_only=True) as tx:
        rows = await load_statements(
            tx, ctx, line_id=line_id.uuid if line_id else None, buyer_id=buyer_id.uuid if buyer_id else None,
            cut_from=cut_from, cut_to=cut_to, before=of.before, limit=of.fetch,
        )  # fmt: skip
    return paging.page_of(
        rows,
        of.page,
        tenant_id=ctx.tenant_id,
        url=of.url,
        position=_position,
        view=lambda row: statement_view(ctx, row, None),
    )


def _position(row: Statement) -> paging.Position:
    assert row.id is not None
    return paging.Position("", row.id)


@get("/statements/{statement_id:str}", opt=needs(READ), operation_id="get_statement", tags=TAGS)
async def get_statement(request: ApiRequest, statement_id: FromPath[StatementId]) -> StatementView:
    """One statement with its lines."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        found = await find_statement(tx, ctx, statement_id.uuid)
        if found is None:
            raise NotFound()
        lines = await lines_of(tx, ctx, statement_id.uuid)
    return statement_view(ctx, found, lines)


@get(
    "/lines/{line_id:str}/statement_preview",
    opt=needs(previewing.PERMISSION),
    operation_id="preview_statement",
    tags=TAGS,
)
async def preview_statement(request: ApiRequest, line_id: FromPath[LineId]) -> StatementView:
    """The line's next statement, if nothing more happens: the cut's own computation, without a number."""
    command = PreviewStatement(line_id=line_id.uuid)
    preview = await previewing.preview_statement(request.ctx, command)
    return statement_view(request.ctx, preview.statement, preview.lines)
