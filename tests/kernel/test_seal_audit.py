"""The audit chain: ripe rows are sealed, no byte of them changes unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from contextvars import Context
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.seal_audit import Sealed, seal_audit, verify_seals
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db
T = TypeVar("T")

FLIP = "hash = set_byte(hash, 0, get_byte(hash, 0) # 1)"
COPY = """
    INSERT INTO kernel.audit SELECT tenant_id, gen_random_uuid(), actor_kind, actor_id, action, object_kind,
        object_id, detail, request_id, recorded_at, xid
    FROM kernel.audit WHERE tenant_id = $1 AND action = 'c.done'
"""
CHANGES = [
    ("""UPDATE kernel.audit SET detail = '{"note": "原丈"}' WHERE tenant_id = $1 AND action = 'b.done'""", 2),
    ("UPDATE kernel.audit SET actor_id = gen_random_uuid() WHERE tenant_id = $1 AND action = 'b.done'", 2),
    ("UPDATE kernel.audit SET recorded_at = now() WHERE tenant_id = $1 AND action = 'c.done'", 3),
    ("UPDATE kernel.audit SET request_id = 'req_x' WHERE tenant_id = $1 AND action = 'b.done'", 2),
    ("DELETE FROM kernel.audit WHERE tenant_id = $1 AND action = 'b.done'", 2),
    (COPY, 3),
    (f"UPDATE kernel.audit_seal SET {FLIP} WHERE tenant_id = $1 AND no = 2", 2),
    ("DELETE FROM kernel.audit_seal WHERE tenant_id = $1 AND no = 2", 3),
]


async def write(ctx: Ctx, *actions: str) -> None:
    async with scope(ctx) as tx:
        for action in actions:
            await record(tx, ctx, action, "thing", UUID(int=1), {"note": "原文"})


async def seal_all(ctx: Ctx) -> int:
    """Seals what is written by now. Other tests of this server hold the watermark back for moments."""
    async with scope(ctx, read_only=True) as tx:
        last = await tx.fetchval("SELECT max(xid::text::bigint) FROM kernel.audit")
    async with asyncio.timeout(20):
        while True:
            async with scope(ctx, read_only=True) as tx:
                below = await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())")
            if below > last:
                return await seal_audit(ctx)
            await asyncio.sleep(0.02)


async def verify(ctx: Ctx) -> Sealed:
    async with scope(ctx, read_only=True) as tx:
        return await verify_seals(tx, ctx.tenant_id)


def elsewhere(work: Coroutine[Any, Any, T]) -> Awaitable[T]:
    """As another task does it, outside the scope that is open here."""
    return asyncio.create_task(work, context=Context())


async def as_superuser(admin_url: str, sql: str, *args: Any) -> None:
    """Changes rows as nobody else can: no trigger, no policy."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        assert await connection.execute(sql, *args) in ("UPDATE 1", "DELETE 1", "INSERT 0 1")
    finally:
        await connection.close()


async def test_a_chain_grows_and_holds(tenant: Workspace) -> None:
    ctx = tenant.ctx()
    opened = await seal_all(ctx)
    assert opened >= 1
    assert await seal_audit(ctx) == 0
    await write(ctx, "a.done", "b.done")
    await write(ctx, "c.done")
    assert await seal_all(ctx) == 3
    assert await verify(ctx) == Sealed(2, opened + 3, ())


async def test_a_running_transaction_is_sealed_later(tenant: Workspace) -> None:
    ctx = tenant.ctx()
    await seal_all(ctx)
    async with scope(ctx) as tx:
        await record(tx, ctx, "slow.done", "thing", UUID(int=1))
        await elsewhere(write(ctx, "quick.done"))
        assert await elsewhere(seal_audit(ctx)) == 0
    assert await seal_all(ctx) == 2
    assert (await verify(ctx)).broken == ()


async def test_two_at_once_make_one_chain(tenant: Workspace) -> None:
    ctx = tenant.ctx()
    await write(ctx, "a.done", "b.done")
    await asyncio.gather(*(seal_audit(ctx) for _ in range(4)))
    await seal_all(ctx)
    assert (await verify(ctx)).broken == ()


@pytest.mark.parametrize(("change", "told"), CHANGES)
async def test_no_byte_changes_unseen(tenant: Workspace, admin_url: str, change: str, told: int) -> None:
    ctx = tenant.ctx()
    await seal_all(ctx)
    await write(ctx, "a.done", "b.done")
    await seal_all(ctx)
    await write(ctx, "c.done")
    await seal_all(ctx)
    assert (await verify(ctx)).broken == ()
    await as_superuser(admin_url, change, tenant.id)
    broken = (await verify(ctx)).broken
    assert broken
    assert broken[0].startswith(f"seal {told}:")


async def test_long_chains_are_read_in_pages(tenant: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = tenant.ctx()
    await write(ctx, *(f"n{number}.done" for number in range(7)))
    monkeypatch.setattr("kernel.seal_audit._PAGE", 2)
    sealed = await seal_all(ctx)
    monkeypatch.setattr("kernel.seal_audit._PAGE", 1000)
    assert await verify(ctx) == Sealed(1, sealed, ())
    assert sealed >= 8
