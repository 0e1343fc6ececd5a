"""Merchants."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands import command, group
from app.cli.member import Limit
from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.queries import list_merchants
from tenants.schemas import MerchantView, merchant_view

app = group("Merchants: the sellers who are paid.")


@command(app, "add")
async def add(
    ctx: Ctx,
    name: Annotated[str, typer.Argument(help="The seller")],
    external_ref: Annotated[str | None, typer.Option(help="The platform's own id; unique for ever")] = None,
) -> MerchantView:
    """Make a seller a merchant."""
    return merchant_view(ctx, await add_merchant(ctx, AddMerchant(name=name, external_ref=external_ref)))


@command(app, "list", columns=("id", "name", "external_ref"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[MerchantView]:
    """Merchants in the order of their making."""
    async with scope(ctx, read_only=True) as tx:
        return [merchant_view(ctx, one) for one in await list_merchants(tx, ctx.tenant_id, limit=limit)]
