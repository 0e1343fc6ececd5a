"""`bench money`: what the way of money through HTTP costs beside the one SQL call that it comes down to.

All measurements of a round run one after the other on the same servers, and ratios are taken within a round:
so a machine that is slow for a while, or shared, slows both sides of a ratio.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic, sleep
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from rich.console import Console

from bench import commands, pgbench, wrk
from bench.book import Platform, open_platform
from bench.errors import BenchError
from bench.figures import Cpu, Figure, Ratio, Sample, by_round, figure, ratio
from bench.figures import show as show_figures
from bench.stage import Server, Stage, server, stage, tree_seconds
from billing.verify_book import VerifyBook, verify_book

LINES: Final = 10_000
TENANTS: Final = 50
ARRAY: Final = 50
CATCH_UP_SECONDS: Final = 120
ONE: Final = "one-call"

Measure = Callable[[], Sample]
Tell = Callable[[str], None]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`verified`: how many drawdowns the check at the end replayed."""

    rounds: int
    seconds: float
    figures: tuple[Figure, ...]
    ratios: tuple[Ratio, ...]
    drawdowns: int
    verified: int


def run(*, rounds: int, seconds: float, lines: int, keep: bool, tell: Tell) -> Run:
    """Raises BenchError where a figure could not be trusted: a failed request, a book that is not right."""
    wrk.need_wrk()
    with stage(keep=keep) as on:
        tell("platforms and lines")
        pgbench.make_tpc_b(on)
        big, small = asyncio.run(_platforms(on, lines))
        with server(on) as serving:
            bench = _Bench(on, serving, big, small, seconds, tell)
            tell("warming up")
            bench.warm_up()
            for number in range(1, rounds + 1):
                for name, measure in bench.measures.items():
                    tell(f"round {number} of {rounds}: {name}")
                    bench.take(name, measure)
        tell("verifying")
        drawdowns, verified = asyncio.run(_verify(on, big, small))
    sizes = {name: ARRAY if name.startswith("arrays") else 1 for name in bench.samples}
    return Run(
        rounds=rounds,
        seconds=seconds,
        figures=tuple(figure(name, found, sizes[name]) for name, found in bench.samples.items()),
        ratios=ratios(bench.samples),
        drawdowns=drawdowns,
        verified=verified,
    )


def ratios(samples: Mapping[str, Sequence[Sample]]) -> tuple[Ratio, ...]:
    """Those of the goals; `one-call` is the measure of all."""
    arrays = [ARRAY * value for value in by_round(samples, "arrays of 50, 1 tenant", ONE)]
    mixed = [ARRAY * value for value in by_round(samples, "arrays of 50, 50 tenants", ONE)]
    alone = by_round(samples, "http 1", ONE, lambda sample: sample.p50_us)
    tail = [sample.p99_us / sample.p50_us for sample in samples["http 32"]]
    return (
        ratio("HTTP 128 ÷ one-call", by_round(samples, "http 128", ONE), 0.8, "at least"),
        ratio("HTTP 32 ÷ one-call", by_round(samples, "http 32", ONE), 0.6, "at least"),
        ratio("50 tenants ÷ one-call, 128", by_round(samples, "http 128, 50 tenants", ONE), 0.8, "at least"),
        ratio("hot line ÷ spread, 128", by_round(samples, "http 128, hot line", "http 128"), 0.5, "at least"),
        ratio("hot line ÷ spread, 32", by_round(samples, "http 32, hot line", "http 32"), 0.5, "at least"),
        ratio("arrays of 50 ÷ one-call, 1 tenant", arrays, 4, "at least"),
        ratio("arrays of 50 ÷ one-call, 50 tenants", mixed, 4, "at least"),
        ratio("p50 of HTTP 1 ÷ p50 of one-call", alone, 2.5, "at most"),
        ratio("p99 ÷ p50 of HTTP 32", tail, 5, "at most"),
    )


async def _platforms(on: Stage, lines: int) -> tuple[Platform, list[Platform]]:
    async with on.database():
        big = await open_platform(on, "big", lines)
        small = [
            await open_platform(on, f"small-{number}", max(1, lines // TENANTS)) for number in range(TENANTS)
        ]
    async with on.admin() as connection:
        await connection.execute(commands.SCHEMA)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    return big, small


class _Bench:
    """What is measured, by name, and the samples taken so far."""

    def __init__(
        self, on: Stage, serving: Server, big: Platform, small: Sequence[Platform], seconds: float, tell: Tell
    ) -> None:
        self._on, self._serving, self._seconds, self._tell = on, serving, seconds, tell
        self._rates: dict[str, float] = {}
        spread, mixed = wrk.targets([big]), wrk.targets(small)
        self._warm = (spread, mixed)
        self.measures: dict[str, Measure] = {
            "tpc-b": partial(pgbench.tpc_b, on, seconds),
            "minimal": partial(pgbench.script, on, pgbench.MINIMAL, seconds),
            "one-call": partial(self._commit, "one-call", [big], 1),
            "http 1": partial(self._http, spread, 1),
            "http 32": partial(self._http, spread, 32),
            "http 128": partial(self._http, spread, 128),
            "arrays of 50, 1 tenant": partial(self._commit, "arrays of 50, 1 tenant", [big], ARRAY),
            "arrays of 50, 50 tenants": partial(self._commit, "arrays of 50, 50 tenants", small, ARRAY),
            "http 32, hot line": partial(self._http, spread[:1], 32),
            "http 128, hot line": partial(self._http, spread[:1], 128),
            "http 32, 50 tenants": partial(self._http, mixed, 32),
            "http 128, 50 tenants": partial(self._http, mixed, 128),
        }
        self.samples: dict[str, list[Sample]] = {name: [] for name in self.measures}

    def warm_up(self) -> None:
        """Both processes get to know the lines; the database's pages are in memory and once in the log."""
        for targets in self._warm:
            wrk.drawdowns(self._serving.url, targets, connections=32, seconds=4 * self._seconds)

    def take(self, name: str, measure: Measure) -> None:
        self._settle()
        self.samples[name].append(measure())

    def _http(self, targets: list[str], connections: int) -> Sample:
        load = partial(
            wrk.drawdowns, self._serving.url, targets, connections=connections, seconds=self._seconds
        )
        before = self._written()
        sample = self._with_cpu(load)
        written = self._written() - before
        if not sample.count <= written <= sample.count + connections:
            raise BenchError(
                f"{sample.count} requests succeeded and {written} keys were stored", "find out why"
            )
        return sample

    def _commit(self, name: str, platforms: Sequence[Platform], size: int) -> Sample:
        """Again with more commands where those prepared did not last."""
        rate = self._rates.get(name, 3000 / size**0.6)
        while True:
            per_client = int(rate * 1.8 * self._seconds / pgbench.CLIENTS) + 10
            asyncio.run(self._prepare(platforms, size, per_client))
            before = self._written()
            load = partial(pgbench.script, self._on, pgbench.COMMIT, self._seconds)
            sample = self._with_cpu(load)
            if self._written() - before == sample.count * size:
                self._rates[name] = sample.per_second
                return sample
            rate *= 2
            if rate > 1_000_000:
                raise BenchError("commands of pgbench were not all written", "run with --keep and look")
            self._tell(f"{name}: too few commands were prepared, once more")

    async def _prepare(self, platforms: Sequence[Platform], size: int, per_client: int) -> None:
        async with self._on.database():
            await commands.prepare(
                self._on, platforms, size=size, clients=pgbench.CLIENTS, per_client=per_client
            )

    def _with_cpu(self, load: Measure) -> Sample:
        before = self._spent()
        sample = load()
        spent = [(after - was) * 1e6 / sample.count for was, after in zip(before, self._spent(), strict=True)]
        return replace(sample, cpu=Cpu(*spent))

    def _spent(self) -> tuple[float, float, float]:
        """Processor seconds so far of PostgreSQL, of the server with its worker, of the load generators."""
        load = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (
            tree_seconds(self._on.postgres()),
            tree_seconds(self._serving.process),
            load.ru_utime + load.ru_stime,
        )

    def _written(self) -> int:
        return int(self._ask("SELECT count(*) FROM kernel.idempotency"))

    def _settle(self) -> None:
        """Waits until the worker has handed on what the last measurement left in the outbox."""
        end = monotonic() + CATCH_UP_SECONDS
        behind = (
            "SELECT coalesce((SELECT max(xid) FROM kernel.outbox)"
            " > (SELECT max(after_xid) FROM kernel.outbox_cursor), false)"
        )
        while self._ask(behind):
            if monotonic() > end:
                raise BenchError("the outbox does not empty", "read the server's log")
            sleep(0.2)

    def _ask(self, query: str) -> Any:
        async def ask() -> Any:
            async with self._on.admin() as connection:
                return await connection.fetchval(query)

        return asyncio.run(ask())


async def _verify(on: Stage, big: Platform, small: Sequence[Platform]) -> tuple[int, int]:
    """Each line against its drawdowns, of one tenant everything. How many drawdowns there are, how many were
    replayed.
    """
    async with on.admin() as connection:
        wrong = await connection.fetchval(
            """SELECT count(*) FROM billing.line l LEFT JOIN (
                SELECT tenant_id, line_id, sum(held_minor) AS held, count(*) AS n FROM billing.drawdown_use
                GROUP BY tenant_id, line_id) u ON u.tenant_id = l.tenant_id AND u.line_id = l.id
            WHERE l.held_minor <> coalesce(u.held, 0) OR l.held_minor + l.outstanding_minor > l.limit_minor"""
        )
        drawdowns = await connection.fetchval("SELECT count(*) FROM billing.drawdown")
        keys = await connection.fetchval("SELECT count(*) FROM kernel.idempotency")
        facts = await connection.fetchrow(
            """SELECT (SELECT count(*) FROM billing.drawdown_event) AS events,
            (SELECT count(*) FROM billing.drawdown_use) AS uses,
            (SELECT count(*) FROM kernel.outbox WHERE topic = 'drawdown.authorised') AS told,
            (SELECT count(*) FROM kernel.audit WHERE action = 'drawdown.authorised') AS recorded"""
        )
    if wrong or {keys, *facts} != {drawdowns}:
        raise BenchError(
            f"{wrong} lines disagree with their drawdowns; {drawdowns} drawdowns, {keys} keys, {dict(facts)}",
            "this is a fault of the money path: run with --keep and look",
        )
    async with on.database():
        verified = await verify_book(await small[0].ctx(), VerifyBook(everything=True))
    if not verified.clean:
        raise BenchError(f"verify found differences: {verified.differences[:3]}", "run with --keep and look")
    return drawdowns, verified.drawdowns


def show(console: Console, found: Run) -> None:
    show_figures(console, found.figures, found.ratios)
    console.print(
        f"{found.drawdowns:,} drawdowns, lines, keys, events, outbox and audit agree; "
        f"{found.verified:,} verified against their events"
    )
