"""Turns what tier reviews proposed into limit decisions, the only way a limit changes (DOMAIN.md §5).

Products knows no lines and billing no tiers: they meet here. Broken off anywhere, it goes on the next time:
a proposal stands until its limit is decided, and a decision that was made already changes nothing again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from billing.decide_limit import DecideLimit, decide_limit
from billing.queries import Line, open_lines
from billing.rules.limit import Kind
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import DomainError
from kernel.ids import encode
from products.buyer_tiers import KeptMove, settle_proposals, undecided

PAGE: Final = 200
_AT_ONCE: Final = 8


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that billing refused; the proposal stands."""

    buyer_id: UUID
    code: str


class LimitsDecided(msgspec.Struct, frozen=True, kw_only=True):
    """How many proposals came to what: `grant`, `raise`, `cut`, or `unchanged` (the line fits already, or no
    limit was proposed). `refused`: the first 100.
    """

    decided: dict[str, int]
    refused: tuple[Refused, ...]


async def decide_limits(ctx: Ctx, product_id: UUID) -> LimitsDecided:
    """Of all moves whose limit is not decided yet. Raises Forbidden (`lines:write`)."""
    counts: Counter[str] = Counter()
    refused: list[Refused] = []
    after: UUID | None = None
    while True:
        async with scope(ctx, read_only=True) as tx:
            moves = await undecided(tx, ctx, product_id, after=after, limit=PAGE)
            lines = await open_lines(tx, ctx, product_id, [move.buyer_id for move in moves])
        if not moves:
            return LimitsDecided(decided=dict(counts), refused=tuple(refused[:100]))
        after = moves[-1].buyer_id
        settled = await _decide(ctx, moves, lines, counts, refused)
        async with scope(ctx) as tx:
            await settle_proposals(tx, ctx, product_id, settled)


async def _decide(
    ctx: Ctx,
    moves: Sequence[KeptMove],
    lines: dict[UUID, Line],
    counts: Counter[str],
    refused: list[Refused],
) -> list[UUID]:
    """The moves whose limit is decided now."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(move: KeptMove) -> UUID | None:
        kind, limit_minor = change(move, lines.get(move.buyer_id))
        if kind is not None:
            command = DecideLimit(
                buyer_id=move.buyer_id,
                product_id=move.product_id,
                kind=kind,
                limit_minor=limit_minor,
                reason=reason(move),
            )
            try:
                async with turns:
                    await decide_limit(ctx.unkeyed(), command)
            except DomainError as error:
                refused.append(Refused(buyer_id=move.buyer_id, code=error.code))
                counts["refused"] += 1
                return None
        counts[kind or "unchanged"] += 1
        return move.id

    return [done for done in await asyncio.gather(*map(one, moves)) if done is not None]


def change(move: KeptMove, line: Line | None) -> tuple[Kind | None, int | None]:
    """Into a tier or up: a grant where there is no line, a raise where the line is lower. Down or out: a cut
    to the new tier's maximum (0 where there is none) where the line is higher.
    """
    if line is None:
        return ("grant", move.limit_minor) if move.limit_minor else (None, None)
    if move.direction in ("first", "up"):
        higher = move.limit_minor is not None and move.limit_minor > line.limit_minor
        return ("raise", move.limit_minor) if higher else (None, None)
    lower = move.maximum_limit_minor < line.limit_minor
    return ("cut", move.maximum_limit_minor) if lower else (None, None)


def reason(move: KeptMove) -> str:
    """Kept with the decision and told to the buyer."""
    return (
        f"tier {move.old_tier or 'none'} to {move.new_tier or 'none'}: {move.reason} of {move.effective_on}, "
        f"version {move.product_version} ({encode('trv', move.review_id)})"
    )
