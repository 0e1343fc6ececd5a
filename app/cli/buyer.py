"""Buyers."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.member import Limit
from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.queries import PartyType, list_buyers
from tenants.schemas import BuyerView, buyer_view

app = group("Buyers: the businesses that owe.")


@command(app, "add")
async def add(
    ctx: Ctx,
    name: Annotated[str, typer.Argument(help="The business")],
    owner: Annotated[str, typer.Option(help="The person who owns the account")],
    party_type: Annotated[PartyType, typer.Option("--type", help="What kind of business")] = "company",
    mobile: Annotated[str | None, typer.Option(help="The owner's mobile number")] = None,
    external_ref: Annotated[str | None, typer.Option(help="The platform's own id; unique for ever")] = None,
) -> BuyerView:
    """Make a business a buyer; it has no line yet."""
    command = AddBuyer(
        name=name, party_type=party_type, owner_name=owner, mobile=mobile, external_ref=external_ref
    )
    return buyer_view(ctx, await add_buyer(ctx, command))


@command(app, "list", columns=("id", "name", "party_type", "external_ref"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[BuyerView]:
    """Buyers in the order of their making."""
    async with scope(ctx, read_only=True) as tx:
        return [buyer_view(ctx, one) for one in await list_buyers(tx, ctx.tenant_id, limit=limit)]


@command(app, "show")
async def show(ctx: Ctx, buyer: Annotated[str, typer.Argument(help="Id or external reference")]) -> BuyerView:
    """One buyer."""
    return buyer_view(ctx, await named.buyer(ctx, buyer))
