"""The queue before `billing.commit`: many requests wait, few calls write.

A call takes what waits at that moment (no timer), up to `BATCH` commands, tenants mixed; while several
tenants wait, none has more than `SHARE` in a turn. Commands whose array fails are sent once more, each alone,
so that a bad one harms nobody else. Without a started queue a command goes to the database at once, by the
same path.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from kernel import metrics
from kernel.db.engine import ACQUIRE_SECONDS, Connection, Tx
from kernel.db.failures import domain_error
from kernel.db.scope import unscoped
from kernel.db.token import scope_token
from kernel.errors import Stale, Unavailable

BATCH: Final = 64
SHARE: Final = 8
WAITING: Final = 2048
CONNECTIONS: Final = 2
CALL_SECONDS: Final = 30
_CALL: Final = "SELECT outcome, detail FROM billing.commit($1::text[], $2::jsonb) ORDER BY pos"


class Sent(NamedTuple):
    """An encoded command and whose it is."""

    tenant: UUID
    command: bytes


class Answer(NamedTuple):
    """What `billing.commit` said of one command; `detail` is JSON."""

    outcome: str
    detail: bytes


class CommitQueue:
    """Belongs to one event loop. `pool` has a connection for each call that may be under way."""

    def __init__(self, pool: Any, connections: int = CONNECTIONS) -> None:
        self._pool = pool
        self._waiting: OrderedDict[UUID, deque[tuple[Sent, asyncio.Future[Answer]]]] = OrderedDict()
        self._count = 0
        self._closing = False
        self._arrived = asyncio.Event()
        self._writers = [asyncio.create_task(self._write()) for _ in range(connections)]

    async def put(self, sent: Sent) -> Answer:
        """Waits for the command's turn and its answer. Raises Unavailable at once where none is taken.

        Giving up waiting takes a command out unless it is under way; then it is written all the same.
        """
        if self._closing or self._count >= WAITING:
            raise Unavailable()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sent.tenant, deque()).append((sent, answer))
        self._count += 1
        metrics.queue_depth.inc()
        self._arrived.set()
        return await answer

    async def drain(self) -> None:
        """Takes no more commands, writes those that wait, ends."""
        self._closing = True
        self._arrived.set()
        await asyncio.gather(*self._writers)

    async def _write(self) -> None:
        while True:
            batch = self._take()
            if batch:
                await self._answer(batch)
            elif self._closing:
                return
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _take(self) -> list[tuple[Sent, asyncio.Future[Answer]]]:
        """Round and round the tenants, `SHARE` from each; who has more goes to the end of the line."""
        batch: list[tuple[Sent, asyncio.Future[Answer]]] = []
        while self._waiting and len(batch) < BATCH:
            tenant, own = self._waiting.popitem(last=False)
            for _ in range(min(SHARE, len(own), BATCH - len(batch))):
                sent, answer = own.popleft()
                self._count -= 1
                metrics.queue_depth.dec()
                if not answer.done():
                    batch.append((sent, answer))
            if own:
                self._waiting[tenant] = own
        return batch

    async def _answer(self, batch: list[tuple[Sent, asyncio.Future[Answer]]]) -> None:
        try:
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                answers = await write(connection, [sent for sent, _ in batch])
        except Exception as error:
            answers = [domain_error(error) or error] * len(batch)
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, Answer):
                waiting.set_result(answer)
            else:
                waiting.set_exception(answer)


_queue: tuple[CommitQueue, Any] | None = None


async def start_queue(url: str) -> None:
    """Opens the queue of this process, with connections of its own as the application's role."""
    global _queue
    if _queue is not None:
        raise ValueError("the queue is open already")
    pool = await asyncpg.create_pool(
        url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        timeout=ACQUIRE_SECONDS,
        command_timeout=CALL_SECONDS,
        server_settings={"application_name": "tradeline-commit", "search_path": "pg_catalog", "jit": "off"},
        connection_class=Connection,
    )
    _queue = CommitQueue(pool), pool


async def stop_queue() -> None:
    """Answers everyone who waits, then closes; nothing happens where no queue is open."""
    global _queue
    if _queue is None:
        return
    queue, pool = _queue
    await queue.drain()
    _queue = None
    await pool.close()


async def send(sent: Sent) -> Answer:
    """The answer to one command. Raises Unavailable, Stale."""
    if _queue is not None:
        return await _queue[0].put(sent)
    async with unscoped() as connection:
        (answer,) = await write(connection, [sent])
    if isinstance(answer, Answer):
        return answer
    raise answer


async def send_all(batch: Sequence[Sent]) -> list[Answer | Exception]:
    """The answers to many commands, past the queue: for jobs, whose bulk must not make requests wait."""
    answers: list[Answer | Exception] = []
    for start in range(0, len(batch), BATCH):
        async with unscoped() as connection:
            answers += await write(connection, batch[start : start + BATCH])
    return answers


async def write(connection: Tx, batch: Sequence[Sent]) -> list[Answer | Exception]:
    """One call for all; where it fails and nothing can have been written, one call for each."""
    try:
        return await _call(connection, batch)
    except asyncpg.PostgresError as error:
        if isinstance(_meaning(error), Unavailable):
            raise
    alone: list[Answer | Exception] = []
    for sent in batch:
        try:
            alone += await _call(connection, [sent])
        except Exception as error:
            alone.append(_meaning(error))
    return alone


async def _call(connection: Tx, batch: Sequence[Sent]) -> list[Answer | Exception]:
    metrics.batch_size.observe(len(batch))
    tokens = [scope_token(tenant) for tenant in {sent.tenant for sent in batch}]
    commands = b"[" + b",".join(sent.command for sent in batch) + b"]"
    found = await connection.fetch(_CALL, tokens, commands.decode())
    return [Answer(row["outcome"], row["detail"].encode()) for row in found]


def _meaning(error: Exception) -> Exception:
    """A unique reference or key taken by another meanwhile is for the caller to see when he decides anew."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return Stale(what=error.constraint_name)
    return domain_error(error) or error
