"""Writes a review and its moves in the review's own transaction, set by set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.ids import uuid7
from products import events
from products.buyer_tiers import Move

AT_ONCE: Final = 5_000
"""Moves in one statement."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What all moves of one review have in common, and its row."""

    id: UUID
    product_id: UUID
    product_version: int
    facts_as_of_on: str
    reviewed: int
    moved: int
    reason: str


class _Row(Move, frozen=True, kw_only=True):
    """A move with the id of its event."""

    event_id: UUID


async def write_review(tx: Tx, ctx: Ctx, review: Review, moves: Sequence[Move]) -> None:
    """A move of a buyer takes the place of an older one whose limit was not decided yet."""
    await tx.execute(
        "INSERT INTO products.tier_review (tenant_id, id, product_id, product_version, facts_as_of_on, "
        "reviewed, moved, actor_kind, actor_id, effective_on, created_at) "
        "VALUES ($1, $2, $3, $4, $5::text::date, $6, $7, $8, $9, $10, $11)",
        ctx.tenant_id,
        review.id,
        review.product_id,
        review.product_version,
        review.facts_as_of_on,
        review.reviewed,
        review.moved,
        ctx.actor.kind,
        ctx.actor.id,
        ctx.today,
        ctx.now,
    )
    for place in range(0, len(moves), AT_ONCE):
        await _write(tx, ctx, review, moves[place : place + AT_ONCE])


async def _write(tx: Tx, ctx: Ctx, review: Review, moves: Sequence[Move]) -> None:
    rows = [_Row(event_id=uuid7(), **msgspec.structs.asdict(move)) for move in moves]
    told = msgspec.json.encode(rows).decode()
    await tx.execute(
        _MOVES, ctx.tenant_id, told, review.id, review.product_id, review.product_version, review.reason,
        ctx.actor.kind, ctx.actor.id, ctx.today, ctx.now,
    )  # fmt: skip
    await tx.execute(_TIERS, ctx.tenant_id, told, review.product_id, ctx.today)
    await tx.execute(_PROPOSALS, ctx.tenant_id, told, review.product_id)
    await tx.execute(
        _EVENTS, ctx.tenant_id, told, review.product_id, review.id, review.product_version,
        events.BUYER_TIER_MOVED,
    )  # fmt: skip


_MOVES: Final = """
    INSERT INTO products.tier_move (tenant_id, id, review_id, product_id, product_version, buyer_id, old_tier,
        new_tier, direction, rule, facts, missing, facts_as_of_on, limit_minor, maximum_limit_minor,
        limit_refusal, reason, actor_kind, actor_id, effective_on, created_at)
    SELECT $1, m.id, $3, $4, $5, m.buyer_id, m.old_tier, m.new_tier, m.direction, m.rule, m.facts, m.missing,
        m.facts_as_of_on, m.limit_minor, m.maximum_limit_minor, m.limit_refusal, $6, $7, $8, $9, $10
    FROM jsonb_to_recordset($2::jsonb) AS m (id uuid, buyer_id uuid, old_tier text, new_tier text,
        direction text, rule text, facts jsonb, missing jsonb, facts_as_of_on date, limit_minor bigint,
        maximum_limit_minor bigint, limit_refusal text)"""
_TIERS: Final = """
    INSERT INTO products.buyer_tier (tenant_id, product_id, buyer_id, tier, move_id, since_on)
    SELECT $1, $3, m.buyer_id, m.new_tier, m.id, $4
    FROM jsonb_to_recordset($2::jsonb) AS m (id uuid, buyer_id uuid, new_tier text)
    ON CONFLICT (tenant_id, product_id, buyer_id)
    DO UPDATE SET tier = excluded.tier, move_id = excluded.move_id, since_on = excluded.since_on"""
_PROPOSALS: Final = """
    INSERT INTO products.limit_proposal (tenant_id, product_id, buyer_id, move_id)
    SELECT $1, $3, m.buyer_id, m.id FROM jsonb_to_recordset($2::jsonb) AS m (id uuid, buyer_id uuid)
    ON CONFLICT (tenant_id, product_id, buyer_id) DO UPDATE SET move_id = excluded.move_id"""
_EVENTS: Final = """
    INSERT INTO kernel.outbox (tenant_id, id, topic, payload)
    SELECT $1, m.event_id, $6, jsonb_build_object('id', m.id, 'review_id', $4::uuid, 'product_id', $3::uuid,
        'product_version', $5::integer, 'buyer_id', m.buyer_id, 'old_tier', m.old_tier,
        'new_tier', m.new_tier, 'direction', m.direction, 'limit_minor', m.limit_minor)
    FROM jsonb_to_recordset($2::jsonb) AS m (event_id uuid, id uuid, buyer_id uuid, old_tier text,
        new_tier text, direction text, limit_minor bigint)"""
