"""What rounds come to: each number here is worked by hand."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from bench.figures import Cpu, Sample, by_round, figure, percentile, ratio, show


def sample(per_second: float, *, p50_us: float = 1000, cpu: Cpu | None = None) -> Sample:
    return Sample(per_second=per_second, count=10, p50_us=p50_us, p99_us=5000, cpu=cpu)


@pytest.mark.parametrize(("percent", "expected"), [(50, 20), (99, 40), (1, 10), (100, 40), (75, 30)])
def test_percentile_is_the_nearest_rank(percent: int, expected: int) -> None:
    assert percentile([10, 20, 30, 40], percent) == expected


def test_a_figure_is_the_median_of_its_rounds_with_their_spread() -> None:
    found = figure("arrays", [sample(10), sample(40), sample(20)], commands=50)
    assert (found.per_second, found.least, found.most) == (1000, 500, 2000)
    assert (found.p50_ms, found.p99_ms, found.cpu) == (1, 5, None)


def test_processor_time_is_told_for_each_command_of_an_array() -> None:
    found = figure("arrays", [sample(1, cpu=Cpu(500, 100, 50))], commands=50)
    assert found.cpu == Cpu(10, 2, 1)


def test_a_ratio_is_taken_within_each_round() -> None:
    rounds = {"above": [sample(80), sample(20)], "below": [sample(100), sample(40)]}
    assert by_round(rounds, "above", "below") == [0.8, 0.5]
    assert by_round(rounds, "above", "below", lambda one: one.p50_us) == [1, 1]


@pytest.mark.parametrize(
    ("direction", "goal", "reached"),
    [("at least", 0.8, True), ("at least", 0.9, False), ("at most", 0.8, True), ("at most", 0.7, False)],
)
def test_a_goal_is_met_by_the_median(direction: str, goal: float, reached: bool) -> None:
    found = ratio("r", [0.1, 0.8, 1.5], goal, direction)  # type: ignore[arg-type]
    assert (found.median, found.least, found.most, found.reached) == (0.8, 0.1, 1.5, reached)


def test_the_tables_show_every_measurement_and_ratio() -> None:
    console = Console(width=150, record=True, file=StringIO())
    figures = [figure("one-call", [sample(1234, cpu=Cpu(500, 100, 50))]), figure("tpc-b", [sample(99)])]
    show(console, figures, [ratio("hot ÷ spread", [0.25], 0.5, "at least")])
    shown = console.export_text()
    for part in ("one-call", "1,234", "500", "tpc-b", "hot ÷ spread", "0.25", "at least 0.5", "not reached"):
        assert part in shown
