"""Work by the clock: each package's jobs.py is its timetable, the worker (app/worker.py) runs it.

    @job("billing.day_end", at=time(0, 5), permissions={"days:write"})
    async def day_end(ctx: Ctx, slot_on: date) -> None: ...

    @job("kernel.seal_audit", every_seconds=30)
    async def seal(ctx: Ctx) -> None: ...

A job with `at` has one slot a business date and tenant: a row of kernel.schedule, claimed by one worker
for a lease that is renewed while it runs, tried until it is done, in order. So days missed are caught up,
and a killed worker's slot is taken by another when the lease ends. A job with `every_seconds` has no
rows: each worker runs it for every tenant, so it must bear company. A failure is written down, tried
again later, and stops no other tenant.

Slot times are wall-clock times of the tenant's zone, computed with zoneinfo. A test tenant's slots are
never made here: its clock does the day's work when it is moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from kernel import clock, ids, log, metrics
from kernel.business_date import roll_business_date
from kernel.context import Actor, Ctx
from kernel.db.scope import scope, unscoped
from kernel.errors import Unavailable
from kernel.standing import Standing, list_standings, read_standings

LEASE_SECONDS: Final = 120
FARTHEST_DAYS: Final = 31
"""How far back a job without any slot yet begins for a tenant."""

_LONGEST_WAIT_SECONDS: Final = 3600
_SYSTEM: Final = Actor("system", UUID(int=0))


class Job(msgspec.Struct, frozen=True):
    """`run(ctx, slot_on)` where `at` is set, else `run(ctx)`. Times of day are the tenant's."""

    name: str
    run: Callable[..., Awaitable[None]]
    at: time | None
    every_seconds: int | None
    permissions: frozenset[str]


class Slot(msgspec.Struct, frozen=True):
    """One claimed run; `attempts` counts this one."""

    job: Job
    tenant_id: UUID
    slot_on: date
    attempts: int


JOBS: Final[dict[str, Job]] = {}
"""All jobs by name, as the packages' jobs.py files have declared them."""


def job(
    name: str,
    *,
    at: time | None = None,
    every_seconds: int | None = None,
    permissions: Collection[str] = (),
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Declares a job; exactly one of `at` and `every_seconds`. `permissions` are those of its context."""
    if (at is None) == (every_seconds is None) or name in JOBS:
        raise ValueError(f"job {name}: say `at` or `every_seconds`, once")

    def declare(run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        JOBS[name] = Job(name, run, at, every_seconds, frozenset(permissions))
        return run

    return declare


def due_at(job: Job, standing: Standing, day: date) -> datetime:
    """When the slot of business date `day` falls due: at `job.at`, not before the day opens (UTC instant)."""
    if job.at is None:
        raise ValueError(f"job {job.name} has no time of day")
    at = datetime.combine(day, max(job.at, standing.cut_off), tzinfo=ZoneInfo(standing.timezone))
    return at.astimezone(UTC)


def due_slots(job: Job, standing: Standing, after: date | None, now: datetime) -> list[date]:
    """Business dates after `after` whose slot is due by `now`, in order.

    Without `after`: from the tenant's opening, at most FARTHEST_DAYS back.
    """
    today = clock.business_date(now, standing.timezone, standing.cut_off)
    if after is None:
        opened_on = clock.business_date(standing.created_at, standing.timezone, standing.cut_off)
        after = max(opened_on, today - timedelta(days=FARTHEST_DAYS)) - timedelta(days=1)
    days = (after + timedelta(days=n) for n in range(1, (today - after).days + 1))
    return [day for day in days if due_at(job, standing, day) <= now]


class Runner:
    """One worker's share of the jobs: claims what is due and runs it, `most_at_once` together."""

    def __init__(self, most_at_once: int = 2) -> None:
        self._most = most_at_once
        self._entered: dict[tuple[str, UUID], date] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False

    async def tick(self) -> None:
        """Enters the slots that have come due and starts as many as there is room for."""
        for each in [each for each in JOBS.values() if each.at is not None]:
            for slot in await self._claim(each):
                task = asyncio.create_task(_run_slot(slot))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def drain(self, seconds: int) -> None:
        """Waits for what runs; what is not done by then is cut off and left to the lease."""
        self._closing = True
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _claim(self, each: Job) -> list[Slot]:
        room = 0 if self._closing else self._most - len(self._running)
        if room <= 0:
            return []
        now = clock.real_now()
        async with unscoped() as tx:
            live = [standing for standing in await list_standings(tx) if standing.mode == "live"]
            due = [
                (standing.id, day)
                for standing in live
                for day in due_slots(each, standing, self._entered.get((each.name, standing.id)), now)
            ]
            rows = await tx.fetch(
                "SELECT * FROM kernel.claim_slots($1, $2, $3, $4, $5)",
                each.name,
                [tenant_id for tenant_id, _ in due],
                [day for _, day in due],
                room,
                LEASE_SECONDS,
            )
        self._entered |= {(each.name, tenant_id): day for tenant_id, day in due}
        return [Slot(each, row["tenant_id"], row["slot_on"], row["attempts"]) for row in rows]


async def run_slot(slot: Slot) -> None:
    """Runs a claimed slot and writes down how it ended. Raises Unavailable where the database is away."""
    async with unscoped() as tx:
        standings = await read_standings(tx, [slot.tenant_id])
    if not standings:
        return
    ctx = system_context(slot.job, standings[0])
    if ctx.today > standings[0].business_on:
        await roll_business_date(ctx, ctx.today)
    renewing = asyncio.create_task(_renew(ctx, slot))
    try:
        error = await _run(slot.job, ctx, slot.slot_on)
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
    await _finish(ctx, slot, error)


async def _run_slot(slot: Slot) -> None:
    try:
        await run_slot(slot)
    except Unavailable:
        log.get().warning("slot left to its lease", job=slot.job.name, tenant=str(slot.tenant_id))


async def run_for_all(each: Job) -> None:
    """Runs a job with `every_seconds` for every open tenant, one after the other."""
    async with unscoped() as tx:
        standings = await list_standings(tx)
    for standing in standings:
        await _run(each, system_context(each, standing))


def system_context(each: Job, standing: Standing) -> Ctx:
    """The context of one run: Tradeline itself, allowed what the job declared."""
    real_now = clock.real_now()
    return Ctx(
        tenant_id=standing.id,
        mode=standing.mode,
        actor=_SYSTEM,
        family=_SYSTEM.id,
        permissions=each.permissions,
        now=standing.now(real_now),
        today=standing.today(real_now),
        locale=standing.locale,
        request_id=ids.encode("req", ids.uuid7()),
        lease_seconds=LEASE_SECONDS,
    )


async def _run(each: Job, ctx: Ctx, *slot: date) -> str | None:
    """None, or what went wrong."""
    began, error = perf_counter(), None
    with log.facts({"job": each.name, "tenant": str(ctx.tenant_id), "request_id": ctx.request_id}):
        try:
            await each.run(ctx, *slot)
        except Exception as fault:  # one tenant's failure stops no other: it is written down and tried again
            error = repr(fault)[:500]
            log.get().error("job failed", slots=[str(day) for day in slot], exc_info=fault)
    metrics.observe_job(each.name, "failed" if error else "done", perf_counter() - began)
    return error


async def _renew(ctx: Ctx, slot: Slot) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS // 3)
        try:
            await _update(ctx, slot, "lease_until = now() + make_interval(secs => $5)", LEASE_SECONDS)
        except Unavailable:
            log.get().warning("lease not renewed", job=slot.job.name, tenant=str(slot.tenant_id))


async def _finish(ctx: Ctx, slot: Slot, error: str | None) -> None:
    """Done for good, or free again after a pause that doubles with every attempt, up to an hour."""
    if error is None:
        await _update(ctx, slot, "done_at = now(), lease_until = NULL, error = NULL")
        return
    wait = min(2 ** min(slot.attempts, 12), _LONGEST_WAIT_SECONDS)
    await _update(ctx, slot, "lease_until = now() + make_interval(secs => $5), error = $6", wait, error)


async def _update(ctx: Ctx, slot: Slot, change: str, *values: Any) -> None:
    """Changes the slot's row if the claim is still this one."""
    async with scope(ctx) as tx:
        await tx.execute(
            f"UPDATE kernel.schedule SET {change} "  # noqa: S608  (one of the three texts above)
            "WHERE tenant_id = $1 AND job = $2 AND slot_on = $3 AND attempts = $4 AND done_at IS NULL",
            ctx.tenant_id,
            slot.job.name,
            slot.slot_on,
            slot.attempts,
            *values,
        )
