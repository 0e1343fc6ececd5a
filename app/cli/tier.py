"""Tiers of a product's buyers."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from app.cli import named
from app.cli.commands import command, group
from app.tier_limits import LimitsDecided, decide_limits
from kernel.context import Ctx
from kernel.db.scope import scope
from products.buyer_tiers import tiers_of
from products.review_tiers import ReviewTiers, review_tiers
from products.schemas import BuyerTiersView, TierReviewView, buyer_tiers_view, tier_review_view
from tenants.schemas import BuyerId

app = group("Tiers: who is in which, and why.")


class ReviewAnswer(msgspec.Struct, kw_only=True):
    """`limits`: what became of the proposals, where they were decided."""

    review: TierReviewView
    limits: LimitsDecided | None


@command(app, "review")
async def review(
    ctx: Ctx,
    product: Annotated[str, typer.Option(help="Code or id of a published product with tiers")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell who would move, and why; write nothing")
    ] = False,
    decide: Annotated[
        bool, typer.Option("--decide-limits", help="Also grant, raise or cut the limits of those who moved")
    ] = False,
    reason: Annotated[str, typer.Option(help="Kept with each move")] = "regular review",
) -> ReviewAnswer:
    """Judge all buyers by the facts computed last, and move them between tiers."""
    if dry_run and decide:
        raise typer.BadParameter("--dry-run changes nothing: leave --decide-limits out")
    product_id = (await named.product(ctx, product)).id
    command = ReviewTiers(product_id=product_id, dry_run=dry_run, reason=reason)
    reviewed = tier_review_view(ctx, await review_tiers(ctx, command))
    return ReviewAnswer(review=reviewed, limits=await decide_limits(ctx, product_id) if decide else None)


@command(app, "show")
async def show(
    ctx: Ctx, buyer: Annotated[str, typer.Argument(metavar="BUYER", help="Id or external reference")]
) -> BuyerTiersView:
    """The tiers that a buyer has now, and how it came to them."""
    buyer_id = (await named.buyer(ctx, buyer)).id
    async with scope(ctx, read_only=True) as tx:
        return buyer_tiers_view(ctx, BuyerId(buyer_id), await tiers_of(tx, ctx, buyer_id))
