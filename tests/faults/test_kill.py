"""kill -9 at any moment: nothing acknowledged is lost, nothing is done twice, the book verifies.

Load runs on a cluster of its own with fsync on. What falls: server processes and the worker, whom their
parent starts again; the database, which the test starts again; Valkey, which money does not need.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

import asyncpg
import psutil
import pytest

from tests.faults.conftest import Durable
from tests.faults.figures import told
from tests.faults.serving import Serving, serving
from tests.faults.traffic import Traffic, expect_book
from tests.support.shop import open_shop

pytestmark = [pytest.mark.db, pytest.mark.fault]

LIMITS: Final = (900_000_000, 2_000_000)
"""Of the shops' lines: one never fills, one does."""
CLIENTS: Final = 6
MATURE_SECONDS: Final = 5.2
"""Who falls younger is started ever more slowly by the parent."""


@asynccontextmanager
async def ordeal(
    running_on: Durable, serving_: Serving, what: str, processes: int
) -> AsyncIterator[list[Traffic]]:
    """Two shops under load while the body does harm; afterwards log and book are compared."""
    shops = [await open_shop(limit_minor=limit) for limit in LIMITS]
    traffics = [Traffic(serving_, shop, CLIENTS, seed=n) for n, shop in enumerate(shops)]
    for traffic in traffics:
        traffic.start()
    began = monotonic()
    yield traffics
    for traffic in traffics:
        await traffic.stop()
    seconds = monotonic() - began
    await serving_.all_ready(processes)
    admin = await asyncpg.connect(running_on.stack.admin_url)
    try:
        for traffic in traffics:
            acknowledged = traffic.acknowledged
            repeated = await traffic.settle()
            async with traffic.wire() as wire:
                await traffic.move_clock(wire, traffic.day)
            await expect_book(admin, traffic)
            await traffic.expect_the_same_again(0.05)
            traffic.shop.today = traffic.day
            await traffic.shop.verify()
            told(what, seconds, acknowledged=acknowledged, repeated=repeated, verify="clean", **traffic.seen)
    finally:
        await admin.close()


@asynccontextmanager
async def own_servers(durable: Durable, processes: int) -> AsyncIterator[Serving]:
    environ = {"TRADELINE_PROCESSES": str(processes)}
    async with serving(durable.home, environ) as running_servers:
        yield running_servers


async def kill_any(serving_: Serving, chance: random.Random) -> str:
    """One process at a random moment, mostly one that has lived a while; which module it was."""
    await asyncio.sleep(chance.uniform(0.1, 1.2))
    wanted = MATURE_SECONDS if chance.random() < 0.9 else 0
    for _ in range(400):
        victims = [child for child in serving_.children() if serving_.lived(child) >= wanted]
        if victims:
            victim = chance.choice(victims)
            with contextlib.suppress(psutil.NoSuchProcess):
                module = str(victim.cmdline()[-1])
                victim.kill()
                return module
        await asyncio.sleep(0.1)
    raise AssertionError("no process has lived long enough to be killed")


@pytest.mark.parametrize(("kills", "processes"), [(12, 2), pytest.param(200, 3, marks=pytest.mark.nightly)])
async def test_servers_and_worker_killed_under_load(durable: Durable, kills: int, processes: int) -> None:
    chance, fallen = random.Random(kills), list[str]()
    async with own_servers(durable, processes) as serving_:
        async with ordeal(durable, serving_, f"{kills} kills", processes) as traffics:
            while len(fallen) < kills:
                fallen.append(await kill_any(serving_, chance))
        assert {"app.server", "app.worker"} == set(fallen)
        assert all(traffic.acknowledged > 10 * kills for traffic in traffics), "there was load"
        assert sum(traffic.seen["broken"] for traffic in traffics) > 0, "they fell in the middle of requests"
