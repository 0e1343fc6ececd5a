"""Routes of what it means: the paper of what billing froze."""

from __future__ import annotations

from typing import Final, Literal

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from billing.schemas.values import StatementId
from kernel.db.scope import scope
from kernel.web.request import ApiRequest, needs
from reports import paper
from reports.statement_paper import statement_page

STATEMENTS: Final = "statements:read"
Locale = Literal["zh-CN", "en"]
Form = Literal["html", "pdf"]
_HTML: Final = "text/html"
_PDF: Final = "application/pdf"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


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


router: Final = Router("/", route_handlers=[get_statement_paper])
