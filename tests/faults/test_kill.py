"""kill -9 at any moment: nothing acknowledged is lost, nothing is done twice, the book verifies.

Load runs on a cluster of its own with fsync on. What falls: server processes and the worker, whom their
parent starts again; the database, which the test starts again; Valkey, which money does not need.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import msgspec
import psutil
import pytest

from kernel.ids import encode
from tests.faults.conftest import Durable
from tests.faults.figures import told
from tests.faults.serving import Serving, serving
from tests.faults.traffic import Sent, Traffic, expect_book
from tests.faults.wire import BROKEN, Answer, until_told
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.fault]

LIMITS: Final = (900_000_000, 2_000_000)
"""Of the shops' lines: one never fills, one does."""
CLIENTS: Final = 6
PROGRESS_SECONDS: Final = 60
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
    try:
        yield traffics
    finally:
        await asyncio.gather(*(traffic.stop() for traffic in traffics))
    seconds = monotonic() - began
    await serving_.all_ready(processes)
    admin = await asyncpg.connect(running_on.stack.admin_url)
    try:
        for traffic in traffics:
            repeated = await traffic.settle()
            async with traffic.wire() as wire:
                await traffic.move_clock(wire, traffic.day)
            await expect_book(admin, traffic)
            await traffic.expect_the_same_again(0.05)
            traffic.shop.today = traffic.day
            await traffic.shop.verify()
            told(what, seconds, repeated=repeated, verify="clean", **traffic.seen)
    finally:
        await admin.close()


@asynccontextmanager
async def own_servers(durable: Durable, processes: int) -> AsyncIterator[Serving]:
    environ = {"TRADELINE_PROCESSES": str(processes)}
    async with serving(durable.home, environ) as running_servers:
        yield running_servers


async def kill_any(serving_: Serving, chance: random.Random) -> str:
    """One process at a random moment; which module it was. One in ten may be anywhere in its start, the
    others are at work: a worker of some age, a server with clients."""
    await asyncio.sleep(chance.uniform(0.1, 1.2))
    early = chance.random() < 0.1
    for _ in range(600):
        victims = [child for child in serving_.children() if early or at_work(serving_, child)]
        if victims:
            victim = chance.choice(victims)
            with contextlib.suppress(psutil.NoSuchProcess):
                module = str(victim.cmdline()[-1])
                victim.kill()
                return module
        await asyncio.sleep(0.1)
    raise AssertionError("no process has come so far that it can be killed at work")


def at_work(serving_: Serving, child: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        if serving_.lived(child) < MATURE_SECONDS:
            return False
        return child.cmdline()[-1] == "app.worker" or has_clients(child, serving_.port)
    return False


def has_clients(child: psutil.Process, port: int) -> bool:
    return any(at.raddr and at.laddr.port == port for at in child.net_connections("tcp"))


@pytest.mark.parametrize(("kills", "processes"), [(12, 2), pytest.param(200, 3, marks=pytest.mark.nightly)])
async def test_servers_and_worker_killed_under_load(durable: Durable, kills: int, processes: int) -> None:
    chance, fallen = random.Random(kills), list[str]()
    async with own_servers(durable, processes) as serving_:
        async with ordeal(durable, serving_, f"{kills} kills", processes) as traffics:
            while len(fallen) < kills:
                await progress(traffics, 2)
                fallen.append(await kill_any(serving_, chance))
        assert {"app.server", "app.worker"} == set(fallen)
        assert not any(traffic.seen["hung"] for traffic in traffics), "whoever is not answered hears of it"
        assert sum(traffic.seen["cut"] for traffic in traffics) > 0, "they fell in the middle of requests"


@pytest.mark.parametrize("kills", [2, pytest.param(8, marks=pytest.mark.nightly)])
async def test_the_database_killed_under_load(own_served: Serving, durable: Durable, kills: int) -> None:
    processes = {child.pid for child in own_served.children()}
    async with ordeal(durable, own_served, f"{kills} kills of PostgreSQL", 2) as traffics:
        for _ in range(kills):
            await progress(traffics, 20)
            durable.kill_postgres()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(durable.revive)
        await progress(traffics, 20)
    assert {child.pid for child in own_served.children()} == processes, "nobody was started again"


async def test_valkey_killed_under_load(own_served: Serving, durable: Durable) -> None:
    """What it holds may be lost, so may it itself: money moves on, nobody waits."""
    async with ordeal(durable, own_served, "Valkey killed", 2) as traffics, own_served.wire() as wire:
        await progress(traffics, 20)
        durable.kill_valkey()
        told_of = (await wire.ask("GET", "/readyz")).json()
        assert (told_of["ready"], told_of["redis"]) == (True, "degraded")
        await progress(traffics, 40)
        await asyncio.to_thread(durable.revive)
        assert (await wire.ask("GET", "/readyz")).json()["redis"] == "ok"
    assert not any(traffic.seen[bad] for traffic in traffics for bad in ("refused", "hung", "busy 503"))


async def progress(traffics: list[Traffic], more: int) -> None:
    """Waits until so many more requests are acknowledged in each shop."""
    wanted = [(traffic, traffic.acknowledged + more) for traffic in traffics]
    async with asyncio.timeout(PROGRESS_SECONDS):
        while any(traffic.acknowledged < enough for traffic, enough in wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
async def test_killed_between_commit_and_reply(
    served: Serving, admin: Any, admin_url: str, committed: bool
) -> None:
    """Held at the line's lock, so that the moment is certain. Killed before, its command is still with the
    database, and the repeat meets it at the same lock."""
    shop, key = await open_shop(), str(uuid4())
    order = {
        "line_id": encode("lin", shop.line_id),
        "merchant_id": encode("mer", shop.merchant_id),
        "amount_minor": 1_000,
        "currency": "CNY",
    }
    await served.all_ready()
    secret = shop.workspace.opened.secret
    async with served.wire(secret) as first, served.wire(secret) as second:
        async with line_held(admin_url, shop) as let_go:
            asked = asyncio.create_task(first.ask("POST", "/v1/drawdowns", order, key))
            await waiting(admin, 1)
            (pid,) = served.reached([first])
            process = psutil.Process(pid)
            if committed:
                process.suspend()
                await let_go()
                await drawn(admin, shop)
            assert not asked.done()
            process.kill()
            with pytest.raises(BROKEN):
                await asked
            repeated = asyncio.create_task(
                until_told(second, "/v1/drawdowns", order, key, Counter(), seconds=60)
            )
            if not committed:
                await waiting(admin, 2)
        answer = await repeated
    assert (answer.status, answer.replayed) == (201, True)
    row = await drawn(admin, shop)
    assert answer.json()["id"] == encode("drw", row)
    assert await shop.line() == (1_000, 0)
    await shop.verify()
    await served.all_ready()


@asynccontextmanager
async def line_held(url: str, shop: Shop) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The row lock of the shop's line, until what is yielded is called, or the end."""
    connection = await asyncpg.connect(url)
    try:
        held = connection.transaction()
        await held.start()
        lock = "SELECT FROM billing.line WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
        await connection.execute(lock, shop.workspace.id, shop.line_id)
        yield held.rollback
    finally:
        await connection.close()


async def waiting(admin: Any, calls: int) -> None:
    """Until so many calls of `billing.commit` wait for a lock in this database."""
    async with asyncio.timeout(PROGRESS_SECONDS):
        while calls != await admin.fetchval(  # noqa: ASYNC110  (another process has no event to wait for)
            """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'tradeline-commit' AND state = 'active' AND wait_event_type = 'Lock'"""
        ):
            await asyncio.sleep(0.02)


async def drawn(admin: Any, shop: Shop) -> UUID:
    """The one drawdown of the shop, once it is there."""
    async with asyncio.timeout(PROGRESS_SECONDS):
        while True:
            rows = await admin.fetch(
                "SELECT id FROM billing.drawdown WHERE tenant_id = $1", shop.workspace.id
            )
            if rows:
                (row,) = rows
                found: UUID = row["id"]
                return found
            await asyncio.sleep(0.02)


async def test_the_comparison_sees_what_is_lost_and_what_is_too_much(served: Serving, admin: Any) -> None:
    shop = await open_shop()
    there = await shop.authorise(1_000)
    answer = Answer(201, {}, msgspec.json.encode({"id": encode("drw", there.id)}))
    sent = Sent("authorised", "/v1/drawdowns", {"amount_minor": 1_000}, "key", answer=answer)
    traffic = Traffic(served, shop, 0, 0)
    traffic.log = [sent]
    await expect_book(admin, traffic)
    for wrong in ([sent, sent], [], [msgspec.structs.replace(sent, body={"amount_minor": 999})]):
        traffic.log = wrong
        with pytest.raises(AssertionError, match="not in the book"):
            await expect_book(admin, traffic)
