"""`python -m bench.end_day SLUG`: the real day end of one tenant, in a process that can be killed.

TRADELINE_HOME names the servers. On stdout a line with the number of drawdowns advanced so far, again and
again, and at the end one line of JSON.
"""

from __future__ import annotations

import asyncio
import os
import sys
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

import msgspec
import uvloop

from app.context import context_of_system
from billing.run_day import PERMISSION, RunDay, run_day
from kernel.db.engine import close_database, open_database
from kernel.db.roles import app_url
from kernel.serve import Stack, start_stack
from kernel.settings import load_settings


class Ended(msgspec.Struct):
    """`cpu_seconds`: this process's own, without the database's."""

    advanced: int
    statements: int
    seconds: float
    cpu_seconds: float


async def end_day(stack: Stack, slug: str) -> Ended:
    await open_database(app_url(stack.admin_url, stack.secret_key), stack.secret_key)
    try:
        ctx = await context_of_system(slug, {PERMISSION})
        began, spent = perf_counter(), _cpu_seconds()
        done = await run_day(ctx, RunDay(progress=lambda so_far: print(so_far, flush=True)))
        return Ended(done.advanced, done.statements, perf_counter() - began, _cpu_seconds() - spent)
    finally:
        await close_database()


def _cpu_seconds() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    with (
        start_stack(load_settings(os.environ)) as running,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        print(msgspec.json.encode(runner.run(end_day(running, sys.argv[1]))).decode(), flush=True)
