"""What the rounds of one run come to: medians with their spread, ratios of medians, a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Literal

import msgspec
from rich.console import Console
from rich.table import Table


class Cpu(msgspec.Struct, frozen=True):
    """Processor time by who spent it, in µs for each command."""

    postgres_us: float
    server_us: float
    load_us: float


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: transactions or requests a second and their latencies in µs."""

    per_second: float
    count: int
    p50_us: float
    p99_us: float
    cpu: Cpu | None = None


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """All rounds of one measurement. Rates are in commands a second: an array of 50 is 50 commands."""

    name: str
    per_second: float
    least: float
    most: float
    p50_ms: float
    p99_ms: float
    cpu: Cpu | None


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """`median` of the ratios within each round, so that what slows a whole round does not count."""

    name: str
    median: float
    least: float
    most: float
    goal: str
    reached: bool


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Of a sorted sequence, nearest rank."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def figure(name: str, samples: Sequence[Sample], commands: int = 1) -> Figure:
    rates = [sample.per_second * commands for sample in samples]
    cpus = [sample.cpu for sample in samples if sample.cpu]
    return Figure(
        name=name,
        per_second=median(rates),
        least=min(rates),
        most=max(rates),
        p50_ms=median(sample.p50_us for sample in samples) / 1000,
        p99_ms=median(sample.p99_us for sample in samples) / 1000,
        cpu=Cpu(
            *(
                median(getattr(cpu, field) for cpu in cpus) / commands
                for field in ("postgres_us", "server_us", "load_us")
            )
        )
        if cpus
        else None,
    )


def ratio(
    name: str, values: Sequence[float], goal: float, direction: Literal["at least", "at most"]
) -> Ratio:
    middle = median(values)
    return Ratio(
        name=name,
        median=middle,
        least=min(values),
        most=max(values),
        goal=f"{direction} {goal:g}",
        reached=middle >= goal if direction == "at least" else middle <= goal,
    )


def by_round(
    samples: Mapping[str, Sequence[Sample]],
    upper: str,
    lower: str,
    of: Callable[[Sample], float] = lambda sample: sample.per_second,
) -> list[float]:
    """`upper` ÷ `lower` in each round."""
    return [of(above) / of(below) for above, below in zip(samples[upper], samples[lower], strict=True)]


def show(console: Console, figures: Sequence[Figure], ratios: Sequence[Ratio]) -> None:
    table = Table(title="medians of the rounds")
    columns(
        table, "measurement", "a second", "least–most", "p50 ms", "p99 ms", "CPU µs: db", "server", "load"
    )
    for one in figures:
        cpu = (one.cpu.postgres_us, one.cpu.server_us, one.cpu.load_us) if one.cpu else ()
        spread = f"{one.least:,.0f}–{one.most:,.0f}"
        table.add_row(
            one.name,
            f"{one.per_second:,.0f}",
            spread,
            f"{one.p50_ms:,.2f}",
            f"{one.p99_ms:,.2f}",
            *(f"{value:,.0f}" for value in cpu),
        )
    console.print(table)
    table = Table(title="ratios")
    columns(table, "ratio", "median", "least–most", "goal", "")
    for two in ratios:
        table.add_row(
            two.name,
            f"{two.median:.2f}",
            f"{two.least:.2f}–{two.most:.2f}",
            two.goal,
            "reached" if two.reached else "not reached",
        )
    console.print(table)


def columns(table: Table, first: str, *others: str) -> None:
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
