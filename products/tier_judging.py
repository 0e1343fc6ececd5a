"""Judges all buyers under a product's tiers, page by page, inside the caller's transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.ids import uuid7
from products.buyer_tiers import Move, Standing, standings
from products.errors import ReviewTooLong
from products.queries import Version
from products.rules.tiers import Ladder, direction, judge, propose

TURN: Final = 250
"""Buyers after which other requests of the process have their turn: about 10 ms."""
LONGEST_SECONDS: Final = 40
"""Within a request's scope; 100,000 buyers take a few seconds."""


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is None for a dry run, and before it is written. `tiers`: how many buyers each tier has
    afterwards; those in none under "". `moves`: all, in an answer the first.
    """

    id: UUID | None
    product_id: UUID
    product_version: int
    facts_as_of_on: date
    reviewed: int
    moved: int
    tiers: dict[str, int]
    moves: tuple[Move, ...]


async def judge_all(
    tx: Tx, ctx: Ctx, product_id: UUID, version: Version, steps: Ladder, as_of_on: date
) -> Reviewed:
    """Writes nothing. Raises ReviewTooLong."""
    until = monotonic() + LONGEST_SECONDS
    tiers: Counter[str] = Counter()
    moves: list[Move] = []
    async for page in standings(tx, ctx, product_id, version.document["currency"]):
        if monotonic() > until:
            raise ReviewTooLong(seconds=LONGEST_SECONDS, reviewed=tiers.total())
        for place, standing in enumerate(page):
            if place % TURN == 0:
                await asyncio.sleep(0)
            tier, move = _move(steps, standing)
            tiers[tier or ""] += 1
            moves += [move] if move else []
    return Reviewed(
        id=None, product_id=product_id, product_version=version.version, facts_as_of_on=as_of_on,
        reviewed=tiers.total(), moved=len(moves), tiers=dict(tiers), moves=tuple(moves),
    )  # fmt: skip


def _move(steps: Ladder, standing: Standing) -> tuple[str | None, Move | None]:
    judged = judge(steps, standing.values)
    if judged.tier == standing.tier:
        return judged.tier, None
    tier = steps.tiers[steps.place(judged.tier)] if judged.tier else None
    proposed = propose(steps, tier, standing.values)
    return judged.tier, Move(
        id=uuid7(),
        buyer_id=standing.buyer_id,
        old_tier=standing.tier,
        new_tier=judged.tier,
        direction=direction(steps, standing.tier, judged.tier),
        rule=judged.rule,
        facts=judged.facts,
        missing=judged.missing,
        facts_as_of_on=standing.as_of_on,
        limit_minor=proposed.limit_minor,
        maximum_limit_minor=proposed.maximum_limit_minor,
        limit_refusal=proposed.refusal,
    )
