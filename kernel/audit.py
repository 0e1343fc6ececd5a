"""Who did what to which object: one row beside every write, in its transaction, never changed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.ids import uuid7


async def record(
    tx: Tx, ctx: Ctx, action: str, object_kind: str, object_id: UUID, detail: object = None
) -> None:
    """Writes an audit row. `action` is the event's name (`buyer.added`); `detail` is what a reader needs
    to judge it.

    Secrets never belong in `detail`. The sealing job chains the rows later, so that two writers never
    wait here.
    """
    await tx.execute(
        "INSERT INTO kernel.audit "
        "(tenant_id, id, actor_kind, actor_id, action, object_kind, object_id, detail, request_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        ctx.tenant_id,
        uuid7(),
        ctx.actor.kind,
        ctx.actor.id,
        action,
        object_kind,
        object_id,
        msgspec.json.encode({} if detail is None else detail).decode(),
        ctx.request_id,
    )
