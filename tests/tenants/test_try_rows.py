"""Rows tried: what they would come to, and nothing of it stays."""

from __future__ import annotations

import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from tenants.rules.counts import Tally
from tenants.try_rows import TryRows, try_rows
from tests.support.import_files import ORDERS, shops
from tests.support.tenants import Workspace, open_workspace
from tests.tenants.test_take_rows import STEPS

pytestmark = pytest.mark.db


async def test_nothing_of_it_stays(tenant: Workspace) -> None:
    await shops(tenant)
    for _ in range(2):
        tried = await try_rows(tenant.ctx(), TryRows(mapping=ORDERS, steps=STEPS))
        assert tried.counts.recorded == {"orders": Tally(1, 1, 1_00)}
        assert [one.code for one in tried.refused] == ["not_a_time"]
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert not await tx.fetchval(
            "SELECT count(*) FROM tenants.trade_order WHERE tenant_id = $1", tenant.id
        )


async def test_a_strangers_buyer_is_unknown(tenant: Workspace) -> None:
    await shops(tenant)
    stranger = await open_workspace()
    tried = await try_rows(stranger.ctx(), TryRows(mapping=ORDERS, steps=STEPS))
    assert [one.code for one in tried.refused] == ["unknown_buyer", "not_a_time"]


async def test_refusals(tenant: Workspace) -> None:
    with pytest.raises(Invalid):
        await try_rows(tenant.ctx(), TryRows(mapping={}, steps=()))
    with pytest.raises(Forbidden):
        await try_rows(
            tenant.ctx(permissions=frozenset({"orders:write"})), TryRows(mapping=ORDERS, steps=STEPS)
        )
