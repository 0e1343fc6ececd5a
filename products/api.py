"""Routes of what is offered: programmes and products."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from kernel.db.scope import scope
from kernel.web import paging
from kernel.web.request import ApiRequest, needs
from products import draft_product as drafting
from products import open_programme as opening
from products import publish_product as publishing
from products import queries
from products.queries import Product, Programme
from products.schemas import (
    NewDraft,
    NewProduct,
    NewProgramme,
    ProductId,
    ProductView,
    ProgrammeId,
    ProgrammeView,
    Publication,
    product_view,
    programme_view,
)

READ: Final = "products:read"
PROGRAMMES: Final = "/v1/programmes"
PRODUCTS: Final = "/v1/products"


@post(
    "/programmes",
    opt=needs(opening.PERMISSION, key="optional"),
    operation_id="open_programme",
    tags=["Programmes"],
)
async def open_programme(request: ApiRequest, data: JSONBody[NewProgramme]) -> ProgrammeView:
    """Open a programme: the lender of record, its licence, the legal form and the currency."""
    command = opening.OpenProgramme(
        lender_of_record=data.lender_of_record,
        licence=data.licence,
        tenant_entity=data.tenant_entity,
        currency=data.currency,
        legal_form=data.legal_form,
    )
    return programme_view(request.ctx, await opening.open_programme(request.ctx, command))


@get("/programmes", opt=needs(READ), operation_id="list_programmes", tags=["Programmes"])
async def list_programmes(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[ProgrammeView]:
    """Programmes in the order of their opening."""
    ctx = request.ctx
    asked = paging.page(ctx.tenant_id, PROGRAMMES, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_programmes(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=PROGRAMMES,
        position=_position,
        view=lambda row: programme_view(ctx, row),
    )


@get("/programmes/{programme_id:str}", opt=needs(READ), operation_id="get_programme", tags=["Programmes"])
async def get_programme(request: ApiRequest, programme_id: FromPath[ProgrammeId]) -> ProgrammeView:
    """One programme."""
    async with scope(request.ctx, read_only=True) as tx:
        programme = await queries.read_programme(tx, request.ctx.tenant_id, programme_id.uuid)
    return programme_view(request.ctx, programme)


@post(
    "/products",
    opt=needs(drafting.PERMISSION, key="optional"),
    operation_id="create_product",
    tags=["Products"],
)
async def create_product(request: ApiRequest, data: JSONBody[NewProduct]) -> ProductView:
    """Make a product with its first draft; every problem of the document is told at once."""
    new = drafting.NewProduct(
        programme_id=data.programme_id.uuid, code=data.code, name_zh=data.name_zh, name_en=data.name_en
    )
    command = drafting.DraftProduct(product=new, document=data.document)
    return product_view(request.ctx, await drafting.draft_product(request.ctx, command))


@post(
    "/products/{product_id:str}/draft",
    opt=needs(drafting.PERMISSION, key="optional"),
    operation_id="draft_product",
    tags=["Products"],
    status_code=200,
)
async def draft_product(
    request: ApiRequest, product_id: FromPath[ProductId], data: JSONBody[NewDraft]
) -> ProductView:
    """Write the draft of a product, or begin its next version."""
    command = drafting.DraftProduct(product=product_id.uuid, document=data.document)
    return product_view(request.ctx, await drafting.draft_product(request.ctx, command))


@post(
    "/products/{product_id:str}/publish",
    opt=needs(publishing.PERMISSION, key="optional"),
    operation_id="publish_product",
    tags=["Products"],
    status_code=200,
)
async def publish_product(
    request: ApiRequest, product_id: FromPath[ProductId], data: JSONBody[Publication]
) -> ProductView:
    """Publish a draft for new drawdowns; it is frozen from then on. Needs another member than its drafter."""
    command = publishing.PublishProduct(
        product_id=product_id.uuid, version=data.version, revision=data.revision
    )
    return product_view(request.ctx, await publishing.publish_product(request.ctx, command))


@get("/products", opt=needs(READ), operation_id="list_products", tags=["Products"])
async def list_products(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[ProductView]:
    """Products in the order of their making."""
    ctx = request.ctx
    asked = paging.page(ctx.tenant_id, PRODUCTS, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_products(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=PRODUCTS,
        position=_position,
        view=lambda row: product_view(ctx, row),
    )


@get("/products/{product_id:str}", opt=needs(READ), operation_id="get_product", tags=["Products"])
async def get_product(request: ApiRequest, product_id: FromPath[ProductId]) -> ProductView:
    """One product with all its versions."""
    async with scope(request.ctx, read_only=True) as tx:
        product = await queries.read_product(tx, request.ctx.tenant_id, product_id.uuid)
    return product_view(request.ctx, product)


def _after(asked: paging.Page) -> UUID | None:
    return asked.after.id if asked.after else None


def _position(row: Programme | Product) -> paging.Position:
    """Ids grow with time: they are the sort key."""
    return paging.Position("", row.id)


router = Router(
    "/",
    route_handlers=[
        open_programme,
        list_programmes,
        get_programme,
        create_product,
        draft_product,
        publish_product,
        list_products,
        get_product,
    ],
)
