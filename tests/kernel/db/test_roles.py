"""One call makes a database ready; keys and passwords follow from the secret key alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from kernel.db import roles
from kernel.db.roles import app_url, prepare_database, scope_key
from kernel.serve import ServeError, Stack
from tests.support.database import at

OTHER = "another secret key of 32 characters"


@pytest_asyncio.fixture
async def superuser(admin_url: str) -> AsyncIterator[Any]:
    """In a transaction that is rolled back."""
    connection = await asyncpg.connect(admin_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


def test_the_applications_url_keeps_server_and_options() -> None:
    url = app_url(
        "postgresql://admin:p%40ss@db.example:6543/trade?sslmode=require&user=admin&password=x", OTHER
    )
    assert url.startswith("postgresql://tradeline_app:")
    assert url.endswith("@db.example:6543/trade?sslmode=require")
    assert app_url("postgresql://db.example/trade", OTHER).endswith("@db.example/trade")


def test_secrets_are_derived_and_unlike() -> None:
    key_id, key = scope_key(OTHER)
    assert (key_id, key) == scope_key(OTHER) != scope_key(OTHER + "!")
    assert 0 <= key_id <= 9
    assert len(key) == 32
    assert key.hex() not in app_url("postgresql://x/y", OTHER)


@pytest.mark.db
async def test_many_processes_prepare_one_new_database(stack: Stack, admin_url: str) -> None:
    name = admin_url.rpartition("/")[2] + "_new"
    url = at(stack.admin_url, name)
    try:
        urls = await asyncio.gather(*(prepare_database(url, stack.secret_key) for _ in range(4)))
        assert len(set(urls)) == 1
        connection = await asyncpg.connect(urls[0])
        assert await connection.fetchval("SELECT count(*) FROM kernel.tenant") == 0
        await connection.close()
    finally:
        connection = await asyncpg.connect(stack.admin_url)
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()


@pytest.mark.db
async def test_an_admin_who_may_not_is_told_so(app_url: str, stack: Stack) -> None:
    with pytest.raises(ServeError, match="cannot be prepared") as refused:
        await prepare_database(app_url, stack.secret_key)
    assert "TRADELINE_ADMIN_DATABASE_URL" in refused.value.hint


@pytest.mark.db
async def test_a_role_that_became_mighty_is_refused(superuser: Any) -> None:
    await superuser.execute("ALTER ROLE tradeline_money BYPASSRLS")
    with pytest.raises(ServeError, match="tradeline_money is a superuser or has BYPASSRLS"):
        await roles._make_roles(superuser, OTHER)


@pytest.mark.db
async def test_the_last_two_scope_keys_are_valid(superuser: Any) -> None:
    (before,) = await superuser.fetch("SELECT id, key FROM kernel.scope_key")
    unlike = [str(digit) for digit in range(10) if str(digit) != before["id"]]
    for key_id in unlike[:2]:
        await superuser.execute("UPDATE kernel.scope_key SET created_at = created_at - interval '1 hour'")
        await roles._keep_scope_key(superuser, int(key_id), key_id.encode() * 32)
    kept = await superuser.fetch("SELECT id FROM kernel.scope_key ORDER BY id")
    assert [row["id"] for row in kept] == sorted(unlike[:2])
    await roles._keep_scope_key(superuser, int(unlike[0]), unlike[0].encode() * 32)
    kept = await superuser.fetch("SELECT id FROM kernel.scope_key ORDER BY id")
    assert [row["id"] for row in kept] == sorted(unlike[:2])


@pytest.mark.db
async def test_the_password_is_stored_as_postgresql_would(superuser: Any) -> None:
    await superuser.execute(f"CREATE ROLE stored_test LOGIN PASSWORD '{roles._scram(OTHER)}'")
    stored = await superuser.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = 'stored_test'")
    assert stored == roles._scram(OTHER)
    assert roles._app_password(OTHER) not in stored


@pytest.mark.db
async def test_an_admin_need_not_be_a_superuser(superuser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 16 and later make who creates a role its administrator, which is less than its member."""
    monkeypatch.setattr(roles, "APP", "humble_app")
    monkeypatch.setattr(roles, "_ROLES", {"humble_owner": "NOLOGIN NOINHERIT", "humble_app": "LOGIN"})
    await superuser.execute("CREATE ROLE humble_admin CREATEROLE; SET LOCAL ROLE humble_admin")
    for _ in range(2):
        await roles._make_roles(superuser, OTHER)
    assert await superuser.fetchval("SELECT pg_has_role('humble_owner', 'USAGE')")
    assert not await superuser.fetchval("SELECT pg_has_role('humble_app', 'humble_owner', 'MEMBER')")
