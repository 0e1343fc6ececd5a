"""The worker process: job slots, repeated jobs and outbox consumers, until it is told to stop.

Several may run on several machines: slots and consumers' places are claimed in the database, one worker each.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Final

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.children import run_child
from app.jobs import log_events
from kernel import log
from kernel.db.engine import close_database, open_database
from kernel.errors import Unavailable
from kernel.jobs import JOBS, Runner, run_for_all
from kernel.outbox_reader import hand_on
from kernel.settings import Settings

TIMETABLES: Final = ("app.jobs", "billing.jobs", "reports.jobs")
"""Modules that declare jobs when they are imported."""

SLOT_SECONDS: Final = 5
OUTBOX_SECONDS: Final = 1
DRAIN_SECONDS: Final = 20


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Works until `stop` is set; then lets what runs end, for up to DRAIN_SECONDS."""
    for module in TIMETABLES:
        importlib.import_module(module)
    assert settings.database_url is not None
    assert settings.secret_key is not None
    await open_database(settings.database_url, settings.secret_key, size=6)
    runner = Runner()
    scheduler = AsyncIOScheduler(
        timezone=UTC,
        executors={"default": AsyncIOExecutor()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(_bearing(runner.tick), "interval", seconds=SLOT_SECONDS)
    scheduler.add_job(_bearing(_hand_on_all), "interval", seconds=OUTBOX_SECONDS)
    for job in JOBS.values():
        if job.every_seconds is not None:
            tick = _bearing(lambda job=job: run_for_all(job))  # type: ignore[misc]
            scheduler.add_job(tick, "interval", seconds=job.every_seconds)
    scheduler.start()
    log.get().info("worker is up", jobs=sorted(JOBS))
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)
        await runner.drain(DRAIN_SECONDS)
        await close_database()


async def _hand_on_all() -> None:
    while await hand_on("events", log_events):
        pass


def _bearing(tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A tick that bears a database away for a while: the next one tries again."""

    async def run() -> None:
        try:
            await tick()
        except Unavailable as away:
            log.get().warning("tick left out", cause=repr(away))

    return run


if __name__ == "__main__":
    run_child(work)
