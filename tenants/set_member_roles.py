"""Gives a member other roles; keys of the member follow within a second."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import Forbidden
from kernel.outbox import emit
from tenants import events
from tenants.errors import LastOwner, VersionMismatch
from tenants.queries import Member, read_member
from tenants.rules import inputs
from tenants.rules.roles import permissions_of

PERMISSION: Final = "members:write"


class SetMemberRoles(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is that of the member the caller has seen."""

    member_id: UUID
    version: int
    roles: tuple[str, ...]


async def set_member_roles(ctx: Ctx, command: SetMemberRoles) -> Member:
    """Nobody gives or takes away more than they may do themselves, and an owner always remains.

    Raises Forbidden, Invalid, NotFound, VersionMismatch, LastOwner.
    """
    ctx.require(PERMISSION)
    inputs.refuse([inputs.roles(command.roles)])
    async with scope(ctx) as tx:
        owners = await _lock_owners(tx, ctx)
        before = await read_member(tx, ctx.tenant_id, command.member_id)
        if beyond := permissions_of((*before.roles, *command.roles)) - ctx.permissions:
            raise Forbidden(permission=min(beyond))
        if before.version != command.version:
            raise VersionMismatch(version=before.version)
        if owners == {before.id} and "owner" not in command.roles:
            raise LastOwner()
        await tx.execute(
            "UPDATE tenants.member SET roles = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant_id,
            before.id,
            command.roles,
        )
        member = await read_member(tx, ctx.tenant_id, before.id)
        await touch_config(tx, ctx)
        changed = {"before": before.roles, "after": member.roles}
        await record(tx, ctx, events.MEMBER_ROLES_CHANGED, "member", member.id, changed)
        await emit(tx, ctx, events.MEMBER_ROLES_CHANGED, member)
    return member


async def _lock_owners(tx: Tx, ctx: Ctx) -> set[UUID]:
    """Role changes of one tenant go one by one, so that two owners cannot demote each other."""
    await tx.execute("SELECT 1 FROM kernel.tenant WHERE id = $1 FOR NO KEY UPDATE", ctx.tenant_id)
    rows = await tx.fetch(
        "SELECT id FROM tenants.member WHERE tenant_id = $1 AND 'owner' = ANY(roles)", ctx.tenant_id
    )
    return {row["id"] for row in rows}
