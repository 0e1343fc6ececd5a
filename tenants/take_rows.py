"""Take the next rows of a file: what they make and how far the import has come, in one transaction."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.errors import ImportMovedOn
from tenants.imports import ImportRun, keep_refusals, lock_import, read_import, take
from tenants.rules.mapping import read_mapping
from tenants.rules.steps import Step
from tenants.trade import Outcome

PERMISSION: Final = "imports:write"


class TakeRows(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` follow on `position` rows. `receipts`: what those among the steps came to."""

    import_id: UUID
    position: int
    steps: tuple[Step, ...]
    receipts: tuple[Outcome, ...] = ()


async def take_rows(ctx: Ctx, command: TakeRows) -> ImportRun:
    """Raises Forbidden, NotFound, ImportMovedOn: another one took them, and nothing is written twice."""
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        run = await lock_import(tx, ctx.tenant_id, command.import_id)
        if run.position != command.position or run.ended_at is not None:
            raise ImportMovedOn(position=run.position)
        counts = run.counts
        refused = await take(tx, ctx, read_mapping(run.mapping), command.steps, command.receipts, counts)
        await keep_refusals(tx, ctx, run.id, refused)
        await tx.execute(
            "UPDATE tenants.import_run SET position = $3, counts = $4 WHERE tenant_id = $1 AND id = $2",
            ctx.tenant_id,
            run.id,
            counts.rows,
            msgspec.json.encode(counts).decode(),
        )
        return await read_import(tx, ctx.tenant_id, run.id)
