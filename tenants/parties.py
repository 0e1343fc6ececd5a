"""Writes buyers and merchants set by set inside the caller's transaction, for imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import FieldProblem
from kernel.ids import uuid7
from kernel.outbox import emit_all
from tenants import events
from tenants.queries import Buyer, Merchant
from tenants.rules.parties import BuyerItem, MerchantItem, problem_of_party
from tenants.trade import Outcome


async def write_buyers(tx: Tx, ctx: Ctx, items: Sequence[BuyerItem]) -> list[Outcome]:
    """Each with the person who owns the account, or why not. A buyer who is there already under the same
    name and type is a repetition."""
    told: dict[int, Outcome] = {}
    ready: dict[UUID, tuple[int, BuyerItem]] = {}
    for place, item in enumerate(items):
        if problem := problem_of_party(item):
            told[place] = Outcome(item.external_ref, "refused", problem=problem)
        else:
            ready[uuid7()] = place, item
    written = {
        row["id"]
        for row in await tx.fetch(
            _INSERT_BUYERS,
            ctx.tenant_id,
            list(ready),
            [item.external_ref for _, item in ready.values()],
            [item.party_type for _, item in ready.values()],
            [item.name for _, item in ready.values()],
            ctx.now,
        )
    }
    added = {one: item for one, (_, item) in ready.items() if one in written}
    await tx.execute(
        _INSERT_OWNERS,
        ctx.tenant_id,
        [uuid7() for _ in added],
        list(added),
        [item.owner_name or item.name for item in added.values()],
        [item.mobile for item in added.values()],
        ctx.now,
    )
    made = [
        Buyer(one, item.external_ref, item.party_type, item.name, {}, 1, ctx.now)  # type: ignore[arg-type]
        for one, item in added.items()
    ]
    await emit_all(tx, ctx, events.BUYER_ADDED, made)
    refs = [item.external_ref for one, (_, item) in ready.items() if one not in written]
    rows = await tx.fetch(_FIND_BUYERS, ctx.tenant_id, refs) if refs else []
    stored = {row["external_ref"]: row for row in rows}
    for one, (place, item) in ready.items():
        if one in written:
            told[place] = Outcome(item.external_ref, "recorded", one)
            continue
        row = stored[item.external_ref]
        alike = (row["name"], row["party_type"]) == (item.name, item.party_type)
        told[place] = _there(item.external_ref, row["id"], alike)
    return [told[place] for place in range(len(items))]


async def write_merchants(tx: Tx, ctx: Ctx, items: Sequence[MerchantItem]) -> list[Outcome]:
    """As `write_buyers`."""
    told: dict[int, Outcome] = {}
    ready: dict[UUID, tuple[int, MerchantItem]] = {}
    for place, item in enumerate(items):
        if problem := problem_of_party(item):
            told[place] = Outcome(item.external_ref, "refused", problem=problem)
        else:
            ready[uuid7()] = place, item
    written = {
        row["id"]
        for row in await tx.fetch(
            _INSERT_MERCHANTS,
            ctx.tenant_id,
            list(ready),
            [item.external_ref for _, item in ready.values()],
            [item.name for _, item in ready.values()],
            ctx.now,
        )
    }
    made = [
        Merchant(one, item.external_ref, item.name, {}, 1, ctx.now)
        for one, (_, item) in ready.items()
        if one in written
    ]
    await emit_all(tx, ctx, events.MERCHANT_ADDED, made)
    refs = [item.external_ref for one, (_, item) in ready.items() if one not in written]
    rows = await tx.fetch(_FIND_MERCHANTS, ctx.tenant_id, refs) if refs else []
    stored = {row["external_ref"]: row for row in rows}
    for one, (place, item) in ready.items():
        if one in written:
            told[place] = Outcome(item.external_ref, "recorded", one)
        else:
            row = stored[item.external_ref]
            told[place] = _there(item.external_ref, row["id"], row["name"] == item.name)
    return [told[place] for place in range(len(items))]


def _there(external_ref: str, stored_id: UUID, alike: bool) -> Outcome:
    if alike:
        return Outcome(external_ref, "repeated", stored_id)
    problem = FieldProblem("#/external_ref", "recorded_otherwise", {"external_ref": external_ref})
    return Outcome(external_ref, "refused", problem=problem)


_INSERT_BUYERS: Final = """
    INSERT INTO tenants.buyer (tenant_id, id, external_ref, party_type, name, created_at)
    SELECT $1, b.*, $6 FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) b (id, ref)
    ORDER BY b.ref, b.id ON CONFLICT (tenant_id, external_ref) DO NOTHING RETURNING id
"""
_INSERT_OWNERS: Final = """
    INSERT INTO tenants.buyer_user (tenant_id, id, buyer_id, name, role, mobile, created_at)
    SELECT $1, u.id, u.buyer_id, u.name, 'owner', u.mobile, $6
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) u (id, buyer_id, name, mobile)
"""
_FIND_BUYERS: Final = (
    "SELECT external_ref, id, name, party_type FROM tenants.buyer "
    "WHERE tenant_id = $1 AND external_ref = ANY($2)"
)
_INSERT_MERCHANTS: Final = """
    INSERT INTO tenants.merchant (tenant_id, id, external_ref, name, created_at)
    SELECT $1, m.*, $5 FROM unnest($2::uuid[], $3::text[], $4::text[]) m (id, ref)
    ORDER BY m.ref, m.id ON CONFLICT (tenant_id, external_ref) DO NOTHING RETURNING id
"""
_FIND_MERCHANTS: Final = (
    "SELECT external_ref, id, name FROM tenants.merchant WHERE tenant_id = $1 AND external_ref = ANY($2)"
)
