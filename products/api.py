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
from products import review_tiers as reviewing
from products.buyer_tiers import tiers_of
from products.queries import Product, Programme
from products.schemas import (
    BuyerTiersView,
    NewDraft,
    NewProduct,
    NewProgramme,
    NewTierReview,
    ProductId,
    ProductView,
    ProgrammeId,
    ProgrammeView,
    Publication,
    TemplatesView,
    TierReviewView,
    buyer_tiers_view,
    product_view,
    programme_view,
    template_view,
    tier_review_view,
)
from products.templates import templates
from tenants.queries import read_buyer
from tenants.schemas import BuyerId

READ: Final = "products:read"
READ_BUYERS: Final = "buyers:read"
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


@get("/product_templates", opt=needs(READ), operation_id="list_product_templates", tags=["Products"])
async def list_product_templates(request: ApiRequest) -> TemplatesView:
    """Whole documents for a vertical, to be drafted as they are or changed."""
    return TemplatesView(data=[template_view(one) for one in templates()])


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


@post(
    "/products/{product_id:str}/tier_reviews",
    opt=needs(reviewing.PERMISSION, key="optional"),
    operation_id="review_tiers",
    tags=["Tiers"],
    status_code=200,
)
async def review_tiers(
    request: ApiRequest, product_id: FromPath[ProductId], data: JSONBody[NewTierReview]
) -> TierReviewView:
    """Judge all buyers by their facts: who would move between the product's tiers, and why; or move them."""
    command = reviewing.ReviewTiers(product_id=product_id.uuid, dry_run=data.dry_run, reason=data.reason)
    return tier_review_view(request.ctx, await reviewing.review_tiers(request.ctx, command))


@get("/buyers/{buyer_id:str}/tiers", opt=needs(READ_BUYERS), operation_id="get_buyer_tiers", tags=["Tiers"])
async def get_buyer_tiers(request: ApiRequest, buyer_id: FromPath[BuyerId]) -> BuyerTiersView:
    """The tiers that a buyer has now, and how it came to them."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        await read_buyer(tx, ctx.tenant_id, buyer_id.uuid)
        tiers = await tiers_of(tx, ctx, buyer_id.uuid)
    return buyer_tiers_view(ctx, buyer_id, tiers)


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
        list_product_templates,
        list_products,
        get_product,
        review_tiers,
        get_buyer_tiers,
    ],
)
