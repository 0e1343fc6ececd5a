"""What a process may keep of billing, because it never changes: whose a line is, which merchants exist,
which terms are stored. What an owner is (its tier, its party) may change, and raises the tenant's
config_version: it is kept under that.

An authorisation needs no read once these are known. Everything that can change (room, status, versions) is
checked by
`billing.commit` under its locks, never here.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from products.rules.law import Party
from products.rules.product import Choice
from products.rules.terms import Terms, canonical

_KEPT: Final = 200_000
_TOGETHER: Final = 64
"""Lines read at once: 64 cost a quarter more than one."""


class LineOwner(msgspec.Struct, frozen=True):
    """`party` and `tier` as they were under `config_version`."""

    buyer_id: UUID
    product_id: UUID
    currency: str
    party: Party
    tier: str | None
    config_version: int

    def choosing(self, choice: Choice) -> Choice:
        """The choice of an order, with what the buyer is: nobody else says that."""
        return msgspec.structs.replace(choice, party=self.party, tier=self.tier)


_ended: dict[UUID, date] = {}
_owners: dict[tuple[UUID, UUID], LineOwner] = {}
_merchants: set[tuple[UUID, UUID]] = set()
_stored_terms: set[tuple[UUID, UUID]] = set()


def remember_ended(ctx: Ctx, through_on: date) -> None:
    _ended[ctx.tenant_id] = through_on


def known_ended(ctx: Ctx) -> bool:
    """Day end has run for the business date, as far as this process has seen."""
    return _ended.get(ctx.tenant_id, date.min) >= ctx.today


def known_owner(ctx: Ctx, line_id: UUID) -> LineOwner | None:
    return _owners.get((ctx.tenant_id, line_id))


def known_merchant(ctx: Ctx, merchant_id: UUID) -> bool:
    return (ctx.tenant_id, merchant_id) in _merchants


def known_terms(ctx: Ctx, terms_id: UUID) -> bool:
    return (ctx.tenant_id, terms_id) in _stored_terms


async def find_owner(tx: Tx, ctx: Ctx, line_id: UUID) -> LineOwner | None:
    """The next lines come along with the one asked for, so that a process that has just started soon knows
    them all.
    """
    rows = await tx.fetch(
        """SELECT l.id, l.buyer_id, l.product_id, l.currency, b.party_type, t.tier,
            (SELECT config_version FROM kernel.tenant WHERE id = $1) AS config_version
        FROM billing.line l
        JOIN tenants.buyer b ON b.tenant_id = l.tenant_id AND b.id = l.buyer_id
        LEFT JOIN products.buyer_tier t
            ON t.tenant_id = l.tenant_id AND t.product_id = l.product_id AND t.buyer_id = l.buyer_id
        WHERE l.tenant_id = $1 AND l.id >= $2 ORDER BY l.id LIMIT $3""",
        ctx.tenant_id, line_id, _TOGETHER,
    )  # fmt: skip
    if len(_owners) + _TOGETHER > _KEPT:
        _owners.clear()
    for row in rows:
        _owners[ctx.tenant_id, row["id"]] = LineOwner(
            row["buyer_id"], row["product_id"], row["currency"], row["party_type"], row["tier"],
            row["config_version"],
        )  # fmt: skip
    return _owners.get((ctx.tenant_id, line_id))


async def find_merchant(tx: Tx, ctx: Ctx, merchant_id: UUID) -> bool:
    found = await tx.fetchval(
        "SELECT true FROM tenants.merchant WHERE tenant_id = $1 AND id = $2", ctx.tenant_id, merchant_id
    )
    if found:
        if len(_merchants) >= _KEPT:
            _merchants.clear()
        _merchants.add((ctx.tenant_id, merchant_id))
    return bool(found)


async def store_terms(tx: Tx, ctx: Ctx, terms_id: UUID, terms: Terms) -> None:
    """Unless they are known to be stored. Committed by the caller's scope before any drawdown refers to them;
    remembered by `remember_terms` after that.
    """
    if known_terms(ctx, terms_id):
        return
    await tx.execute(
        "INSERT INTO billing.terms (tenant_id, id, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        ctx.tenant_id, terms_id, canonical(terms).decode(),
    )  # fmt: skip


def remember_terms(ctx: Ctx, terms_id: UUID) -> None:
    if known_terms(ctx, terms_id):
        return
    if len(_stored_terms) >= _KEPT:
        _stored_terms.clear()
    _stored_terms.add((ctx.tenant_id, terms_id))
