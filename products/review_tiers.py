"""Judges all buyers by their stored facts: who would move between a product's tiers, and why; or moves them.

It changes no limit. Each move is left as a proposal, from which app makes limit decisions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.idempotency import keep, once
from kernel.ids import uuid7
from kernel.outbox import emit
from products import events
from products.buyer_tiers import Move, facts_as_of
from products.errors import FactsMissing, FactsTooOld, NoTiers, ProductNotPublished
from products.queries import Version, forget_offer, read_product
from products.rules.tiers import ladder
from products.tier_judging import Reviewed, judge_all
from products.tier_rows import Review, write_review
from tenants.rules import inputs

PERMISSION: Final = "tiers:write"
OLDEST_DAYS: Final = 7
"""Facts older than that move nobody."""
TOLD: Final = 1_000
"""So many moves are told in the answer; all of them are kept."""


class ReviewTiers(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: why the review is held; kept with each move."""

    product_id: UUID
    dry_run: bool = False
    reason: str = "regular review"


async def review_tiers(ctx: Ctx, command: ReviewTiers) -> Reviewed:
    """Raises Forbidden, Invalid, KeyReused, NotFound, ProductNotPublished, NoTiers, FactsMissing,
    FactsTooOld, ReviewTooLong.
    """
    ctx.require(PERMISSION)
    inputs.refuse((inputs.name(command.reason, "#/reason"),))
    async with scope(ctx, read_only=command.dry_run) as tx:
        if not command.dry_run and (stored := await once(tx, ctx)) is not None:
            return stored.result(Reviewed)
        if not command.dry_run:
            await _wait_for_others(tx, ctx, command.product_id)
        version = await _published(tx, ctx, command.product_id)
        steps, currency = ladder(version.document), version.document["currency"]
        if not steps.tiers:
            raise NoTiers()
        as_of_on = await facts_as_of(tx, ctx, currency)
        if as_of_on is None:
            raise FactsMissing(currency=currency)
        if as_of_on < ctx.today - timedelta(OLDEST_DAYS):
            raise FactsTooOld(as_of_on=str(as_of_on), days=OLDEST_DAYS)
        reviewed = await judge_all(tx, ctx, command.product_id, version, steps, as_of_on)
        if command.dry_run:
            return _told(reviewed)
        done = msgspec.structs.replace(_told(reviewed), id=uuid7())
        await _write(tx, ctx, command, done, reviewed.moves)
        await keep(tx, ctx, done)
    forget_offer(ctx, command.product_id)
    return done


async def _wait_for_others(tx: Tx, ctx: Ctx, product_id: UUID) -> None:
    """Two reviews of one product come one after the other."""
    await tx.execute(
        "SELECT 1 FROM products.product WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
        ctx.tenant_id,
        product_id,
    )


async def _published(tx: Tx, ctx: Ctx, product_id: UUID) -> Version:
    versions = (await read_product(tx, ctx.tenant_id, product_id)).versions
    published = [version for version in versions if version.status == "published"]
    if not published:
        raise ProductNotPublished()
    return published[-1]


async def _write(tx: Tx, ctx: Ctx, command: ReviewTiers, done: Reviewed, moves: tuple[Move, ...]) -> None:
    """A move changes the terms of the buyer's next order: what processes keep of them is out of date."""
    assert done.id is not None
    review = Review(
        id=done.id, product_id=done.product_id, product_version=done.product_version,
        facts_as_of_on=str(done.facts_as_of_on), reviewed=done.reviewed, moved=done.moved,
        reason=command.reason,
    )  # fmt: skip
    await write_review(tx, ctx, review, moves)
    if moves:
        await touch_config(tx, ctx)
    detail = msgspec.structs.asdict(review) | {"tiers": done.tiers}
    await record(tx, ctx, events.TIERS_REVIEWED, "product", done.product_id, detail)
    await emit(tx, ctx, events.TIERS_REVIEWED, detail)


def _told(reviewed: Reviewed) -> Reviewed:
    return msgspec.structs.replace(reviewed, moves=reviewed.moves[:TOLD])
