"""Claim the next queued import of the tenant for a worker, for a lease that its progress renews."""

from __future__ import annotations

from typing import Final

import msgspec

from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.imports import ImportRun, read_import

PERMISSION: Final = "imports:write"


class ClaimImport(msgspec.Struct, frozen=True):
    pass


async def claim_import(ctx: Ctx, command: ClaimImport) -> ImportRun | None:
    """The oldest that nobody is at; a killed worker's when its lease has run out. Raises Forbidden."""
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        import_id = await tx.fetchval(
            "SELECT id FROM tenants.import_run WHERE tenant_id = $1 AND queued AND ended_at IS NULL "
            "AND (lease_until IS NULL OR lease_until < now()) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
            ctx.tenant_id,
        )
        if import_id is None:
            return None
        await tx.execute(
            "UPDATE tenants.import_run SET status = 'running', lease_until = now() + interval '2 minutes' "
            "WHERE tenant_id = $1 AND id = $2",
            ctx.tenant_id,
            import_id,
        )
        return await read_import(tx, ctx.tenant_id, import_id)
