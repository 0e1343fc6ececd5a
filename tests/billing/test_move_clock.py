"""A test tenant's clock moves forward, and every day on the way ends as it would have in life."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.errors import ClockBackwards, ClockNotMovable
from billing.move_clock import FARTHEST_DAYS, PERMISSION, ClockView, MoveClock, move_clock
from kernel.business_date import read_day
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid
from tests.billing.checks import needs
from tests.support.shop import Shop, open_shop
from tests.support.tenants import open_workspace
from tests.support.traces import audited

pytestmark = pytest.mark.db

SHANGHAI = timedelta(hours=8)
"""Ahead of UTC."""
TEN_DAYS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.002"},
}


def march(day: int) -> date:
    return date(2027, 3, day)


def opening(day: int) -> datetime:
    return datetime(2027, 3, day, tzinfo=UTC) - SHANGHAI


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TEN_DAYS)


async def move(shop: Shop, to: date | datetime, **more: Any) -> ClockView:
    moved = await move_clock(shop.ctx, MoveClock(to=to, **more))
    shop.today = moved.business_on
    return moved


async def stored(shop: Shop) -> tuple[date, datetime | None]:
    async with scope(shop.ctx, read_only=True) as tx:
        found = await read_day(tx, shop.workspace.id)
    return found.business_on, found.clock_at


async def test_to_the_opening_of_a_day(shop: Shop) -> None:
    drawn = await shop.draw(100_000)
    told: list[date] = []
    moved = await move(shop, march(16), progress=told.append)
    assert moved == ClockView(now=opening(16), business_on=march(16), days_ended=15)
    assert told == [march(n) for n in range(2, 17)]
    assert await stored(shop) == (march(16), opening(16))
    assert await shop.rows("billing.journal", "kind, effective_on, booked_on", "kind <> 'capture'") == [
        ("interest_due", march(11), march(11))
    ]
    assert [fact["business_on"] for fact in await audited(shop.workspace, "day.ended")] == [
        str(march(n)) for n in range(2, 17)
    ]
    assert await shop.owed(drawn) == 102_000
    await shop.verify()


async def test_to_an_instant_of_the_same_day(shop: Shop) -> None:
    to = opening(1) + timedelta(hours=20)
    assert await move(shop, to) == ClockView(now=to, business_on=march(1), days_ended=0)
    assert await stored(shop) == (march(1), to)


async def test_to_an_instant_of_a_later_day(shop: Shop) -> None:
    to = opening(3) + timedelta(seconds=-1)
    assert await move(shop, to) == ClockView(now=to, business_on=march(2), days_ended=1)


async def test_to_where_it_stands(shop: Shop) -> None:
    await move(shop, march(5))
    assert (await move(shop, march(5))).days_ended == 0


async def test_backwards(shop: Shop) -> None:
    await move(shop, march(5))
    for to in (march(4), opening(5) - timedelta(microseconds=1), date.min):
        with pytest.raises(ClockBackwards) as told:
            await move(shop, to)
        assert told.value.params == {"now": str(opening(5))}
    assert await stored(shop) == (march(5), opening(5))


async def test_too_far(shop: Shop) -> None:
    last_on = march(1) + timedelta(FARTHEST_DAYS)
    for to in (last_on + timedelta(1), date.max):
        with pytest.raises(Invalid) as told:
            await move(shop, to)
        assert told.value.errors == (FieldProblem("#/to", "out_of_range", {"expected": f"<= {last_on}"}),)


async def test_a_live_tenants_clock_is_the_worlds(database: None) -> None:
    live = await open_workspace("live")
    with pytest.raises(ClockNotMovable):
        await move_clock(live.ctx(), MoveClock(to=live.opened_on + timedelta(1)))


async def test_stopped_on_the_way_it_stands_at_a_whole_day(shop: Shop) -> None:
    await shop.draw(100_000)

    def stop(day: date) -> None:
        if day == march(12):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await move(shop, march(16), progress=stop)
    assert await stored(shop) == (march(12), opening(12))
    shop.today = march(12)
    assert (await move(shop, march(16))).days_ended == 4
    assert len(await audited(shop.workspace, "day.ended")) == 15
    await shop.verify()


async def test_under_a_key_every_row_moves(shop: Shop) -> None:
    for _ in range(3):
        await shop.draw(100_000)
    await asyncio.wait_for(move_clock(shop.keyed("k"), MoveClock(to=march(11))), 30)
    assert await shop.postings("interest_due") == [("buyer_interest", "interest_income", 1_000)] * 3


async def test_who_may_not(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await move_clock(ctx, MoveClock(to=march(2)))

    await needs(shop, PERMISSION, do)
