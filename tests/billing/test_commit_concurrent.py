"""Many connections at once: lines are filled exactly, days roll in turn, opposite orders do not deadlock."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import asyncpg
import pytest

from tests.billing.desk import Desk, Till, count, more_buyers, open_desk, read_line

pytestmark = pytest.mark.db


async def check_two_at_once_fill_a_line(desk: Desk, till: Till, url: str, admin: Any) -> None:
    """The second must see what the first took, although it began before the first ended."""
    line = await till.line(desk, 1_000)
    one, two = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        transaction = one.transaction()
        await transaction.start()
        assert await Till(one, till.function).one(desk.authorise(line, 700)) == "ok"
        waiting = asyncio.create_task(
            Till(two, till.function).run(desk.authorise(line, 700), desk.authorise(line, 300))
        )
        await asyncio.sleep(0.2)
        await transaction.commit()
        answers = await waiting
    finally:
        await one.close()
        await two.close()
    assert [outcome for outcome, _ in answers] == ["limit_exceeded", "ok"]
    assert answers[0][1] == {"available_minor": 300, "requested_minor": 700}
    assert (await read_line(admin, desk, line))["held_minor"] == 1_000
    assert await _used(admin, desk) == 1_000


async def test_two_at_once_fill_a_line(desk: Desk, till: Till, app_url: str, admin: Any) -> None:
    await check_two_at_once_fill_a_line(desk, till, app_url, admin)


async def test_eight_connections_fill_hot_lines_exactly(
    desk: Desk, till: Till, app_url: str, admin: Any
) -> None:
    """Demand is over twice the limits; equal amounts that divide them, so nothing may be left over."""
    lines = [await till.line(desk, 10_000, buyer_id=buyer) for buyer in await more_buyers(desk, 2)]
    outcomes: list[str] = []

    async def client(seed: int) -> None:
        chance = random.Random(seed)
        connection = await asyncpg.connect(app_url)
        try:
            for _ in range(6):
                wanted = [desk.authorise(chance.choice(lines), 100) for _ in range(10)]
                outcomes.extend([outcome for outcome, _ in await Till(connection).run(*wanted)])
        finally:
            await connection.close()

    await asyncio.gather(*(client(seed) for seed in range(8)))
    assert (outcomes.count("ok"), outcomes.count("limit_exceeded")) == (200, 280)
    assert [(await read_line(admin, desk, line))["held_minor"] for line in lines] == [10_000, 10_000]
    assert await _used(admin, desk) == 20_000
    assert await count(admin, "billing.drawdown", desk.tenant) == 200


async def test_opposite_orders_do_not_deadlock(desk: Desk, till: Till, app_url: str) -> None:
    """Arrays name the same lines and tenants forwards and backwards; locks are taken by key all the same."""
    desks = [desk, await open_desk()]
    places = [
        (one, await till.line(one, 10**9, buyer_id=buyer))
        for one in desks
        for buyer in await more_buyers(one, 4)
    ]

    async def client(order: list[tuple[Desk, Any]]) -> list[str]:
        connection = await asyncpg.connect(app_url)
        try:
            outcomes: list[str] = []
            for _ in range(15):
                answers = await Till(connection).run(*(one.authorise(line, 1) for one, line in order))
                outcomes += [outcome for outcome, _ in answers]
            return outcomes
        finally:
            await connection.close()

    answers = await asyncio.gather(
        *(client(places), client(places[::-1]), client(places), client(places[::-1]))
    )
    assert {outcome for outcomes in answers for outcome in outcomes} == {"ok"}


async def test_a_day_rolls_in_turn_under_steady_commits(
    desk: Desk, till: Till, app_url: str, admin: Any
) -> None:
    """Neither starves: rolls are not passed by later commits, and nothing is booked on a day that is over."""
    line = await till.line(desk, 10**9)
    stop = time.monotonic() + 2.5
    outcomes: list[str] = []
    waits: list[float] = []

    async def client() -> None:
        connection = await asyncpg.connect(app_url)
        try:
            while time.monotonic() < stop:
                answers = await Till(connection).run(*(desk.authorise(line, 1) for _ in range(8)))
                outcomes.extend(outcome for outcome, _ in answers)
        finally:
            await connection.close()

    async def roll() -> None:
        while time.monotonic() < stop - 1:
            await asyncio.sleep(0.1)
            began = time.monotonic()
            await admin.execute(
                "UPDATE kernel.tenant_day SET business_on = business_on WHERE tenant_id = $1", desk.tenant
            )
            waits.append(time.monotonic() - began)
        await desk.workspace.roll(desk.today.replace(day=desk.today.day + 1))

    await asyncio.gather(roll(), *(client() for _ in range(6)))
    assert max(waits) < 1, "the roll was starved"
    first_late = outcomes.index("stale")
    assert set(outcomes[:first_late]) == {"ok"}
    assert await count(admin, "billing.drawdown", desk.tenant) == outcomes.count("ok")


async def test_first_credits_at_once_add_up(desk: Desk, till: Till, app_url: str, admin: Any) -> None:
    """The balance does not stand yet, so there is nothing to lock."""
    one, two = await asyncpg.connect(app_url), await asyncpg.connect(app_url)
    try:
        transaction = one.transaction()
        await transaction.start()
        assert await Till(one).one(desk.credit(100)) == "ok"
        waiting = asyncio.create_task(Till(two).run(desk.credit(20), desk.credit(-5)))
        await asyncio.sleep(0.2)
        await transaction.commit()
        assert [outcome for outcome, _ in await waiting] == ["ok", "ok"]
    finally:
        await one.close()
        await two.close()
    found = await admin.fetchval(
        "SELECT credit_minor FROM billing.buyer_balance WHERE tenant_id = $1", desk.tenant
    )
    assert found == 115


async def _used(admin: Any, desk: Desk) -> int:
    return int(
        await admin.fetchval(
            "SELECT sum(held_minor) FROM billing.drawdown_use WHERE tenant_id = $1", desk.tenant
        )
    )
