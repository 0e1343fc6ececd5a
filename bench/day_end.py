"""`bench day-end`: the real day end over books of up to a million drawdowns, and after a kill -9.

What a day costs must grow with what is due that day, not with the book: so one number is changed at a time.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from app.context import context_of_system
from bench.big_book import Book, make_book
from bench.end_day import Ended
from bench.errors import BenchError
from bench.figures import columns
from bench.stage import Stage, stage, tree_seconds
from billing.bring_forward import day_ended_through
from billing.rules.book import differences
from billing.verification import book_differences, load_book
from kernel.business_date import roll_business_date
from kernel.context import Ctx
from kernel.db.scope import scope

BIG: Final = 1_000_000
"""A quarter of it is the small book; four in a hundred are due on a day of many, one on a day of few."""
GOAL_SECONDS: Final = 20
SAMPLE: Final = 2_000
CHUNK: Final = 1_000
_CHECKOUT: Final = Path(__file__).resolve().parent.parent

Tell = Callable[[str], None]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day end; processor seconds are those of its process and of PostgreSQL."""

    name: str
    drawdowns: int
    due: int
    seconds: float
    cpu_seconds: float
    postgres_cpu_seconds: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`killed_after`: how many drawdowns were advanced when the process was killed; `verified`: how many
    drawdowns were replayed and found right, all that were due among them.
    """

    days: tuple[Day, ...]
    goal_seconds: int
    reached: bool
    killed_after: int
    resumed: int
    verified: int


def run(*, drawdowns: int, keep: bool, tell: Tell) -> Run:
    """Raises BenchError where a day end left something undone, doubled or wrong."""
    small, many, few = drawdowns // 4, drawdowns * 4 // 100, drawdowns // 100
    with stage(keep=keep) as on:
        bench = _Bench(on, tell)
        tell(f"a book of {small:,} drawdowns")
        less = asyncio.run(bench.make("small", small, {1: many}))
        tell(f"a book of {drawdowns:,} drawdowns")
        more = asyncio.run(bench.make("big", drawdowns, {1: many, 2: few, 3: many}))
        days = (bench.end(less, 1), bench.end(more, 1), bench.end(more, 2))
        tell(f"{more.due[3]:,} due, killed in the middle")
        killed_after, resumed = bench.end_with_kill(more, 3)
        tell("verifying")
        verified = asyncio.run(bench.verify(less)) + asyncio.run(bench.verify(more))
    return Run(
        days=days,
        goal_seconds=GOAL_SECONDS,
        reached=days[1].seconds <= GOAL_SECONDS,
        killed_after=killed_after,
        resumed=resumed,
        verified=verified,
    )


class _Bench:
    def __init__(self, on: Stage, tell: Tell) -> None:
        self._on, self._tell = on, tell
        self._due: dict[str, set[UUID]] = {}

    async def make(self, name: str, drawdowns: int, due: dict[int, int]) -> Book:
        async with self._on.database():
            return await make_book(self._on, name, drawdowns, due)

    def end(self, book: Book, day: int) -> Day:
        """The `day`-th day end after the book was made."""
        self._tell(f"{book.drawdowns:,} drawdowns, {book.due[day]:,} due")
        asyncio.run(self._open_day(book, day))
        before = tree_seconds(self._on.postgres())
        ended = self._finish(self._start(book))
        postgres = tree_seconds(self._on.postgres()) - before
        asyncio.run(self._refuse_undone(book, day))
        if ended.advanced != book.due[day]:
            raise BenchError(f"{ended.advanced} of {book.due[day]} were advanced", "run with --keep and look")
        return Day(
            name=f"{book.drawdowns:,} drawdowns, {book.due[day]:,} due",
            drawdowns=book.drawdowns,
            due=book.due[day],
            seconds=ended.seconds,
            cpu_seconds=ended.cpu_seconds,
            postgres_cpu_seconds=postgres,
        )

    def end_with_kill(self, book: Book, day: int) -> tuple[int, int]:
        """How many were advanced before the kill, as they then stand in the database, and after it."""
        asyncio.run(self._open_day(book, day))
        child = self._start(book)
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= book.due[day] // 3:
                break
        child.kill()
        child.wait()
        left = asyncio.run(self._left(book, day))
        if not 0 < left < book.due[day]:
            raise BenchError(f"the kill came too late or too soon: {left} left", "run it again")
        resumed = self._finish(self._start(book)).advanced
        asyncio.run(self._refuse_undone(book, day))
        if resumed != left:
            raise BenchError(f"{left} were left, {resumed} were advanced", "run with --keep and look")
        return book.due[day] - left, resumed

    def _start(self, book: Book) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.end_day", book.platform.slug],
            cwd=_CHECKOUT,
            env=os.environ | {"TRADELINE_HOME": str(self._on.settings.home)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def _finish(self, child: subprocess.Popen[str]) -> Ended:
        last = ""
        assert child.stdout is not None
        for line in child.stdout:
            last = line
        if child.wait():
            raise BenchError("the day end failed", "what it said stands above")
        return msgspec.json.decode(last, type=Ended)

    async def _open_day(self, book: Book, day: int) -> None:
        """The business date moves on; its day end is what is measured."""
        async with self._on.database():
            ctx = await book.platform.ctx()
            await roll_business_date(ctx, book.ended_on + timedelta(day))
        due = await self._ids(book, "next_event_on <= $2", book.ended_on + timedelta(day))
        if len(due) != book.due[day]:
            raise BenchError(f"{len(due)} are due, not {book.due[day]}", "mend bench/big_book.py")
        self._due.setdefault(book.platform.slug, set()).update(due)

    async def _left(self, book: Book, day: int) -> int:
        return len(await self._ids(book, "next_event_on <= $2", book.ended_on + timedelta(day)))

    async def _refuse_undone(self, book: Book, day: int) -> None:
        async with self._on.database():
            ctx = await book.platform.ctx()
            async with scope(ctx, read_only=True) as tx:
                through = await day_ended_through(tx, ctx)
        if await self._left(book, day) or through != book.ended_on + timedelta(day):
            raise BenchError("the day end left something undone", "run with --keep and look")

    async def verify(self, book: Book) -> int:
        """All that was due and a sample of the rest against their events; the sums of the whole book."""
        others = await self._ids(book, "true ORDER BY hashtext(id::text) LIMIT $2", SAMPLE)
        ids = sorted({*self._due[book.platform.slug], *others})
        found: list[Any] = []
        async with self._on.database():
            ctx = await context_of_system(book.platform.slug)
            for start in range(0, len(ids), CHUNK):
                found += await _differences(ctx, ids[start : start + CHUNK])
            async with scope(ctx, read_only=True) as tx:
                found += await book_differences(tx, ctx)
        found += await self._told_wrongly(book)
        if found:
            raise BenchError(
                f"verify found {len(found)} differences: {found[:3]}", "run with --keep and look"
            )
        return len(ids)

    async def _told_wrongly(self, book: Book) -> list[str]:
        """Whatever fell due, lost grace or expired was told to others once."""
        async with self._on.admin() as connection:
            rows = await connection.fetch(
                """SELECT topic, count(*) AS told, count(DISTINCT payload->>'drawdown_id') AS drawdowns
                FROM kernel.outbox WHERE tenant_id = $1 AND topic IN
                ('drawdown.fell_due', 'drawdown.became_past_due', 'drawdown.expired') GROUP BY topic""",
                book.platform.tenant_id,
            )
        return [f"{row['topic']} was told twice" for row in rows if row["told"] != row["drawdowns"]]

    async def _ids(self, book: Book, condition: str, value: date | int) -> list[UUID]:
        async with self._on.admin() as connection:
            rows = await connection.fetch(
                f"SELECT id FROM billing.drawdown WHERE tenant_id = $1 AND {condition}",
                book.platform.tenant_id,
                value,
            )
        return [row["id"] for row in rows]


async def _differences(ctx: Ctx, ids: Sequence[UUID]) -> list[Any]:
    async with scope(ctx, read_only=True) as tx:
        book = await load_book(tx, ctx, ids)
    return [
        wrong
        for loaded, stored in book
        for wrong in differences(
            loaded.terms, loaded.drawdown.parties, loaded.state, loaded.events or (), stored
        )
    ]


def show(console: Console, found: Run) -> None:
    table = Table(title="day ends")
    columns(table, "book", "seconds", "due a second", "CPU s: day end", "PostgreSQL")
    for day in found.days:
        table.add_row(
            day.name,
            f"{day.seconds:.1f}",
            f"{day.due / day.seconds:,.0f}",
            f"{day.cpu_seconds:.1f}",
            f"{day.postgres_cpu_seconds:.1f}",
        )
    console.print(table)
    console.print(
        f"goal ≤ {found.goal_seconds} s for the second: {'reached' if found.reached else 'not reached'}\n"
        f"killed after {found.killed_after:,}, resumed with {found.resumed:,}; "
        f"{found.verified:,} drawdowns verified against their events, the books' sums agree"
    )
