"""Many steps together, those of one buyer in their order; a step repeated changes nothing."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from app.demo.desk import AT_ONCE, ATTEMPTS, Desk, side_by_side
from kernel.errors import Unavailable
from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.tenants import Workspace


async def test_steps_of_one_buyer_go_one_after_another_and_buyers_together() -> None:
    running: set[str] = set()
    most, done = 0, []

    async def step(buyer: str, no: int) -> None:
        nonlocal most
        assert buyer not in running
        running.add(buyer)
        most = max(most, len(running))
        await asyncio.sleep(0.001)
        running.remove(buyer)
        done.append((buyer, no))

    buyers = [f"buyer {no}" for no in range(2 * AT_ONCE)]
    told: list[int] = []
    await side_by_side(
        ((buyer, partial(step, buyer, no)) for no in range(3) for buyer in buyers), told.append
    )

    assert most == AT_ONCE
    assert sum(told) == len(done) == 3 * len(buyers)
    assert [no for buyer, no in done if buyer == "buyer 7"] == [0, 1, 2]


async def test_the_first_failure_stops_the_others_and_is_raised() -> None:
    done = []

    async def fail() -> None:
        raise LookupError("no such buyer")

    async def linger() -> None:
        await asyncio.sleep(60)
        done.append("lingered")

    with pytest.raises(LookupError, match="no such buyer"):
        await side_by_side([("a", linger), ("b", fail)])
    assert done == []


async def test_a_step_is_tried_again_while_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unavailable, "retry_after_seconds", 0.001)
    tries = []

    async def busy(times: int) -> None:
        tries.append(times)
        if len(tries) <= times:
            raise Unavailable

    await side_by_side([("a", partial(busy, 3))])
    assert len(tries) == 4
    tries.clear()
    with pytest.raises(Unavailable):
        await side_by_side([("a", partial(busy, ATTEMPTS))])
    assert len(tries) == ATTEMPTS


@pytest.mark.db
async def test_a_step_has_one_effect_however_often_it_is_done(tenant: Workspace) -> None:
    desk = Desk(tenant.opened.slug, "owner@example.com")
    await desk.sit_down()
    command = AddBuyer(name="一号制衣厂", party_type="company", owner_name="Owner")
    first = await add_buyer(desk.step("buyer 1"), command)
    assert (await add_buyer(desk.step("buyer 1"), command)).id == first.id
    assert (await add_buyer(desk.step("buyer 2"), command)).id != first.id


@pytest.mark.db
async def test_a_day_is_over_when_its_office_is_closed(tenant: Workspace) -> None:
    desk = Desk(tenant.opened.slug, "owner@example.com")
    await desk.sit_down()
    today = desk.today
    tomorrow = today.fromordinal(today.toordinal() + 1)
    assert (today, desk.is_over(today)) == (tenant.opened_on, False)

    await desk.open_office(tomorrow)
    assert (desk.today, desk.is_over(today), desk.is_over(tomorrow)) == (tomorrow, True, False)
    await desk.open_office(tomorrow)
    assert desk.today == tomorrow

    await desk.close_office()
    assert (desk.today, desk.is_over(tomorrow)) == (tomorrow, True)
