"""End an import: the file is through, or cannot be read further."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.outbox import emit
from tenants import events
from tenants.errors import ImportMovedOn
from tenants.imports import ImportRun, Problem, lock_import, read_import

PERMISSION: Final = "imports:write"


class EndImport(msgspec.Struct, frozen=True, kw_only=True):
    """`problem`: why it failed; what was taken before stays taken."""

    import_id: UUID
    position: int
    problem: Problem | None = None


async def end_import(ctx: Ctx, command: EndImport) -> ImportRun:
    """Raises Forbidden, NotFound, ImportMovedOn."""
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        run = await lock_import(tx, ctx.tenant_id, command.import_id)
        if run.position != command.position or run.ended_at is not None:
            raise ImportMovedOn(position=run.position)
        problem = command.problem
        await tx.execute(
            "UPDATE tenants.import_run SET status = $3, problem = $4, ended_at = $5 "
            "WHERE tenant_id = $1 AND id = $2",
            ctx.tenant_id,
            run.id,
            "failed" if problem else "done",
            msgspec.json.encode(problem).decode() if problem else None,
            ctx.now,
        )
        ended = await read_import(tx, ctx.tenant_id, run.id)
        told = {"status": ended.status, "counts": ended.counts, "problem": ended.problem}
        await record(tx, ctx, events.IMPORT_ENDED, "import", run.id, told)
        await emit(tx, ctx, events.IMPORT_ENDED, {"id": run.id, **told})
    return ended
