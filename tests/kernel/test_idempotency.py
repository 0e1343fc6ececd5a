"""One key, one effect, however many copies come at once; another request under the key is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.idempotency import KeyReused, keep, once
from kernel.ids import uuid7
from kernel.outbox import emit
from tests.support.tenants import Workspace
from tests.support.together import together

pytestmark = pytest.mark.db


async def _do(ctx: Ctx, *, fail: bool = False) -> UUID:
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(UUID)
        made = uuid7()
        await emit(tx, ctx, "thing.done", {"id": made})
        await keep(tx, ctx, made)
        if fail:
            raise KeyError("after the effect")
    return made


async def _effects(workspace: Workspace) -> int:
    async with scope(workspace.ctx(), read_only=True) as tx:
        count: int = await tx.fetchval(
            "SELECT count(*) FROM kernel.outbox WHERE tenant_id = $1 AND topic = 'thing.done'", workspace.id
        )
    return count


async def test_twenty_copies_at_once_have_one_effect(tenant: Workspace) -> None:
    ctx = tenant.ctx(key="one", request=1)
    assert len(set(await together(*(_do(ctx) for _ in range(20))))) == 1
    assert await _effects(tenant) == 1


async def test_without_a_key_each_is_its_own(tenant: Workspace) -> None:
    assert await _do(tenant.ctx()) != await _do(tenant.ctx())
    assert await _effects(tenant) == 2


async def test_another_request_under_the_key_is_refused(tenant: Workspace) -> None:
    await _do(tenant.ctx(key="one", request=1))
    with pytest.raises(KeyReused):
        await _do(tenant.ctx(key="one", request=2))
    assert await _effects(tenant) == 1


async def test_a_failed_request_leaves_the_key_free(tenant: Workspace) -> None:
    ctx = tenant.ctx(key="one", request=1)
    with pytest.raises(KeyError):
        await _do(ctx, fail=True)
    assert await _effects(tenant) == 0
    await _do(ctx)
    assert await _effects(tenant) == 1


async def test_keys_of_other_tenants_and_families_are_others(
    make_tenant: Callable[..., Awaitable[Workspace]],
) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    results = [await _do(workspace.ctx(key="one", request=1)) for workspace in (mine, theirs)]
    assert len(set(results)) == 2
    assert [await _effects(workspace) for workspace in (mine, theirs)] == [1, 1]
