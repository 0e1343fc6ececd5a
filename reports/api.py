"""Routes of what it means: facts about buyers, the paper of what billing froze."""

from __future__ import annotations

from typing import Final, Literal

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from billing.schemas.values import StatementId
from kernel.db.scope import scope
from kernel.web.request import ApiRequest, needs
from products.buyer_tiers import read_facts
from reports import paper
from reports.schemas import BuyerFactsView, buyer_facts_view
from reports.statement_paper import statement_page
from tenants.queries import read_buyer
from tenants.schemas import BuyerId

BUYERS: Final = "buyers:read"
STATEMENTS: Final = "statements:read"
Locale = Literal["zh-CN", "en"]
Form = Literal["html", "pdf"]
_HTML: Final = "text/html"
_PDF: Final = "application/pdf"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@get("/buyers/{buyer_id:str}/facts", opt=needs(BUYERS), operation_id="get_buyer_facts", tags=["Buyers"])
async def get_buyer_facts(request: ApiRequest, buyer_id: FromPath[BuyerId]) -> BuyerFactsView:
    """What is known about a buyer, as it was computed last: what tiers judge by."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        await read_buyer(tx, ctx.tenant_id, buyer_id.uuid)
        rows = await read_facts(tx, ctx, buyer_id.uuid)
    return buyer_facts_view(ctx, buyer_id, rows)


@get(
    "/statements/{statement_id:str}/paper",
    opt=needs(STATEMENTS),
    operation_id="get_statement_paper",
    tags=["Statements"],
    media_type=_PDF,
)
async def get_statement_paper(
    request: ApiRequest,
    statement_id: FromPath[StatementId],
    format: FromQuery[Form] = "pdf",  # noqa: A002
    locale: FromQuery[Locale | None] = None,
) -> Response[bytes]:
    """A statement for people: a page or a PDF, in Chinese or English (the request's language if not told)."""
    ctx = request.ctx
    chosen = locale or ctx.locale
    async with scope(ctx, read_only=True) as tx:
        html = await statement_page(tx, ctx, statement_id.uuid, chosen)
    return await _answer(html, format, f"statement-{statement_id}-{chosen}")


async def _answer(html: str, form: Form, name: str) -> Response[bytes]:
    if form == "html":
        return Response(html.encode(), media_type=_HTML, headers={"Content-Security-Policy": _POLICY})
    sheet = await paper.pdf(html)
    return Response(sheet, media_type=_PDF, headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


router: Final = Router("/", route_handlers=[get_buyer_facts, get_statement_paper])
