"""A revoked key is worthless from that transaction on, and all who cache keys are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from kernel.clock import real_now
from kernel.db.scope import scope, unscoped
from kernel.errors import Forbidden, NotFound
from tenants.errors import KeyRevoked
from tenants.issue_key import IssueKey, KeyIssued, issue_key
from tenants.queries import find_key, read_tenant
from tenants.revoke_key import RevokeKey, revoke_key
from tests.support.tenants import Workspace
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def _issue(tenant: Workspace) -> KeyIssued:
    return await issue_key(tenant.ctx(), IssueKey(name="x"))


async def test_it_is_dead_at_once(tenant: Workspace) -> None:
    issued = await _issue(tenant)
    revoked = await revoke_key(tenant.ctx(), RevokeKey(key_id=issued.key.id))
    assert revoked.revoked_at is not None
    async with unscoped() as tx:
        found = await find_key(tx, issued.secret or "")
        other = await find_key(tx, tenant.opened.secret)
    assert found is not None
    assert not found.usable(real_now())
    assert other is not None
    assert other.usable(real_now())
    assert await audited(tenant, "key.revoked") == [{"hint": issued.key.hint}]
    assert len(await emitted(tenant, "key.revoked")) == 1


async def test_who_caches_is_told_with_the_commit(tenant: Workspace, app_url: str) -> None:
    issued, heard = await _issue(tenant), asyncio.Queue[str]()
    listener: Any = await asyncpg.connect(app_url)
    await listener.add_listener("config", lambda *args: heard.put_nowait(args[3]))
    async with scope(tenant.ctx(), read_only=True) as tx:
        before = (await read_tenant(tx, tenant.id)).config_version
    await revoke_key(tenant.ctx(), RevokeKey(key_id=issued.key.id))
    async with asyncio.timeout(1):
        while await heard.get() != str(tenant.id):
            pass
    await listener.close()
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert (await read_tenant(tx, tenant.id)).config_version == before + 1


async def test_twice_is_told(tenant: Workspace) -> None:
    command = RevokeKey(key_id=(await _issue(tenant)).key.id)
    results = await together(*(revoke_key(tenant.ctx(), command) for _ in range(4)))
    assert sorted(type(result).__name__ for result in results) == ["ApiKey", *["KeyRevoked"] * 3]
    with pytest.raises(KeyRevoked):
        await revoke_key(tenant.ctx(), command)


async def test_not_anothers_and_not_by_anyone(make_tenant: Callable[..., Awaitable[Workspace]]) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    command = RevokeKey(key_id=(await _issue(theirs)).key.id)
    with pytest.raises(NotFound):
        await revoke_key(mine.ctx(), command)
    with pytest.raises(Forbidden):
        await revoke_key(theirs.ctx(permissions=frozenset({"keys:read"})), command)
