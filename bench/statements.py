"""`bench statements`: a day end that cuts ten thousand statements, and one that is killed in the middle.

Books are those of `bench day-end`. Their lines' cycles begin when the book is whole, so the first statement
of each has its line's whole life on it: twenty drawdowns, captured, charged, some of them overdue.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from bench.big_book import Book, make_book
from bench.book import DOCUMENT
from bench.end_day import Ended
from bench.errors import BenchError
from bench.figures import columns
from bench.stage import Stage, stage, tree_seconds
from billing.verification import book_differences
from kernel.business_date import roll_business_date
from kernel.db.scope import scope

STATEMENTS: Final = 10_000
A_LINE: Final = 20
GOAL_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 60
_CUT: Final = "SELECT count(*) FROM billing.statement WHERE tenant_id = $1"
_UNDER_WAY: Final = """SELECT count(*) FROM pg_stat_activity
    WHERE usename = 'tradeline_app' AND state <> 'idle' AND $1::uuid IS NOT NULL"""
_CHECKOUT: Final = Path(__file__).resolve().parent.parent

Tell = Callable[[str], None]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Processor seconds are those of the day end's process and of PostgreSQL. `killed_after`: how many
    statements stood when the process was killed.
    """

    statements: int
    lines: int
    advanced: int
    seconds: float
    cpu_seconds: float
    postgres_cpu_seconds: float
    goal_seconds: int
    reached: bool
    killed_after: int
    resumed: int


def run(*, statements: int, keep: bool, tell: Tell) -> Run:
    """Raises BenchError where a statement is missing, doubled or wrong."""
    with stage(keep=keep) as on:
        tell(f"a book of {statements * A_LINE:,} drawdowns on {statements:,} lines")
        whole = asyncio.run(_make(on, "billed", statements))
        tell(f"{statements:,} statements")
        before = tree_seconds(on.postgres())
        ended = _finish(_start(on, whole))
        postgres = tree_seconds(on.postgres()) - before
        lines = asyncio.run(_right(on, whole, statements))
        if ended.statements != statements:
            raise BenchError(f"{ended.statements} of {statements} were cut", "run with --keep and look")
        part = max(200, statements // 4)
        tell(f"a book of {part * A_LINE:,} drawdowns, killed in the middle")
        less = asyncio.run(_make(on, "killed", part))
        killed_after, resumed = _with_kill(on, less, part)
    return Run(
        statements=statements,
        lines=lines,
        advanced=ended.advanced,
        seconds=ended.seconds,
        cpu_seconds=ended.cpu_seconds,
        postgres_cpu_seconds=postgres,
        goal_seconds=GOAL_SECONDS,
        reached=ended.seconds <= GOAL_SECONDS,
        killed_after=killed_after,
        resumed=resumed,
    )


async def _make(on: Stage, name: str, statements: int) -> Book:
    """A book whose lines are all cut on the day after it was made, to which its business date then moves."""
    async with on.database():
        book = await make_book(on, name, statements * A_LINE, {}, a_line=A_LINE, document=_billed(1))
        cut_on = book.ended_on + timedelta(1)
        async with on.admin() as connection:
            await connection.execute(
                """INSERT INTO billing.line_cycle (tenant_id, line_id, product_id, next_cut_on)
                SELECT tenant_id, id, product_id, $2 FROM billing.line WHERE tenant_id = $1""",
                book.platform.tenant_id,
                cut_on,
            )
            await connection.execute("VACUUM (ANALYZE) billing.line_cycle")
        await roll_business_date(await book.platform.ctx(), cut_on)
    return book


def _billed(day: int) -> dict[str, object]:
    return DOCUMENT | {"statement": {"bill_day": day}}


def _with_kill(on: Stage, book: Book, statements: int) -> tuple[int, int]:
    """How many were cut before the kill, as they then stand in the database, and after it."""
    child = _start(on, book)
    until = monotonic() + _PATIENCE_SECONDS
    while (found := asyncio.run(_count(on, book))) < statements // 3 and monotonic() < until:
        sleep(0.02)
    child.kill()
    child.wait()
    while asyncio.run(_count(on, book, _UNDER_WAY)):  # what the server was told before the kill is still done
        sleep(0.02)
    found = asyncio.run(_count(on, book))
    if not 0 < found < statements:
        raise BenchError(f"the kill came too late or too soon: {found} were cut", "run it again")
    resumed = _finish(_start(on, book)).statements
    asyncio.run(_right(on, book, statements))
    if found + resumed != statements:
        raise BenchError(f"{found} and {resumed} are not {statements}", "run with --keep and look")
    return found, resumed


async def _count(on: Stage, book: Book, sql: str = _CUT) -> int:
    connection = await asyncpg.connect(on.admin_url)
    try:
        return int(await connection.fetchval(sql, book.platform.tenant_id))
    finally:
        await connection.close()


async def _right(on: Stage, book: Book, statements: int) -> int:
    """One statement a line, numbers without gaps, sums that agree; how many lines they have."""
    async with on.database():
        ctx = await book.platform.ctx()
        async with scope(ctx, read_only=True) as tx:
            wrong = await book_differences(tx, ctx)
            numbers = await tx.fetchval(
                "SELECT max(no) FROM billing.statement WHERE tenant_id = $1", ctx.tenant_id
            )
            lines = await tx.fetchval(
                "SELECT count(*) FROM billing.statement_line WHERE tenant_id = $1", ctx.tenant_id
            )
    if wrong or numbers != statements:
        raise BenchError(f"the last number is {numbers}; {wrong[:3]}", "run with --keep and look")
    return int(lines)


def _start(on: Stage, book: Book) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.end_day", book.platform.slug],
        cwd=_CHECKOUT,
        env=os.environ | {"TRADELINE_HOME": str(on.settings.home)},
        stdout=subprocess.PIPE,
        text=True,
    )


def _finish(child: subprocess.Popen[str]) -> Ended:
    last = ""
    assert child.stdout is not None
    for line in child.stdout:
        last = line
    if child.wait():
        raise BenchError("the day end failed", "what it said stands above")
    return msgspec.json.decode(last, type=Ended)


def show(console: Console, found: Run) -> None:
    table = Table(title="statements")
    columns(table, "statements", "lines", "seconds", "a second", "CPU s: day end", "PostgreSQL")
    table.add_row(
        f"{found.statements:,}",
        f"{found.lines:,}",
        f"{found.seconds:.1f}",
        f"{found.statements / found.seconds:,.0f}",
        f"{found.cpu_seconds:.1f}",
        f"{found.postgres_cpu_seconds:.1f}",
    )
    console.print(table)
    console.print(
        f"goal ≤ {found.goal_seconds} s: {'reached' if found.reached else 'not reached'}; the same day end "
        f"advanced {found.advanced:,} drawdowns\n"
        f"killed after {found.killed_after:,}, resumed with {found.resumed:,}; no number is missing, "
        "the sums agree"
    )
