"""Opens the live or the test tenant of a platform, with its owner and a first key; once for each."""

from __future__ import annotations

from datetime import time
from secrets import randbits
from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.clock import business_date, real_now
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.ids import uuid7
from kernel.outbox import emit
from tenants import events
from tenants.errors import TenantExists
from tenants.rules import inputs
from tenants.rules.keys import key_hash, key_hint, new_key
from tenants.rules.roles import EVERYTHING

PERMISSION: Final = "tenants:open"


class OpenTenant(msgspec.Struct, frozen=True, kw_only=True):
    """`slug` is the platform's; its test tenant is `<slug>-test`. The business date rolls at `cut_off`."""

    slug: str
    name: str
    timezone: str
    cut_off: time = time(0)
    locale: str = "zh-CN"
    email: str
    owner_name: str


class TenantOpened(msgspec.Struct, frozen=True):
    """`secret` is the first key, of the tenant itself and unrestricted: shown now and never again."""

    tenant_id: UUID
    platform_id: UUID
    slug: str
    member_id: UUID
    key_id: UUID
    secret: str


async def open_tenant(ctx: Ctx, command: OpenTenant) -> TenantOpened:
    """Under a ctx of the tenant to come: its new id, its mode, and for a test tenant `now` as its clock's
    start.

    The platform is made with the first of its two tenants. Raises Forbidden, Invalid, TenantExists.
    """
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            inputs.slug(command.slug),
            inputs.name(command.name),
            inputs.timezone(command.timezone),
            inputs.locale(command.locale),
            inputs.email(command.email),
            inputs.name(command.owner_name, "#/owner_name"),
        )
    )
    slug = command.slug if ctx.mode == "live" else f"{command.slug}-test"
    member_id, key_id, secret = uuid7(), uuid7(), new_key(ctx.mode, randbits(256), restricted=False)
    async with scope(ctx) as tx:
        platform_id = await _platform(tx, ctx, command)
        await _tenant(tx, ctx, command, platform_id, slug)
        await tx.execute(
            "INSERT INTO tenants.member (tenant_id, id, email, name, roles, created_at) "
            "VALUES ($1, $2, $3, $4, '{owner}', $5)",
            ctx.tenant_id,
            member_id,
            command.email,
            command.owner_name,
            ctx.now,
        )
        await tx.execute(
            "INSERT INTO tenants.api_key (tenant_id, id, family, hash, hint, name, scopes, created_at) "
            "VALUES ($1, $2, $2, $3, $4, 'first', $5, $6)",
            ctx.tenant_id,
            key_id,
            key_hash(secret),
            key_hint(secret),
            [EVERYTHING],
            real_now(),
        )
        told = {"id": ctx.tenant_id, "slug": slug, "mode": ctx.mode, "owner": member_id, "key": key_id}
        await record(tx, ctx, events.TENANT_OPENED, "tenant", ctx.tenant_id, told)
        await emit(tx, ctx, events.TENANT_OPENED, told)
    return TenantOpened(ctx.tenant_id, platform_id, slug, member_id, key_id, secret)


async def _platform(tx: Tx, ctx: Ctx, command: OpenTenant) -> UUID:
    await tx.execute(
        "INSERT INTO tenants.platform (id, slug, name, created_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (slug) DO NOTHING",
        uuid7(),
        command.slug,
        command.name,
        real_now(),
    )
    platform_id: UUID = await tx.fetchval("SELECT id FROM tenants.platform WHERE slug = $1", command.slug)
    return platform_id


async def _tenant(tx: Tx, ctx: Ctx, command: OpenTenant, platform_id: UUID, slug: str) -> None:
    opened = await tx.execute(
        "INSERT INTO kernel.tenant "
        "(id, platform_id, mode, slug, name, timezone, cut_off, locale, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        ctx.tenant_id,
        platform_id,
        ctx.mode,
        slug,
        command.name,
        command.timezone,
        command.cut_off,
        command.locale,
        real_now(),
    )
    if opened == "INSERT 0 0":
        raise TenantExists(slug=slug, mode=ctx.mode)
    await tx.execute(
        "INSERT INTO kernel.tenant_day (tenant_id, business_on, clock_at) VALUES ($1, $2, $3)",
        ctx.tenant_id,
        business_date(ctx.now, command.timezone, command.cut_off),
        ctx.now if ctx.mode == "test" else None,
    )
