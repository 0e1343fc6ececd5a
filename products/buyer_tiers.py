"""Reads of buyers' facts and tiers, and of what was proposed for their limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import NotFound
from products.rules.facts import FACTS
from products.rules.product import Choice
from products.rules.tiers import Direction

PAGE: Final = 10_000
"""Large, so that few are read even where a planner without statistics reads all for each."""
_FIRST: Final = UUID(int=0)
_COLUMNS: Final = ", ".join(f"f.{name}" for name in FACTS)


class BuyerFactsRow(msgspec.Struct, frozen=True, kw_only=True):
    """`values`: each fact of the registry, None where it is not known."""

    buyer_id: UUID
    currency: str
    as_of_on: date
    computed_at: datetime
    values: dict[str, int | None]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer before a review: its facts, and the tier that it has under the product."""

    buyer_id: UUID
    as_of_on: date
    tier: str | None
    values: dict[str, int | None]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A row of products.tier_move. `limit_minor`: the limit proposed; None: none, for `limit_refusal`."""

    id: UUID
    buyer_id: UUID
    old_tier: str | None
    new_tier: str | None
    direction: Direction
    rule: str
    facts: dict[str, int | None]
    missing: tuple[str, ...]
    facts_as_of_on: date
    limit_minor: int | None
    maximum_limit_minor: int
    limit_refusal: str | None


class KeptMove(Move, frozen=True, kw_only=True):
    """A move with all that was written of it."""

    review_id: UUID
    product_id: UUID
    product_version: int
    reason: str
    actor_kind: str
    actor_id: UUID
    effective_on: date
    created_at: datetime


class BuyerTier(msgspec.Struct, frozen=True, kw_only=True):
    """`moves`: the newest first."""

    product_id: UUID
    tier: str | None
    since_on: date
    moves: tuple[KeptMove, ...]


async def read_facts(tx: Tx, ctx: Ctx, buyer_id: UUID) -> list[BuyerFactsRow]:
    """One a currency; none before they were computed."""
    rows = await tx.fetch(
        f"SELECT f.buyer_id, f.currency, f.as_of_on, f.computed_at, {_COLUMNS} FROM products.buyer_facts f "
        "WHERE f.tenant_id = $1 AND f.buyer_id = $2 ORDER BY f.currency",
        ctx.tenant_id,
        buyer_id,
    )
    return [
        BuyerFactsRow(
            buyer_id=row["buyer_id"],
            currency=row["currency"],
            as_of_on=row["as_of_on"],
            computed_at=row["computed_at"],
            values={name: row[name] for name in FACTS},
        )
        for row in rows
    ]


async def facts_as_of(tx: Tx, ctx: Ctx, currency: str) -> date | None:
    """The day of the newest facts in this currency."""
    found: date | None = await tx.fetchval(
        "SELECT max(as_of_on) FROM products.buyer_facts WHERE tenant_id = $1 AND currency = $2",
        ctx.tenant_id,
        currency,
    )
    return found


async def standings(tx: Tx, ctx: Ctx, product_id: UUID, currency: str) -> AsyncIterator[list[Standing]]:
    """All buyers with facts in this currency, in pages."""
    after = _FIRST
    while rows := await tx.fetch(
        f"SELECT f.buyer_id, f.as_of_on, t.tier, {_COLUMNS} FROM products.buyer_facts f "
        "LEFT JOIN products.buyer_tier t "
        "ON t.tenant_id = f.tenant_id AND t.buyer_id = f.buyer_id AND t.product_id = $2 "
        "WHERE f.tenant_id = $1 AND f.currency = $3 AND f.buyer_id > $4 ORDER BY f.buyer_id LIMIT $5",
        ctx.tenant_id,
        product_id,
        currency,
        after,
        PAGE,
    ):
        after = rows[-1]["buyer_id"]
        yield [
            Standing(
                buyer_id=row["buyer_id"],
                as_of_on=row["as_of_on"],
                tier=row["tier"],
                values={name: row[name] for name in FACTS},
            )
            for row in rows
        ]


async def choice_of(tx: Tx, ctx: Ctx, product_id: UUID, buyer_id: UUID, choice: Choice) -> Choice:
    """The choice of an order, with the buyer's party and its tier under the product. Raises NotFound."""
    row = await tx.fetchrow(
        "SELECT b.party_type, t.tier FROM tenants.buyer b LEFT JOIN products.buyer_tier t "
        "ON t.tenant_id = b.tenant_id AND t.buyer_id = b.id AND t.product_id = $3 "
        "WHERE b.tenant_id = $1 AND b.id = $2",
        ctx.tenant_id,
        buyer_id,
        product_id,
    )
    if row is None:
        raise NotFound(what="buyer")
    return msgspec.structs.replace(choice, party=row["party_type"], tier=row["tier"])


async def tiers_of(tx: Tx, ctx: Ctx, buyer_id: UUID, *, moves: int = 20) -> list[BuyerTier]:
    """The buyer's tier under each product, with its latest moves."""
    tiers = await tx.fetch(
        "SELECT product_id, tier, since_on FROM products.buyer_tier "
        "WHERE tenant_id = $1 AND buyer_id = $2 ORDER BY product_id",
        ctx.tenant_id,
        buyer_id,
    )
    return [
        BuyerTier(
            product_id=row["product_id"],
            tier=row["tier"],
            since_on=row["since_on"],
            moves=tuple(
                _kept(move)
                for move in await tx.fetch(
                    f"{_MOVE} AND buyer_id = $2 AND product_id = $3 ORDER BY id DESC LIMIT $4",
                    ctx.tenant_id,
                    buyer_id,
                    row["product_id"],
                    moves,
                )
            ),
        )
        for row in tiers
    ]


async def undecided(tx: Tx, ctx: Ctx, product_id: UUID, *, after: UUID | None, limit: int) -> list[KeptMove]:
    """Moves whose limit is not decided yet, by buyer."""
    rows = await tx.fetch(
        f"{_MOVE} AND id IN (SELECT move_id FROM products.limit_proposal "
        "WHERE tenant_id = $1 AND product_id = $2 AND buyer_id > $3 ORDER BY buyer_id LIMIT $4) "
        "ORDER BY buyer_id",
        ctx.tenant_id,
        product_id,
        after or _FIRST,
        limit,
    )
    return [_kept(row) for row in rows]


async def settle_proposals(tx: Tx, ctx: Ctx, product_id: UUID, moves: list[UUID]) -> None:
    """Their limits are decided: a newer move of the same buyer stays."""
    await tx.execute(
        "DELETE FROM products.limit_proposal WHERE tenant_id = $1 AND product_id = $2 AND move_id = ANY ($3)",
        ctx.tenant_id,
        product_id,
        moves,
    )


_MOVE: Final = """
    SELECT id, review_id, product_id, product_version, buyer_id, old_tier, new_tier, direction, rule, facts,
        missing, facts_as_of_on, limit_minor, maximum_limit_minor, limit_refusal, reason, actor_kind,
        actor_id, effective_on, created_at
    FROM products.tier_move WHERE tenant_id = $1"""


def _kept(row: Any) -> KeptMove:
    values = dict(row)
    values["facts"] = msgspec.json.decode(values["facts"])
    values["missing"] = tuple(msgspec.json.decode(values["missing"]))
    return KeptMove(**values)
