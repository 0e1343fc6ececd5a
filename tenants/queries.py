"""Reads of who: one by id, lists in the order of their making, and the way from a key to its tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from kernel.context import Mode
from kernel.db.engine import Tx
from kernel.errors import NotFound
from tenants.rules.keys import key_hash
from tenants.rules.roles import permissions_of_key

PartyType = Literal["company", "sole_trader", "individual"]
S = TypeVar("S")


class Tenant(msgspec.Struct, frozen=True):
    id: UUID
    platform_id: UUID
    mode: Mode
    slug: str
    name: str
    timezone: str
    cut_off: time
    locale: str
    config_version: int


class Member(msgspec.Struct, frozen=True):
    id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    version: int
    created_at: datetime


class ApiKey(msgspec.Struct, frozen=True):
    """`member_id` None: the tenant's own key. Times are real, also in a test tenant."""

    id: UUID
    family: UUID
    hint: str
    name: str
    member_id: UUID | None
    scopes: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class Buyer(msgspec.Struct, frozen=True):
    id: UUID
    external_ref: str | None
    party_type: PartyType
    name: str
    metadata: dict[str, str]
    version: int
    created_at: datetime


class BuyerUser(msgspec.Struct, frozen=True):
    id: UUID
    buyer_id: UUID
    name: str
    role: Literal["owner"]
    mobile: str | None
    created_at: datetime


class Merchant(msgspec.Struct, frozen=True):
    id: UUID
    external_ref: str | None
    name: str
    metadata: dict[str, str]
    version: int
    created_at: datetime


class FoundKey(msgspec.Struct, frozen=True):
    """Who comes with a key. Good as long as the tenant's config_version stands and `usable` says so."""

    tenant_id: UUID
    mode: Mode
    config_version: int
    key_id: UUID
    family: UUID
    scopes: tuple[str, ...]
    member_id: UUID | None
    roles: tuple[str, ...] | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def usable(self, real_now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or real_now < self.expires_at)

    @property
    def permissions(self) -> frozenset[str]:
        return permissions_of_key(self.scopes, self.roles)


async def find_key(tx: Tx, key: str) -> FoundKey | None:
    """The owner of `key`, usable or not; None for what is no key of ours. `tx` is that of `unscoped()`."""
    hashed = key_hash(key)
    if hashed is None:
        return None
    row = await tx.fetchrow("SELECT * FROM tenants.find_key($1)", hashed)
    return None if row is None else _struct(row, FoundKey)


async def find_tenant(tx: Tx, slug: str) -> Tenant:
    """The tenant of this slug (`textiles`, `textiles-test`), with or without a scope. Raises NotFound."""
    return _one(await tx.fetchrow(f"{_TENANT} WHERE slug = $1", slug), Tenant)


async def read_tenant(tx: Tx, tenant_id: UUID) -> Tenant:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_TENANT} WHERE id = $1", tenant_id), Tenant)


async def list_tenants(tx: Tx) -> list[Tenant]:
    """All of them, by slug, with or without a scope: for the operator and the job runner."""
    return [_struct(row, Tenant) for row in await tx.fetch(f"{_TENANT} ORDER BY slug")]


async def read_member(tx: Tx, tenant_id: UUID, member_id: UUID) -> Member:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_MEMBER} AND id = $2", tenant_id, member_id), Member)


async def find_member(tx: Tx, tenant_id: UUID, email: str) -> Member:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_MEMBER} AND email = $2", tenant_id, email), Member)


async def list_members(tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int) -> list[Member]:
    return await _page(tx, _MEMBER, Member, tenant_id, after, limit)


async def read_key(tx: Tx, tenant_id: UUID, key_id: UUID) -> ApiKey:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_KEY} AND id = $2", tenant_id, key_id), ApiKey)


async def list_keys(tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int) -> list[ApiKey]:
    return await _page(tx, _KEY, ApiKey, tenant_id, after, limit)


async def read_buyer(tx: Tx, tenant_id: UUID, buyer_id: UUID) -> Buyer:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_BUYER} AND id = $2", tenant_id, buyer_id), Buyer)


async def find_buyer(tx: Tx, tenant_id: UUID, external_ref: str) -> Buyer:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_BUYER} AND external_ref = $2", tenant_id, external_ref), Buyer)


async def buyers_of_refs(tx: Tx, tenant_id: UUID, external_refs: Sequence[str]) -> dict[str, UUID]:
    """Of those that are there, by reference."""
    rows = await tx.fetch(
        "SELECT external_ref, id FROM tenants.buyer WHERE tenant_id = $1 AND external_ref = ANY ($2)",
        tenant_id,
        list(external_refs),
    )
    return {row["external_ref"]: row["id"] for row in rows}


async def list_buyers(tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int) -> list[Buyer]:
    return await _page(tx, _BUYER, Buyer, tenant_id, after, limit)


async def list_buyer_users(tx: Tx, tenant_id: UUID, buyer_id: UUID) -> list[BuyerUser]:
    rows = await tx.fetch(
        "SELECT id, buyer_id, name, role, mobile, created_at FROM tenants.buyer_user "
        "WHERE tenant_id = $1 AND buyer_id = $2 ORDER BY id",
        tenant_id,
        buyer_id,
    )
    return [_struct(row, BuyerUser) for row in rows]


async def read_merchant(tx: Tx, tenant_id: UUID, merchant_id: UUID) -> Merchant:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_MERCHANT} AND id = $2", tenant_id, merchant_id), Merchant)


async def find_merchant(tx: Tx, tenant_id: UUID, external_ref: str) -> Merchant:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_MERCHANT} AND external_ref = $2", tenant_id, external_ref), Merchant)


async def list_merchants(tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int) -> list[Merchant]:
    return await _page(tx, _MERCHANT, Merchant, tenant_id, after, limit)


_TENANT = (
    "SELECT id, platform_id, mode, slug, name, timezone, cut_off, locale, config_version FROM kernel.tenant"
)
_MEMBER = "SELECT id, email, name, roles, version, created_at FROM tenants.member WHERE tenant_id = $1"
_KEY = (
    "SELECT id, family, hint, name, member_id, scopes, expires_at, revoked_at, created_at "
    "FROM tenants.api_key WHERE tenant_id = $1"
)
_BUYER = (
    "SELECT id, external_ref, party_type, name, metadata, version, created_at "
    "FROM tenants.buyer WHERE tenant_id = $1"
)
_MERCHANT = (
    "SELECT id, external_ref, name, metadata, version, created_at FROM tenants.merchant WHERE tenant_id = $1"
)
_FIRST = UUID(int=0)


async def _page(
    tx: Tx, select: str, kind: type[S], tenant_id: UUID, after: UUID | None, limit: int
) -> list[S]:
    """Ids grow with time, so their order is that of the making."""
    rows = await tx.fetch(f"{select} AND id > $2 ORDER BY id LIMIT $3", tenant_id, after or _FIRST, limit)
    return [_struct(row, kind) for row in rows]


def _one(row: Any, kind: type[S]) -> S:
    if row is None:
        raise NotFound()
    return _struct(row, kind)


def _struct(row: Any, kind: type[S]) -> S:
    values = dict(row)
    if "metadata" in values:
        values["metadata"] = msgspec.json.decode(values["metadata"])
    return msgspec.convert(values, kind)
