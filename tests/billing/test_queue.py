"""The queue before `billing.commit`: fair, bounded, drained; a fault harms only whom it must."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from billing import commit_queue
from billing.commit_queue import BATCH, SHARE, WAITING, Answer, CommitQueue, Sent, start_queue, stop_queue
from kernel.errors import Stale, Unavailable
from kernel.ids import uuid7
from tests.billing.desk import Desk, Till, count, read_line

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


class FakeServer:
    """A pool and its connections; `calls` is what each carried, `gate` holds back, `fault` fails them."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Callable[[list[str]], BaseException | None] = lambda commands: None

    def acquire(self, *, timeout: float) -> FakeServer:
        return self

    async def __aenter__(self) -> FakeServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def fetch(self, query: str, tokens: list[str], commands: str) -> list[dict[str, str]]:
        names = json.loads(commands)
        self.calls.append(names)
        await self.gate.wait()
        if error := self.fault(names):
            raise error
        return [{"outcome": "ok", "detail": json.dumps(name)} for name in names]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    monkeypatch.setattr(commit_queue, "scope_token", str)
    return FakeServer()


@pytest_asyncio.fixture
async def queue(server: FakeServer) -> AsyncIterator[CommitQueue]:
    """With one call at a time, so that what is taken together is certain."""
    queue = CommitQueue(server, connections=1)
    yield queue
    server.gate.set()
    await queue.drain()


def _sent(tenant: UUID, name: str) -> Sent:
    return Sent(tenant, msgspec.json.encode(name))


async def _put(queue: CommitQueue, *items: tuple[UUID, str]) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(queue.put(_sent(tenant, name))) for tenant, name in items]
    await asyncio.sleep(0.01)
    return tasks


async def _busy(queue: CommitQueue, server: FakeServer) -> asyncio.Task[Answer]:
    """A call that is under way until the gate opens."""
    server.gate.clear()
    (task,) = await _put(queue, (C, "first"))
    return task


async def test_each_hears_its_own_answer(queue: CommitQueue) -> None:
    tasks = await _put(queue, *((A, f"a{n}") for n in range(100)))
    answers = await asyncio.gather(*tasks)
    assert [json.loads(answer.detail) for answer in answers] == [f"a{n}" for n in range(100)]


async def test_a_call_takes_what_waits_and_no_more_than_a_batch(
    queue: CommitQueue, server: FakeServer
) -> None:
    first = await _busy(queue, server)
    tasks = await _put(queue, *((A, f"a{n}") for n in range(BATCH + 5)))
    server.gate.set()
    await asyncio.gather(first, *tasks)
    assert [len(call) for call in server.calls] == [1, BATCH, 5]


async def test_no_tenant_has_more_than_its_share_while_others_wait(
    queue: CommitQueue, server: FakeServer
) -> None:
    first = await _busy(queue, server)
    many = await _put(queue, *((A, f"a{n}") for n in range(200)))
    few = await _put(queue, (B, "b0"), (B, "b1"), (C, "c0"))
    server.gate.set()
    await asyncio.gather(first, *many, *few)
    turn = server.calls[1]
    assert turn[:SHARE] == [f"a{n}" for n in range(SHARE)]
    assert turn[SHARE : SHARE + 3] == ["b0", "b1", "c0"]
    assert turn[SHARE + 3 :] == [f"a{n}" for n in range(SHARE, BATCH - 3)], "room that nobody wants is used"


async def test_every_tenant_has_a_turn_before_one_has_two(queue: CommitQueue, server: FakeServer) -> None:
    first = await _busy(queue, server)
    tenants = [UUID(int=100 + n) for n in range(20)]
    tasks = await _put(queue, *((tenant, str(tenant)) for tenant in tenants for _ in range(20)))
    server.gate.set()
    await asyncio.gather(first, *tasks)
    seen = [tenant for call in server.calls[1:] for tenant in dict.fromkeys(call)]
    assert seen[:20] == [str(tenant) for tenant in tenants]


async def test_full_is_told_at_once(queue: CommitQueue, server: FakeServer) -> None:
    first = await _busy(queue, server)
    tasks = await _put(queue, *((A, "a") for _ in range(WAITING)))
    with pytest.raises(Unavailable):
        await queue.put(_sent(B, "b"))
    server.gate.set()
    await asyncio.gather(first, *tasks)
    await queue.put(_sent(B, "b"))


async def test_draining_answers_who_waits_and_takes_no_more(queue: CommitQueue, server: FakeServer) -> None:
    first = await _busy(queue, server)
    tasks = await _put(queue, *((A, f"a{n}") for n in range(150)))
    draining = asyncio.create_task(queue.drain())
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await queue.put(_sent(B, "late"))
    assert not draining.done()
    server.gate.set()
    await draining
    answers = await asyncio.gather(first, *tasks)
    assert {answer.outcome for answer in answers} == {"ok"}


async def test_who_gives_up_is_not_sent_and_breaks_nothing(queue: CommitQueue, server: FakeServer) -> None:
    first = await _busy(queue, server)
    tasks = await _put(queue, (A, "a0"), (A, "gone"), (A, "a1"))
    tasks[1].cancel()
    first.cancel()
    await asyncio.sleep(0.01)
    server.gate.set()
    assert json.loads((await tasks[2]).detail) == "a1"
    assert server.calls == [["first"], ["a0", "a1"]]


async def test_a_bad_command_fails_alone(queue: CommitQueue, server: FakeServer) -> None:
    server.fault = lambda names: asyncpg.CheckViolationError("bad") if "bad" in names else None
    first = await _busy(queue, server)
    tasks = await _put(queue, (A, "a0"), (A, "bad"), (B, "b0"))
    server.gate.set()
    await first
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, Answer) for one in done] == [True, False, True]
    assert isinstance(done[1], asyncpg.CheckViolationError)
    assert server.calls[1:] == [["a0", "bad", "b0"], ["a0"], ["bad"], ["b0"]]


@pytest.mark.parametrize(
    "error", [asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError]
)
async def test_a_collision_is_stale_if_it_happens_again_alone(
    queue: CommitQueue, server: FakeServer, error: type[Exception]
) -> None:
    faults = iter([error("once"), None])
    server.fault = lambda names: next(faults)
    assert (await queue.put(_sent(A, "a"))).outcome == "ok"
    server.fault = lambda names: error("always")
    with pytest.raises(Stale):
        await queue.put(_sent(A, "a"))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
    ],
)
async def test_a_lost_connection_leaves_the_outcome_unknown(
    queue: CommitQueue, server: FakeServer, error: Exception
) -> None:
    first = await _busy(queue, server)
    tasks = await _put(queue, (A, "a0"), (B, "b0"))
    server.fault = lambda names: error if len(names) == 2 else None
    server.gate.set()
    await first
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in done] == [Unavailable, Unavailable]
    assert len(server.calls) == 2, "it is not known whether it was written: nothing is sent again"
    assert (await queue.put(_sent(A, "after"))).outcome == "ok"


@pytest.mark.db
async def test_the_queue_writes_through_connections_of_its_own(
    desk: Desk, till: Till, app_url: str, admin: Any
) -> None:
    """Many requests at once over one line: exactly full, and more than one in a call."""
    line = await till.line(desk, 10_000)
    await start_queue(app_url)
    try:
        with pytest.raises(ValueError, match="open already"):
            await start_queue(app_url)
        commands = [Sent(desk.tenant, msgspec.json.encode(desk.authorise(line, 100))) for _ in range(250)]
        answers = await asyncio.gather(*(commit_queue.send(sent) for sent in commands))
    finally:
        await stop_queue()
    outcomes = [answer.outcome for answer in answers]
    assert (outcomes.count("ok"), outcomes.count("limit_exceeded")) == (100, 150)
    assert (await read_line(admin, desk, line))["held_minor"] == 10_000


@pytest.mark.db
async def test_a_connection_killed_under_way_is_told_and_replaced(
    desk: Desk, till: Till, app_url: str, admin: Any
) -> None:
    line = await till.line(desk, 10_000)
    sent = Sent(desk.tenant, msgspec.json.encode(desk.authorise(line, 100, key="k")))
    await start_queue(app_url)
    try:
        async with admin.transaction():
            await admin.execute("SELECT FROM billing.line WHERE id = $1 FOR UPDATE", line)
            waiting = asyncio.create_task(commit_queue.send(sent))
            await asyncio.sleep(0.2)
            await admin.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'tradeline-commit' AND datname = current_database()"""
            )
            with pytest.raises(Unavailable):
                await waiting
        assert await count(admin, "billing.drawdown", desk.tenant) == 0
        assert (await commit_queue.send(sent)).outcome == "ok"
    finally:
        await stop_queue()


@pytest.mark.db
async def test_a_reference_taken_meanwhile_is_stale(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 10_000)
    for number in range(2):
        command = desk.authorise(line, 100, drawdown_id=uuid7(), external_ref="PO-1")
        sent = Sent(desk.tenant, msgspec.json.encode(command))
        if number == 0:
            assert (await commit_queue.send(sent)).outcome == "ok"
        else:
            with pytest.raises(Stale) as told:
                await commit_queue.send(sent)
            assert told.value.params == {"what": "drawdown_external_ref"}


@pytest.mark.db
async def test_many_go_past_the_queue_in_arrays(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 10_000)
    bad = desk.command(lines=desk.authorise(line, 1).lines, rows=desk.capture(line, uuid7(), 1).rows)
    commands = [desk.authorise(line, 10) for _ in range(100)]
    commands.insert(50, bad)
    answers = await commit_queue.send_all([Sent(desk.tenant, msgspec.json.encode(one)) for one in commands])
    failed = [number for number, answer in enumerate(answers) if not isinstance(answer, Answer)]
    assert failed == [50]
    assert (await read_line(admin, desk, line))["held_minor"] == 1_000
