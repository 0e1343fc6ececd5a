"""Piccolo's queries stay inside scopes; a role that row-level security does not bind is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from kernel.clock import real_now
from kernel.db import token
from kernel.db.engine import ENGINE, close_database, open_database, refuse_unsafe_role
from kernel.db.failures import domain_error
from kernel.db.roles import APP
from kernel.db.scope import scope
from kernel.errors import Stale, Unavailable
from kernel.ids import uuid7
from kernel.serve import ServeError, Stack
from kernel.tables import Outbox
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def superuser(admin_url: str, database: None) -> AsyncIterator[Any]:
    """In a transaction that is rolled back: what is done to roles is seen by nobody else."""
    connection = await asyncpg.connect(admin_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_piccolo_joins_the_scope(tenant: Workspace) -> None:
    mark = uuid7()
    row = Outbox(tenant_id=tenant.id, id=mark, topic="a.b", payload="{}", xid=1, created_at=real_now())

    async def writes_and_fails() -> None:
        async with scope(tenant.ctx()):
            await Outbox.insert(row)
            raise KeyError(await Outbox.count().where(Outbox.tenant_id == tenant.id, Outbox.id == mark))

    with pytest.raises(KeyError, match="1"):
        await writes_and_fails()
    async with scope(tenant.ctx()):
        assert not await Outbox.exists().where(Outbox.tenant_id == tenant.id, Outbox.id == mark)


async def test_piccolo_outside_a_scope_is_a_fault(database: None) -> None:
    with pytest.raises(ValueError, match="outside a scope"):
        await Outbox.count()
    with pytest.raises(ValueError, match="scope"):
        async with ENGINE.transaction():
            raise AssertionError("a transaction without a tenant was opened")


async def test_the_applications_role_is_accepted(superuser: Any) -> None:
    await superuser.execute(f"SET LOCAL ROLE {APP}")
    await refuse_unsafe_role(superuser)
    assert await superuser.fetchval("SELECT current_user::text") == APP


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("SELECT 1", "superuser"),
        (f"ALTER ROLE {APP} BYPASSRLS; SET LOCAL ROLE {APP}", "BYPASSRLS"),
        (f"CREATE ROLE mighty SUPERUSER; GRANT mighty TO {APP}; SET LOCAL ROLE {APP}", "superuser"),
        (f"GRANT tradeline_owner TO {APP}; SET LOCAL ROLE {APP}", "owns"),
        (f"GRANT tradeline_lookup TO {APP}; SET LOCAL ROLE {APP}", "owns"),
        (f"ALTER TABLE tenants.buyer OWNER TO {APP}; SET LOCAL ROLE {APP}", "owns"),
    ],
)
async def test_an_unsafe_role_is_refused(superuser: Any, harm: str, told: str) -> None:
    await superuser.execute(harm)
    with pytest.raises(ServeError, match=told) as refused:
        await refuse_unsafe_role(superuser)
    assert "tradeline_app" in refused.value.hint


async def test_a_foreign_signature_is_refused_at_start(
    superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token, "_key", (0, b"x" * 32))
    await superuser.execute(f"SET LOCAL ROLE {APP}")
    with pytest.raises(ServeError, match="signature"):
        await refuse_unsafe_role(superuser)


async def test_an_old_server_is_refused() -> None:
    class Old:
        async def fetchrow(self, query: str, *args: Any) -> dict[str, Any]:
            return {
                "role": APP,
                "version": 140_012,
                "sees_all": False,
                "owns_table": False,
                "owns_function": False,
            }

    with pytest.raises(ServeError, match="PostgreSQL 14 is too old"):
        await refuse_unsafe_role(Old())  # type: ignore[arg-type]


async def test_a_server_that_is_away_is_told_in_one_line(
    app_url: str, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ENGINE, "pool", None)
    for url in ("postgresql://x:y@127.0.0.1:1/none", app_url + "_no", app_url.replace(APP, "nobody_at_all")):
        with pytest.raises(ServeError, match="cannot be reached"):
            await open_database(url, stack.secret_key)
    assert ENGINE.pool is None


async def test_close_does_not_wait_for_ever(
    app_url: str, stack: Stack, database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.db.engine.CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(ENGINE, "pool", None)
    await open_database(app_url, stack.secret_key, size=1)
    held = await ENGINE.open_pool().acquire()
    async with asyncio.timeout(5):
        await close_database()
    with pytest.raises(asyncpg.InterfaceError, match="released"):
        held.is_closed()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.SerializationError("x"), Stale),
        (asyncpg.DeadlockDetectedError("x"), Stale),
        (asyncpg.TooManyConnectionsError("x"), Unavailable),
        (asyncpg.DiskFullError("x"), Unavailable),
        (asyncpg.AdminShutdownError("x"), Unavailable),
        (asyncpg.CannotConnectNowError("x"), Unavailable),
        (asyncpg.InterfaceError("pool is closing"), Unavailable),
        (ConnectionResetError(), Unavailable),
        (TimeoutError(), Unavailable),
    ],
)
def test_failures_of_the_server_are_told_as_ours(error: Exception, kind: type[Exception]) -> None:
    assert isinstance(domain_error(error), kind)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedTableError("x"),
        asyncpg.InsufficientPrivilegeError("x"),
        asyncpg.InterfaceError("another operation is in progress"),
        asyncpg.DataError("invalid input"),
        FileNotFoundError("a file"),
        KeyError("x"),
    ],
)
def test_faults_of_ours_are_not_hidden(error: Exception) -> None:
    assert domain_error(error) is None
