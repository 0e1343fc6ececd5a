"""What a write leaves beside its rows: audit and outbox, for asking in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from kernel.db.scope import scope
from tests.support.tenants import Workspace


async def audited(workspace: Workspace, action: str) -> list[Any]:
    """Details of the audit rows of this action, oldest first."""
    return await _traces(
        workspace, "SELECT detail FROM kernel.audit WHERE tenant_id = $1 AND action = $2", action
    )


async def emitted(workspace: Workspace, topic: str) -> list[Any]:
    """Payloads of the events of this topic, oldest first."""
    return await _traces(
        workspace, "SELECT payload FROM kernel.outbox WHERE tenant_id = $1 AND topic = $2", topic
    )


async def _traces(workspace: Workspace, sql: str, name: str) -> list[Any]:
    async with scope(workspace.ctx(), read_only=True) as tx:
        rows = await tx.fetch(f"{sql} ORDER BY xid, id", workspace.id, name)
    return [msgspec.json.decode(row[0]) for row in rows]
