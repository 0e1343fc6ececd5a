"""The measurements themselves run, check what they have written, and print it; no time is judged here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments: str) -> Any:
    """Through the command line and in a process of its own: a pool belongs to one."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", *arguments, "--json"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout)


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_money_measures_everything_and_finds_the_books_right() -> None:
    found = bench("money", "--rounds", "1", "--seconds", "0.3", "--lines", "100")
    assert {figure["name"] for figure in found["figures"]} >= {"tpc-b", "minimal", "one-call", "http 128"}
    assert all(figure["per_second"] > 0 for figure in found["figures"])
    assert len(found["ratios"]) == 9
    assert found["verified"] > 0
    assert found["drawdowns"] > 1_000


@pytest.mark.nightly
def test_a_killed_day_end_is_resumed_and_the_book_is_right() -> None:
    found = bench("day-end", "--drawdowns", "60000")
    assert [(day["drawdowns"], day["due"]) for day in found["days"]] == [
        (15_000, 2_400),
        (60_000, 2_400),
        (60_000, 600),
    ]
    assert found["killed_after"] + found["resumed"] == 2_400
    assert found["killed_after"] > 0
    assert found["resumed"] > 0
    assert found["verified"] >= 2_400 * 3 + 600


@pytest.mark.nightly
def test_statements_are_cut_and_a_killed_day_end_is_resumed() -> None:
    found = bench("statements", "--statements", "600")
    assert found["statements"] == 600
    assert found["lines"] > 600 * 15
    assert found["killed_after"] + found["resumed"] == 200


@pytest.mark.nightly
def test_facts_of_a_small_platform_add_up() -> None:
    found = bench("facts", "--buyers", "500", "--order-lines", "20000")
    assert [step["rows"] for step in found["steps"]] == [500] * 5
    assert found["order_lines"] == 20_000
    assert found["steps"][-1]["name"] == "review, none moves (0)"


def test_what_can_be_measured_is_told_without_servers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "money", "day-end", "statements", "engine", "facts", "paper",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "asked", [["money", "--rounds", "0"], ["day-end", "--drawdowns", "-5"], ["monye"], []]
)
def test_what_cannot_be_measured_is_said_at_once(asked: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage: ./dev bench" in done.stderr


def test_the_engine_is_measured_without_servers() -> None:
    found = bench("engine", "--rounds", "1")
    assert next(row["ratio"] for row in found["rows"]) == 1
    assert all(row["median_us"] > 0 for row in found["rows"])
    assert {row["goal_us"] for row in found["rows"]} == {None, 100, 2000}
