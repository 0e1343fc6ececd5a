"""Keys and tenants in memory: never older than a second, whatever is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import pytest

from app import keys as keys_module
from app.keys import KeyCache
from kernel.db.scope import scope
from tenants.issue_key import IssueKey, issue_key
from tenants.queries import find_key
from tenants.revoke_key import RevokeKey, revoke_key
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every key that the database was asked for."""
    asked: list[str] = []

    async def counted(tx: Any, key: str) -> Any:
        asked.append(key)
        return await find_key(tx, key)

    monkeypatch.setattr(keys_module, "find_key", counted)
    return asked


@pytest.fixture
def watched(app_url: str) -> Callable[[], Any]:
    @asynccontextmanager
    async def cache() -> AsyncIterator[KeyCache]:
        kept = KeyCache()
        async with kept.watching(app_url):
            yield kept

    return cache


async def test_a_hot_key_costs_no_query(tenant: Workspace, watched: Any, lookups: list[str]) -> None:
    async with watched() as cache:
        until = monotonic() + 2.5
        while monotonic() < until:
            known = await cache.find(tenant.opened.secret)
            assert known is not None
            assert known[1].id == tenant.id
            await asyncio.sleep(0.02)
    assert len(lookups) == 1


async def test_many_at_once_ask_once(tenant: Workspace, lookups: list[str], database: None) -> None:
    cache = KeyCache()
    found = await asyncio.gather(*(cache.find(tenant.opened.secret) for _ in range(50)))
    assert len({id(known) for known in found}) == 1
    assert len(lookups) == 1


@pytest.mark.parametrize("listening", [True, False])
async def test_a_revoked_key_is_dead_within_a_second(
    tenant: Workspace, watched: Any, listening: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By notice almost at once; with neither notice nor look still within the second."""
    if not listening:
        monkeypatch.setattr(KeyCache, "_heard", lambda self, tenant_id: None)
        monkeypatch.setattr(KeyCache, "_look", lambda self, tx: asyncio.sleep(60))
    issued = await issue_key(tenant.ctx(), IssueKey(name="short-lived"))
    assert issued.secret is not None
    async with watched() as cache:
        for _ in range(20):
            known = await cache.find(issued.secret)
            assert known is not None
            assert known[0].revoked_at is None
            await asyncio.sleep(0.01)
        await revoke_key(tenant.ctx(), RevokeKey(key_id=issued.key.id))
        revoked = monotonic()
        while (known := await cache.find(issued.secret)) and known[0].revoked_at is None:
            assert monotonic() - revoked < 1.05
            await asyncio.sleep(0.01)
        if listening:
            assert monotonic() - revoked < 0.35


async def test_the_look_alone_finds_a_change(
    tenant: Workspace, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyCache, "_heard", lambda self, tenant_id: None)
    async with watched() as cache:
        known = await cache.find(tenant.opened.secret)
        assert known is not None
        await asyncio.sleep(0.1)
        async with scope(tenant.ctx()) as tx:
            await tx.execute("UPDATE kernel.tenant SET locale = 'en', config_version = config_version + 1")
        async with asyncio.timeout(1):
            while known[1].locale != "en":
                await asyncio.sleep(0.01)
                known = await cache.find(tenant.opened.secret)
                assert known is not None


async def test_unknown_keys_are_not_asked_for_again_at_once(database: None, lookups: list[str]) -> None:
    cache = KeyCache()
    for _ in range(5):
        assert await cache.find("sk_test_nobody") is None
    assert len(lookups) == 1


async def test_what_is_kept_is_bounded(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "MOST", 3)
    cache = KeyCache()
    for number in range(10):
        await cache.find(f"sk_test_{number}")
    assert len(cache._unknown) == 3


async def test_a_closed_tenants_keys_are_dead(tenant: Workspace, watched: Any) -> None:
    async with watched() as cache:
        assert await cache.find(tenant.opened.secret) is not None
        async with scope(tenant.ctx()) as tx:
            await tx.execute(
                "UPDATE kernel.tenant SET status = 'closed', config_version = config_version + 1"
            )
        async with asyncio.timeout(1):
            known: object = cache
            while known is not None:
                await asyncio.sleep(0.01)
                known = await cache.find(tenant.opened.secret)


KILL_LISTENER = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tradeline listener'"""


async def test_a_lost_listener_comes_back(
    tenant: Workspace, watched: Any, admin_url: str, lookups: list[str]
) -> None:
    async with watched() as cache:
        assert await cache.find(tenant.opened.secret) is not None
        admin = await asyncpg.connect(admin_url)
        try:
            for _ in range(3):
                killed, until = 0, monotonic() + 30
                while not killed and monotonic() < until:
                    killed = await admin.fetchval(KILL_LISTENER)
                    await asyncio.sleep(0.1)
                assert killed, "the listener has not come back"
            await asyncio.sleep(0.7)
        finally:
            await admin.close()
        assert await cache.find(tenant.opened.secret) is not None
        asked = len(lookups)
        await asyncio.sleep(1.2)
        assert await cache.find(tenant.opened.secret) is not None
        assert len(lookups) == asked, "the listener looks again, so nothing had to be asked"
