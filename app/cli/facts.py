"""What is known about buyers."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from kernel.context import Ctx
from kernel.db.scope import scope
from products.buyer_tiers import read_facts
from reports.buyer_facts import ComputeFacts, FactsComputed, compute_facts
from reports.schemas import BuyerFactsView, buyer_facts_view
from tenants.schemas import BuyerId

app = group("Buyer facts: activity, scale and fund return of each buyer. What they are: docs/buyer-facts.md.")


@command(app, "compute")
async def compute(ctx: Ctx) -> FactsComputed:
    """Compute the facts of all buyers as of today; the day's end comes first."""
    return await compute_facts(ctx, ComputeFacts())


@command(app, "show")
async def show(
    ctx: Ctx, buyer: Annotated[str, typer.Argument(metavar="BUYER", help="Id or external reference")]
) -> BuyerFactsView:
    """What was computed last about one buyer."""
    buyer_id = (await named.buyer(ctx, buyer)).id
    async with scope(ctx, read_only=True) as tx:
        return buyer_facts_view(ctx, BuyerId(buyer_id), await read_facts(tx, ctx, buyer_id))
