"""The timetable: when slots fall due, who gets them, what a failure or a killed worker leaves behind."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel import clock, jobs
from kernel.context import Ctx
from kernel.db.scope import scope, unscoped
from kernel.ids import uuid7
from kernel.jobs import Job, Runner, Slot, due_at, due_slots, job, run_for_all, run_slot
from kernel.standing import Standing
from tests.support.tenants import Workspace

MakeTenant = Callable[..., Awaitable[Workspace]]
numbers = itertools.count(1)


def standing(
    zone: str = "Asia/Shanghai", cut_off: time = time(0), created_on: date = date(2027, 3, 1)
) -> Standing:
    return Standing(
        id=uuid7(),
        mode="live",
        timezone=zone,
        cut_off=cut_off,
        locale="en",
        config_version=1,
        created_at=clock.opening(created_on, zone, cut_off) + timedelta(hours=1),
        business_on=created_on,
        clock_at=None,
    )


def daily(at: time = time(0, 5)) -> Job:
    async def nothing(ctx: Ctx, slot_on: date) -> None: ...

    return Job("test.daily", nothing, at, None, frozenset())


@pytest.fixture
def name() -> str:
    """A job of this test alone, taken off the timetable at its end."""
    return f"test.job_{next(numbers)}"


@pytest.fixture(autouse=True)
def timetable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS", {})


def at_utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("zone", "cut_off", "at", "day", "due"),
    [
        ("Asia/Shanghai", time(0), time(0, 5), date(2027, 3, 2), at_utc(2027, 3, 1, 16, 5)),
        ("Asia/Shanghai", time(6), time(0, 5), date(2027, 3, 2), at_utc(2027, 3, 1, 22, 0)),
        ("Asia/Shanghai", time(6), time(9), date(2027, 3, 2), at_utc(2027, 3, 2, 1, 0)),
        ("Europe/Berlin", time(0), time(0, 5), date(2027, 3, 28), at_utc(2027, 3, 27, 23, 5)),
        ("Europe/Berlin", time(0), time(9), date(2027, 3, 28), at_utc(2027, 3, 28, 7, 0)),
        ("Europe/Berlin", time(0), time(9), date(2027, 3, 27), at_utc(2027, 3, 27, 8, 0)),
        # 02:30 does not exist on the day the clocks go forward, and is twice on the day they go back
        ("Europe/Berlin", time(0), time(2, 30), date(2027, 3, 28), at_utc(2027, 3, 28, 1, 30)),
        ("Europe/Berlin", time(0), time(2, 30), date(2027, 10, 31), at_utc(2027, 10, 31, 0, 30)),
    ],
)
def test_due_at(zone: str, cut_off: time, at: time, day: date, due: datetime) -> None:
    assert due_at(daily(at), standing(zone, cut_off), day) == due


def test_one_slot_a_day_through_both_clock_changes() -> None:
    berlin = standing("Europe/Berlin", created_on=date(2027, 1, 1))
    start, end = date(2027, 3, 20), at_utc(2027, 11, 10, 12)
    days = due_slots(daily(time(2, 30)), berlin, start, end)
    assert days == [start + timedelta(days=n) for n in range(1, (date(2027, 11, 10) - start).days + 1)]


def test_slots_begin_with_the_tenant_and_not_too_far_back() -> None:
    noon = at_utc(2027, 3, 4, 4)
    assert due_slots(daily(), standing(), None, noon) == [date(2027, 3, day) for day in (1, 2, 3, 4)]
    old = standing(created_on=date(2020, 1, 1))
    assert due_slots(daily(), old, None, noon)[0] == date(2027, 3, 4) - timedelta(days=jobs.FARTHEST_DAYS)
    assert due_slots(daily(), old, date(2027, 3, 4), noon) == []
    assert due_slots(daily(time(13)), standing(), date(2027, 3, 2), noon) == [date(2027, 3, 3)]


def test_a_job_says_when_and_once() -> None:
    with pytest.raises(ValueError, match="at"):
        job("test.never")
    with pytest.raises(ValueError, match="at"):
        job("test.both", at=time(1), every_seconds=5)


async def rows(tenant_id: UUID, name: str, ctx: Ctx) -> list[dict[str, Any]]:
    async with scope(ctx, read_only=True) as tx:
        found = await tx.fetch(
            "SELECT * FROM kernel.schedule WHERE tenant_id = $1 AND job = $2 ORDER BY slot_on",
            tenant_id,
            name,
        )
    return [dict(row) for row in found]


async def claim(
    name: str, days: dict[UUID, list[date]], most: int = 50, lease: int = 60
) -> list[tuple[UUID, date]]:
    due = [(tenant_id, day) for tenant_id, each in days.items() for day in each]
    async with unscoped() as tx:
        found = await tx.fetch(
            "SELECT * FROM kernel.claim_slots($1, $2, $3, $4, $5)",
            name,
            [tenant_id for tenant_id, _ in due],
            [day for _, day in due],
            most,
            lease,
        )
    return [(row["tenant_id"], row["slot_on"]) for row in found]


DAYS = [date(2027, 3, day) for day in (1, 2, 3)]


@pytest.mark.db
async def test_slots_go_in_order_and_to_one_worker(make_tenant: MakeTenant, name: str) -> None:
    one, two = await make_tenant("live"), await make_tenant("live")
    days = {one.id: DAYS, two.id: DAYS}
    claimed = await asyncio.gather(*(claim(name, days) for _ in range(6)))
    assert sorted(itertools.chain(*claimed)) == sorted([(one.id, DAYS[0]), (two.id, DAYS[0])])
    assert await claim(name, {}) == []
    async with scope(one.ctx()) as tx:
        await tx.execute(
            "UPDATE kernel.schedule SET done_at = now() WHERE job = $1 AND slot_on = $2", name, DAYS[0]
        )
    assert await claim(name, days) == [(one.id, DAYS[1])]
    assert await claim(name, {one.id: [date(2027, 2, 1)]}) == [], "older than the newest known: not entered"
    assert len(await rows(one.id, name, one.ctx())) == 3


@pytest.mark.db
async def test_a_killed_workers_slot_is_taken_when_the_lease_ends(make_tenant: MakeTenant, name: str) -> None:
    one = await make_tenant("live")
    assert await claim(name, {one.id: DAYS[:1]}, lease=1) == [(one.id, DAYS[0])]
    assert await claim(name, {}) == []
    await asyncio.sleep(1.1)
    assert await claim(name, {}) == [(one.id, DAYS[0])]
    assert (await rows(one.id, name, one.ctx()))[0]["attempts"] == 2


@pytest.mark.db
async def test_a_slot_runs_once_under_its_own_context(make_tenant: MakeTenant, name: str) -> None:
    one, two = await make_tenant("live"), await make_tenant("live")
    seen: list[tuple[Ctx, date]] = []

    @job(name, at=time(0), permissions={"days:write"})
    async def note(ctx: Ctx, slot_on: date) -> None:
        seen.append((ctx, slot_on))

    runner = Runner(most_at_once=1000)
    for _ in range(3):
        await runner.tick()
        await runner.drain(10)
        runner = Runner(most_at_once=1000)
    for each in (one, two):
        (ctx, slot_on), *more = [(ctx, day) for ctx, day in seen if ctx.tenant_id == each.id]
        assert not more
        assert slot_on == each.opened_on == ctx.today
        assert ctx.permissions == {"days:write"}
        assert ctx.actor.kind == "system"
        assert (await rows(each.id, name, each.ctx()))[0]["done_at"] is not None


@pytest.mark.db
async def test_a_failure_is_written_down_and_stops_no_other(make_tenant: MakeTenant, name: str) -> None:
    bad, good = await make_tenant("live"), await make_tenant("live")
    ran: list[UUID] = []

    @job(name, at=time(0))
    async def fall(ctx: Ctx, slot_on: date) -> None:
        if ctx.tenant_id == bad.id:
            raise RuntimeError("no such luck")
        ran.append(ctx.tenant_id)

    runner = Runner(most_at_once=1000)
    await runner.tick()
    await runner.drain(10)
    assert good.id in ran
    (row,) = await rows(bad.id, name, bad.ctx())
    assert "no such luck" in row["error"]
    assert row["done_at"] is None
    assert row["lease_until"] > clock.real_now(), "tried again only after a pause"
    assert (await rows(good.id, name, good.ctx()))[0]["done_at"] is not None


@pytest.mark.db
async def test_a_slot_taken_over_is_not_marked_by_the_late_one(make_tenant: MakeTenant, name: str) -> None:
    one = await make_tenant("live")

    @job(name, at=time(0))
    async def slow(ctx: Ctx, slot_on: date) -> None:
        await claim(name, {}, lease=60)

    await claim(name, {one.id: DAYS[:1]}, lease=-1)
    await run_slot(Slot(jobs.JOBS[name], one.id, DAYS[0], attempts=1))
    (row,) = await rows(one.id, name, one.ctx())
    assert (row["attempts"], row["done_at"]) == (2, None)


@pytest.mark.db
async def test_a_test_tenant_gets_no_slots_by_real_time(make_tenant: MakeTenant, name: str) -> None:
    one = await make_tenant("test")

    @job(name, at=time(0))
    async def note(ctx: Ctx, slot_on: date) -> None: ...

    runner = Runner(most_at_once=1000)
    await runner.tick()
    await runner.drain(10)
    assert await rows(one.id, name, one.ctx()) == []


@pytest.mark.db
async def test_what_runs_is_let_end_and_what_does_not_end_is_cut_off(
    make_tenant: MakeTenant, name: str
) -> None:
    one = await make_tenant("live")
    ended: list[str] = []

    @job(name, at=time(0))
    async def work(ctx: Ctx, slot_on: date) -> None:
        if ctx.tenant_id == one.id:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("cut off")

    runner = Runner(most_at_once=1000)
    await runner.tick()
    await asyncio.sleep(0.2)
    await runner.drain(0)
    assert ended == ["cut off"]
    assert (await rows(one.id, name, one.ctx()))[0]["done_at"] is None


@pytest.mark.db
async def test_repeated_jobs_run_for_every_tenant(make_tenant: MakeTenant, name: str) -> None:
    live, test = await make_tenant("live"), await make_tenant("test")
    ran: list[UUID] = []

    @job(name, every_seconds=5)
    async def each(ctx: Ctx) -> None:
        ran.append(ctx.tenant_id)
        if ctx.tenant_id == live.id:
            raise RuntimeError("only this one")

    await run_for_all(jobs.JOBS[name])
    assert {live.id, test.id} <= set(ran)
