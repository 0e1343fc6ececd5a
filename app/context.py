"""Who is asking: the only place, beside the job runner, where a `Ctx` is made.

From an API key (HTTP), from a member named by whoever runs the command line, for work of the system itself,
and for the operator who opens a tenant. A member's key may do what its scopes and the roles both allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Final
from uuid import UUID

import msgspec

from app.keys import KeyCache
from kernel import clock, ids, log
from kernel.business_date import roll_business_date
from kernel.context import Actor, Ctx, IdempotencyKey, Mode
from kernel.db.scope import scope, unscoped
from kernel.errors import NotFound, Unauthenticated
from kernel.i18n import negotiate
from kernel.standing import Standing, read_standings
from tenants.queries import find_member, find_tenant
from tenants.rules.roles import OPERATOR, permissions_of

SYSTEM: Final = UUID(int=0)
"""The actor's id where nobody in particular acts."""

_BEARER: Final = b"bearer "


class FromKey:
    """Makes the context of each HTTP request; the `ContextOf` of kernel/web/request.py."""

    def __init__(self, keys: KeyCache) -> None:
        self._keys = keys

    async def __call__(self, authorization: bytes | None, language: bytes | None, request_id: str) -> Ctx:
        """Raises Unauthenticated, Unavailable."""
        if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER:
            raise Unauthenticated
        known = await self._keys.find(authorization[len(_BEARER) :].decode("latin-1").strip())
        real_now = clock.real_now()
        if known is None or not known[0].usable(real_now):
            raise Unauthenticated
        key, standing = known
        actor = Actor("member", key.member_id) if key.member_id else Actor("key", key.key_id)
        ctx = _ctx(
            standing,
            real_now,
            actor=actor,
            family=key.family,
            permissions=key.permissions,
            locale=negotiate(language.decode("latin-1") if language else None, standing.locale),
            request_id=request_id,
        )
        log.note(tenant=str(ctx.tenant_id), actor=f"{actor.kind}:{actor.id}")
        if ctx.today > standing.business_on:
            await roll_business_date(ctx, ctx.today)
            self._keys.moved_on(msgspec.structs.replace(standing, business_on=ctx.today))
        return ctx


async def context_of_member(slug: str, email: str) -> Ctx:
    """The member `email` of tenant `slug`, as the command line's `--as` names them. Raises NotFound."""
    system = await context_of_system(slug)
    async with scope(system, read_only=True) as tx:
        member = await find_member(tx, system.tenant_id, email)
    return msgspec.structs.replace(
        system,
        actor=Actor("member", member.id),
        family=member.id,
        permissions=permissions_of(member.roles),
    )


async def context_of_system(slug: str, permissions: Iterable[str] = ()) -> Ctx:
    """Tradeline itself at work in tenant `slug`, allowed `permissions` only. Raises NotFound."""
    async with unscoped() as tx:
        tenant = await find_tenant(tx, slug)
        standings = await read_standings(tx, [tenant.id])
    if not standings:
        raise NotFound
    standing, real_now = standings[0], clock.real_now()
    ctx = _ctx(
        standing,
        real_now,
        actor=Actor("system", SYSTEM),
        family=SYSTEM,
        permissions=frozenset(permissions),
        locale=standing.locale,
        request_id=ids.encode("req", ids.uuid7()),
    )
    if ctx.today > standing.business_on:
        await roll_business_date(ctx, ctx.today)
    return ctx


def context_of_operator(
    mode: Mode, timezone: str, cut_off: time = time(0), now: datetime | None = None
) -> Ctx:
    """The operator about to open a tenant in `timezone`: `tenant_id` is that of the tenant to come.

    `now` is where a test tenant's clock starts; a live one's is the real time.
    """
    at = now if now is not None and mode == "test" else clock.real_now()
    return Ctx(
        tenant_id=ids.uuid7(),
        mode=mode,
        actor=Actor("system", SYSTEM),
        family=SYSTEM,
        permissions=OPERATOR,
        now=at,
        today=clock.business_date(at, timezone, cut_off),
        locale="en",
        request_id=ids.encode("req", ids.uuid7()),
    )


def step_of(ctx: Ctx, name: str) -> Ctx:
    """`ctx` for one step of a work that may be done again from its start: the step then has its one effect.

    `name` is like no other of the actor's steps in the tenant; it is the idempotency key.
    """
    key = ids.digest(b"step", name.encode())
    return msgspec.structs.replace(ctx, key=IdempotencyKey(key, key))


def _ctx(
    standing: Standing,
    real_now: datetime,
    *,
    actor: Actor,
    family: UUID,
    permissions: frozenset[str],
    locale: str,
    request_id: str,
) -> Ctx:
    return Ctx(
        tenant_id=standing.id,
        mode=standing.mode,
        actor=actor,
        family=family,
        permissions=permissions,
        now=standing.now(real_now),
        today=standing.today(real_now),
        locale=locale,
        request_id=request_id,
    )
