"""In a scope one tenant exists; whatever goes wrong, connection and context are given back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from kernel.db import engine, token
from kernel.db.engine import ENGINE
from kernel.db.scope import scope, scope_is_open, unscoped
from kernel.db.token import scope_token
from kernel.errors import Unavailable
from kernel.ids import uuid7
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]
COUNT = "SELECT count(*) FROM kernel.outbox"
ADD = "INSERT INTO kernel.outbox (tenant_id, id, topic, payload) VALUES ($1, $2, 'a.b', '{}')"
DENIED = asyncpg.InsufficientPrivilegeError


@pytest_asyncio.fixture
async def app(app_url: str, database: None) -> AsyncIterator[Any]:
    """A connection of the application's role without a scope, as injected SQL would find it."""
    connection = await asyncpg.connect(app_url)
    yield connection
    await connection.close()


async def test_other_tenants_do_not_exist(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    async with scope(theirs.ctx()) as tx:
        await tx.execute(ADD, theirs.id, uuid7())
    async with scope(mine.ctx()) as tx:
        assert await tx.fetchval(f"{COUNT} WHERE tenant_id = $1", theirs.id) == 0
        assert await tx.fetchval("SELECT count(DISTINCT tenant_id) FROM kernel.outbox") == 1
        assert await tx.fetchval("SELECT count(*) FROM tenants.member") == 1
        assert await tx.execute("UPDATE tenants.member SET name = 'x' WHERE tenant_id = $1", theirs.id) == (
            "UPDATE 0"
        )


async def test_rows_of_others_cannot_be_written(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    for sql in (
        ADD.replace("$2", "gen_random_uuid()"),
        "UPDATE tenants.member SET tenant_id = $1",
        "INSERT INTO kernel.tenant_day (tenant_id, business_on) VALUES ($1, '2027-01-01')",
    ):
        with pytest.raises(DENIED):
            async with scope(mine.ctx()) as tx:
                await tx.execute(sql, theirs.id)
    async with scope(mine.ctx()) as tx:
        for table, key in (("kernel.tenant_day", "tenant_id"), ("kernel.tenant", "id")):
            assert await tx.execute(f"UPDATE {table} SET {key} = {key} WHERE {key} = $1", theirs.id) == (
                "UPDATE 0"
            )


async def test_no_scope_is_an_error(app: Any) -> None:
    for _ in range(2):  # the second time the setting is '' and no longer unknown
        with pytest.raises(DENIED, match="no tenant scope"):
            await app.fetchval(COUNT)
        async with app.transaction():
            await app.execute(f"SET LOCAL app.ctx = '{scope_token(uuid7())}'")
            assert await app.fetchval(COUNT) == 0


async def test_the_application_reads_no_key_and_changes_no_history(tenant: Workspace) -> None:
    for sql in (
        "SELECT key FROM kernel.scope_key",
        "DELETE FROM kernel.audit",
        "UPDATE kernel.audit SET action = 'x.y'",
        "CREATE TEMPORARY TABLE t (x int)",
        "CREATE TABLE kernel.t (x int)",
        "SET ROLE tradeline_lookup",
    ):
        with pytest.raises(DENIED):
            async with scope(tenant.ctx()) as tx:
                await tx.execute(sql)


async def test_history_stays_even_for_a_superuser(tenant: Workspace, admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url)
    for sql in ("DELETE FROM kernel.audit", "UPDATE kernel.audit SET action = 'x'", "TRUNCATE kernel.audit"):
        with pytest.raises(DENIED, match="append-only"):
            await connection.execute(sql)
    await connection.close()


def _forged(good: str) -> list[str]:
    other = str(uuid7())
    return [
        "",
        "x",
        good[:-1],
        good + "0",
        other + good[36:],
        good[:37] + "9999999999" + good[47:],
        good[:48] + str((int(good[48]) + 1) % 10) + good[49:],
        good[:48] + "x" + good[49:],
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good[:50] + "0" * 64,
        "é" + good[1:],
        good.upper(),
    ]


async def test_a_forged_scope_is_refused(app: Any) -> None:
    good = scope_token(uuid7())
    assert await app.fetchval("SELECT kernel.check_scope($1)", good)
    for bad in _forged(good):
        with pytest.raises(DENIED):
            await app.fetchval("SELECT kernel.check_scope($1)", bad)


async def test_an_expired_scope_is_refused(app: Any) -> None:
    with pytest.raises(DENIED, match="expired"):
        await app.fetchval("SELECT kernel.check_scope($1)", scope_token(uuid7(), seconds=0))
    async with app.transaction():
        await app.execute(f"SET LOCAL app.ctx = '{scope_token(uuid7(), seconds=2)}'")
        assert await app.fetchval(COUNT) == 0
        await asyncio.sleep(2)
        with pytest.raises(DENIED, match="expired"):
            await app.fetchval(COUNT)


async def test_another_secret_signs_nothing_here(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert token._key is not None
    monkeypatch.setattr(token, "_key", (token._key[0], b"x" * 32))
    with pytest.raises(DENIED, match="forged"):
        await app.fetchval("SELECT kernel.check_scope($1)", scope_token(uuid7()))


async def test_the_policy_is_asked_once_a_statement_and_uses_the_key(tenant: Workspace) -> None:
    async with scope(tenant.ctx()) as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")  # the table of a test may be one page
        plan = "\n".join(
            row[0]
            for row in await tx.fetch(
                "EXPLAIN SELECT * FROM tenants.buyer WHERE tenant_id = $1 AND id = $1", tenant.id
            )
        )
    assert "InitPlan 1" in plan
    assert re.search(r"Index Cond: \(+tenant_id =", plan), plan
    assert "check_scope" not in plan.partition("InitPlan")[0]


async def test_an_exception_rolls_back(tenant: Workspace) -> None:
    async def fails() -> None:
        async with scope(tenant.ctx()) as tx:
            await tx.execute(ADD, tenant.id, uuid7())
            raise KeyError("anything")

    with pytest.raises(KeyError):
        await fails()
    assert not scope_is_open()
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await tx.fetchval(f"{COUNT} WHERE topic = 'a.b'") == 0


async def test_a_read_only_scope_writes_nothing(tenant: Workspace) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with scope(tenant.ctx(), read_only=True) as tx:
            await tx.execute(ADD, tenant.id, uuid7())


async def test_a_scope_inside_a_scope_is_a_fault(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    async with scope(mine.ctx()) as tx:
        for inner in (scope(theirs.ctx()), scope(mine.ctx()), unscoped()):
            with pytest.raises(ValueError, match="open"):
                async with inner:
                    raise AssertionError("a second scope was opened")
        assert await tx.fetchval("SELECT kernel.tenant_id()") == mine.id


async def test_a_swallowed_database_error_does_not_look_like_success(tenant: Workspace) -> None:
    async def swallows() -> None:
        async with scope(tenant.ctx()) as tx:
            await tx.execute(ADD, tenant.id, uuid7())
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.fetchval("SELECT 1 / 0")

    with pytest.raises(ValueError, match="swallowed"):
        await swallows()


async def _kill(admin_url: str, tx: Any) -> None:
    backend = await tx.fetchval("SELECT pg_backend_pid()")
    admin = await asyncpg.connect(admin_url)
    await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
    await admin.close()


async def test_a_failing_commit_gives_everything_back(tenant: Workspace, admin_url: str) -> None:
    async def loses_its_commit() -> None:
        async with scope(tenant.ctx()) as tx:
            await tx.execute(ADD, tenant.id, uuid7())
            await _kill(admin_url, tx)

    assert ENGINE.pool is not None
    for _ in range(ENGINE.pool.get_max_size() + 2):
        with pytest.raises(Unavailable):
            await loses_its_commit()
        assert not scope_is_open()
    async with scope(tenant.ctx()) as tx:
        assert await tx.fetchval(f"{COUNT} WHERE topic = 'a.b'") == 0


async def test_a_lost_connection_is_unavailable(tenant: Workspace, admin_url: str) -> None:
    async def loses_its_connection() -> None:
        async with scope(tenant.ctx()) as tx:
            await _kill(admin_url, tx)
            await tx.fetchval("SELECT 1")

    with pytest.raises(Unavailable):
        await loses_its_connection()
    assert not scope_is_open()


async def test_an_exhausted_pool_is_unavailable(tenant: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ACQUIRE_SECONDS", 0.05)
    assert ENGINE.pool is not None
    held = [await ENGINE.pool.acquire() for _ in range(ENGINE.pool.get_max_size())]
    try:
        with pytest.raises(Unavailable):
            async with scope(tenant.ctx()):
                raise AssertionError("there was a connection left")
    finally:
        for connection in held:
            await ENGINE.pool.release(connection)
    assert not scope_is_open()


async def test_a_cancelled_request_leaves_a_clean_connection(tenant: Workspace) -> None:
    async def slow() -> None:
        async with scope(tenant.ctx()) as tx:
            await tx.execute(ADD, tenant.id, uuid7())
            await tx.execute("SELECT pg_sleep(30)")

    assert ENGINE.pool is not None
    for _ in range(ENGINE.pool.get_max_size() + 2):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with scope(tenant.ctx()) as tx:
        assert await tx.fetchval(f"{COUNT} WHERE topic = 'a.b'") == 0


async def test_nothing_of_one_scope_reaches_the_next(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    assert ENGINE.pool is not None
    for workspace in (mine, theirs, mine):
        async with scope(workspace.ctx()) as tx:
            assert await tx.fetchval("SELECT kernel.tenant_id()") == workspace.id
    async with unscoped() as tx:
        with pytest.raises(DENIED, match="no tenant scope"):
            await tx.fetchval("SELECT kernel.tenant_id()")
