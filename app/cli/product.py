"""Credit products."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.documents import read_json
from app.cli.failures import CommandError
from app.cli.member import Limit
from kernel.context import Ctx
from kernel.db.scope import scope
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.publish_product import PublishProduct, publish_product
from products.queries import list_products, list_programmes
from products.schemas import ProductView, TemplateView, product_view, template_view
from products.templates import template

app = group("Credit products: drafted by one member, published by another.")

Code = Annotated[str, typer.Argument(help="The product's code, or its id")]
Document = Annotated[
    Path, typer.Option("--file", metavar="FILE", help="The product document as JSON; - reads it here")
]


@command(app, "create")
async def create(
    ctx: Ctx,
    code: Annotated[str, typer.Argument(help="Small letters, digits, hyphens; unique for ever")],
    name_zh: Annotated[str, typer.Option("--name-zh", help="Its name in Chinese")],
    name_en: Annotated[str, typer.Option("--name-en", help="Its name in English")],
    file: Document,
    programme: Annotated[
        str | None, typer.Option(metavar="pgm_…", help="Needed where there are several")
    ] = None,
) -> ProductView:
    """Make a product with its first draft; all that is wrong with the document is told at once."""
    new = NewProduct(
        programme_id=await _programme(ctx, programme), code=code, name_zh=name_zh, name_en=name_en
    )
    command = DraftProduct(product=new, document=read_json(file))
    return product_view(ctx, await draft_product(ctx, command))


@command(app, "draft")
async def draft(ctx: Ctx, product: Code, file: Document) -> ProductView:
    """Write a product's draft, or begin its next version."""
    command = DraftProduct(product=(await named.product(ctx, product)).id, document=read_json(file))
    return product_view(ctx, await draft_product(ctx, command))


@command(app, "publish")
async def publish(
    ctx: Ctx,
    product: Code,
    revision: Annotated[
        int | None, typer.Option(help="Refuse unless the draft is at this revision; without: as it is now")
    ] = None,
) -> ProductView:
    """Publish the draft; it never changes again. Needs another member than who drafted it."""
    last = (found := await named.product(ctx, product)).versions[-1]
    command = PublishProduct(product_id=found.id, version=last.version, revision=revision or last.revision)
    return product_view(ctx, await publish_product(ctx, command))


@command(app, "list", columns=("id", "code", "name_zh", "name_en", "published_version"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[ProductView]:
    """Products in the order of their making."""
    async with scope(ctx, read_only=True) as tx:
        return [product_view(ctx, one) for one in await list_products(tx, ctx.tenant_id, limit=limit)]


@command(app, "show")
async def show(ctx: Ctx, product: Code) -> ProductView:
    """One product with all its versions."""
    return product_view(ctx, await named.product(ctx, product))


async def _programme(ctx: Ctx, text: str | None) -> UUID:
    if text is not None:
        return named.identified("programme", "pgm", text)
    async with scope(ctx, read_only=True) as tx:
        found = await list_programmes(tx, ctx.tenant_id, limit=2)
    if len(found) == 1:
        return found[0].id
    if found:
        raise CommandError(
            "there are several programmes", "name one with --programme: tradeline programme list"
        )
    raise CommandError("there is no programme yet", "open one: tradeline programme open …")


@command(app, "template")
async def template_(
    ctx: Ctx, code: Annotated[str, typer.Argument(help="textiles, pet_supplies or four_lpr")]
) -> TemplateView:
    """A whole document to begin with: `document` of the --json answer can be drafted, changed or as it is."""
    return template_view(template(code))
