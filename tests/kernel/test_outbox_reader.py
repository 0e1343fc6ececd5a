"""Events go to a consumer in one order, each at least once, none lost that commits late."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextvars import Context
from typing import Any
from uuid import UUID

import pytest

from kernel.context import Ctx
from kernel.db.scope import scope, unscoped
from kernel.outbox import emit
from kernel.outbox_reader import Event, hand_on
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


class Consumer:
    """Its place begins behind everything that other tests have written; it keeps what is of one tenant."""

    def __init__(self, tenant_id: UUID) -> None:
        self.name = f"test-{tenant_id}"
        self.tenant_id = tenant_id
        self.got: list[str] = []

    async def handle(self, events: Sequence[Event]) -> None:
        self.got += [event.topic for event in events if event.tenant_id == self.tenant_id]

    async def until(self, count: int) -> list[str]:
        """What came, once it is `count` events. Other tests hold the server's watermark back for moments."""
        async with asyncio.timeout(20):
            while len(self.got) < count:
                if not await hand_on(self.name, self.handle):
                    await asyncio.sleep(0.02)
        return self.got


async def tell(ctx: Ctx, *topics: str) -> None:
    async with scope(ctx) as tx:
        for topic in topics:
            await emit(tx, ctx, topic, {"n": 1})


def elsewhere(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, context=Context())


async def test_in_order_and_once(tenant: Workspace) -> None:
    consumer = Consumer(tenant.id)
    await consumer.until(1)
    await tell(tenant.ctx(), "a.done", "b.done")
    await tell(tenant.ctx(), "c.done")
    assert (await consumer.until(4))[1:] == ["a.done", "b.done", "c.done"]
    for _ in range(3):
        await hand_on(consumer.name, consumer.handle)
    assert len(consumer.got) == 4


async def test_a_late_commit_is_not_lost(tenant: Workspace) -> None:
    consumer, ctx = Consumer(tenant.id), tenant.ctx()
    await consumer.until(1)
    async with scope(ctx) as tx:
        await emit(tx, ctx, "slow.done", {})
        await elsewhere(tell(ctx, "quick.done"))
        await elsewhere(consume(consumer))
        assert consumer.got[1:] == [], "quick waits: slow began before it and still runs"
    assert (await consumer.until(3))[1:] == ["slow.done", "quick.done"]


async def consume(consumer: Consumer) -> None:
    while await hand_on(consumer.name, consumer.handle):
        pass


async def test_one_worker_at_a_time(tenant: Workspace) -> None:
    consumer = Consumer(tenant.id)
    await consumer.until(1)
    await tell(tenant.ctx(), "a.done")
    at_it = asyncio.Event()

    async def slow(events: Sequence[Event]) -> None:
        at_it.set()
        await asyncio.sleep(0.3)
        await consumer.handle(events)

    async with asyncio.timeout(20):
        while not consumer.got[1:]:
            first = asyncio.create_task(hand_on(consumer.name, slow))
            await asyncio.wait(
                [first, waiting := asyncio.create_task(at_it.wait())], return_when="FIRST_COMPLETED"
            )
            if at_it.is_set():
                assert await hand_on(consumer.name, consumer.handle) == 0
            waiting.cancel()
            await first
    assert consumer.got[1:] == ["a.done"]


async def test_what_was_not_handled_comes_again(tenant: Workspace) -> None:
    consumer = Consumer(tenant.id)
    await consumer.until(1)
    await tell(tenant.ctx(), "a.done")

    async def fall(events: Sequence[Event]) -> None:
        if any(event.topic == "a.done" for event in events):
            raise RuntimeError("no such luck")

    async def try_until_it_falls() -> None:
        while True:
            await hand_on(consumer.name, fall)
            await asyncio.sleep(0.02)

    with pytest.raises(RuntimeError):
        await asyncio.wait_for(try_until_it_falls(), 20)
    assert await hand_on(consumer.name, consumer.handle) == 0, "the lease still stands"
    async with unscoped() as tx:
        await tx.execute(
            "UPDATE kernel.outbox_cursor SET lease_until = now() WHERE consumer = $1", consumer.name
        )
    assert (await consumer.until(2))[1:] == ["a.done"]
