"""The next rows of a file and the progress behind them are one transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kernel.errors import Forbidden, NotFound
from tenants.begin_import import begin_import
from tenants.errors import ImportMovedOn
from tenants.imports import ImportRun
from tenants.rules.counts import Tally
from tenants.rules.steps import LeftOut, Refused, Step, Taken
from tenants.rules.trade import TradeLine, TradeOrderItem
from tenants.take_rows import TakeRows, take_rows
from tests.support.import_files import shops
from tests.support.tenants import Workspace, open_workspace
from tests.tenants.test_begin_import import BEGIN

pytestmark = pytest.mark.db

ROW = (1, ("A1", "shop-1", "2027-02-20 10:00:00", "COTTON", "1", "1.00"))
ORDER = TradeOrderItem(
    external_ref="A1", ordered_at=datetime(2027, 2, 20, 2, tzinfo=UTC), currency="CNY",
    lines=(TradeLine("COTTON", Decimal(1), 1_00),), buyer_ref="shop-1",
)  # fmt: skip
STEPS: tuple[Step, ...] = (
    Taken("orders", ORDER, (ROW,), 1_00),
    LeftOut("postage", 1, 5_00),
    Refused((3, ("A2",)), "at", "not_a_time", {"value": "", "expected": "2027-03-01"}),
)


async def begun(tenant: Workspace) -> ImportRun:
    await shops(tenant)
    return await begin_import(tenant.ctx(), BEGIN)


async def test_each_row_is_counted_once(tenant: Workspace) -> None:
    run = await begun(tenant)
    taken = await take_rows(tenant.ctx(), TakeRows(import_id=run.id, position=0, steps=STEPS))
    assert (taken.position, taken.counts.refused_rows) == (3, 1)
    assert taken.counts.recorded == {"orders": Tally(1, 1, 1_00)}
    assert taken.counts.left_out == {"postage": Tally(1, 1, 5_00)}


async def test_two_at_once_take_them_once(tenant: Workspace) -> None:
    run = await begun(tenant)
    told = await asyncio.gather(
        *(take_rows(tenant.ctx(), TakeRows(import_id=run.id, position=0, steps=STEPS)) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in told) == ["ImportMovedOn", "ImportRun"]


async def test_refusals(tenant: Workspace) -> None:
    run = await begun(tenant)
    with pytest.raises(ImportMovedOn):
        await take_rows(tenant.ctx(), TakeRows(import_id=run.id, position=1, steps=STEPS))
    with pytest.raises(Forbidden):
        await take_rows(
            tenant.ctx(permissions=frozenset({"orders:write"})),
            TakeRows(import_id=run.id, position=0, steps=STEPS),
        )
    stranger = await open_workspace()
    with pytest.raises(NotFound):
        await take_rows(stranger.ctx(), TakeRows(import_id=run.id, position=0, steps=STEPS))
