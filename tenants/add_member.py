"""Lets a person of the platform in, with roles."""

from __future__ import annotations

from typing import Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import Forbidden
from kernel.idempotency import keep, once
from kernel.ids import encode, uuid7
from kernel.outbox import emit
from tenants import events
from tenants.errors import MemberExists
from tenants.queries import Member, find_member, read_member
from tenants.rules import inputs
from tenants.rules.roles import permissions_of

PERMISSION: Final = "members:write"


class AddMember(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    name: str
    roles: tuple[str, ...]


async def add_member(ctx: Ctx, command: AddMember) -> Member:
    """Nobody gives more than they have. Raises Forbidden, Invalid, KeyReused, MemberExists."""
    ctx.require(PERMISSION)
    inputs.refuse((inputs.email(command.email), inputs.name(command.name), inputs.roles(command.roles)))
    if beyond := permissions_of(command.roles) - ctx.permissions:
        raise Forbidden(permission=min(beyond))
    member_id = uuid7()
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Member)
        added = await tx.execute(
            "INSERT INTO tenants.member (tenant_id, id, email, name, roles, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, email) DO NOTHING",
            ctx.tenant_id,
            member_id,
            command.email,
            command.name,
            command.roles,
            ctx.now,
        )
        if added == "INSERT 0 0":
            existing = await find_member(tx, ctx.tenant_id, command.email)
            raise MemberExists(existing_id=encode("mem", existing.id))
        member = await read_member(tx, ctx.tenant_id, member_id)
        await record(tx, ctx, events.MEMBER_ADDED, "member", member.id, {"roles": member.roles})
        await emit(tx, ctx, events.MEMBER_ADDED, member)
        await keep(tx, ctx, member)
    return member
