"""Makes a key worthless, everywhere within a second."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.clock import real_now
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.outbox import emit
from tenants import events
from tenants.errors import KeyRevoked
from tenants.queries import ApiKey, read_key

PERMISSION: Final = "keys:write"


class RevokeKey(msgspec.Struct, frozen=True, kw_only=True):
    key_id: UUID


async def revoke_key(ctx: Ctx, command: RevokeKey) -> ApiKey:
    """For good. Raises Forbidden, NotFound, KeyRevoked."""
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        before = await read_key(tx, ctx.tenant_id, command.key_id)
        done = await tx.execute(
            "UPDATE tenants.api_key SET revoked_at = $3 "
            "WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL",
            ctx.tenant_id,
            before.id,
            real_now(),
        )
        key = await read_key(tx, ctx.tenant_id, before.id)
        if done == "UPDATE 0":
            raise KeyRevoked(revoked_at=str(key.revoked_at))
        await touch_config(tx, ctx)
        await record(tx, ctx, events.KEY_REVOKED, "key", key.id, {"hint": key.hint})
        await emit(tx, ctx, events.KEY_REVOKED, key)
    return key
