"""The stored business date goes forward only; a live tenant has no clock to move."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from kernel.business_date import read_day, roll_business_date, set_clock
from kernel.clock import opening
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.ids import uuid7
from tests.support.tenants import OPENED_ON, TIMEZONE, Workspace

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]


async def _day(workspace: Workspace) -> date:
    async with scope(workspace.ctx(), read_only=True) as tx:
        return (await read_day(tx, workspace.id)).business_on


async def test_it_rolls_forward_and_never_back(tenant: Workspace) -> None:
    assert await _day(tenant) == OPENED_ON
    later = OPENED_ON + timedelta(days=3)
    assert await roll_business_date(tenant.ctx(), later)
    assert not await roll_business_date(tenant.ctx(), later)
    assert not await roll_business_date(tenant.ctx(), OPENED_ON)
    assert await _day(tenant) == later


async def test_it_rolls_one_tenant(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    await roll_business_date(mine.ctx(), OPENED_ON + timedelta(days=1))
    assert await _day(theirs) == OPENED_ON


async def test_a_day_of_nobody_is_not_found(tenant: Workspace) -> None:
    async with scope(tenant.ctx(), read_only=True) as tx:
        with pytest.raises(NotFound):
            await read_day(tx, uuid7())


async def test_a_clock_goes_forward_and_only_where_there_is_one(make_tenant: Make) -> None:
    test, live = await make_tenant(), await make_tenant("live")
    first = test.ctx().now
    later = first + timedelta(hours=5)
    for workspace in (test, live):
        await set_clock(workspace.ctx(), later)
        await set_clock(workspace.ctx(), first)
    async with scope(test.ctx(), read_only=True) as tx:
        assert (await read_day(tx, test.id)).clock_at == later
        assert (await read_day(tx, live.id)).clock_at is None
    assert later > opening(OPENED_ON, TIMEZONE, later.time().min)
