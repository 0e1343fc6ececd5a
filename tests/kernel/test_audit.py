"""Beside each write stands who did it, in the same transaction and of the same tenant."""

from __future__ import annotations

import msgspec
import pytest

from kernel.audit import record
from kernel.db.scope import scope
from kernel.ids import uuid7
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


async def test_it_tells_who_what_and_in_which_request(tenant: Workspace) -> None:
    ctx, thing = tenant.ctx(), uuid7()
    async with scope(ctx) as tx:
        await record(tx, ctx, "thing.done", "thing", thing, {"why": "因为"})
        await record(tx, ctx, "thing.seen", "thing", thing)
        rows = await tx.fetch(
            "SELECT * FROM kernel.audit WHERE tenant_id = $1 AND object_id = $2 ORDER BY action",
            ctx.tenant_id,
            thing,
        )
        transaction = await tx.fetchval("SELECT pg_current_xact_id()")
    told = [(row["actor_kind"], row["actor_id"], row["action"], row["object_kind"]) for row in rows]
    assert told == [("member", ctx.actor.id, action, "thing") for action in ("thing.done", "thing.seen")]
    assert [msgspec.json.decode(row["detail"]) for row in rows] == [{"why": "因为"}, {}]
    assert {row["request_id"] for row in rows} == {ctx.request_id}
    assert {row["xid"] for row in rows} == {transaction}
