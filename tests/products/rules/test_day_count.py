"""Day counts against published vectors (tests/cases), and an independent method."""

import json
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from products.rules.day_count import YEAR, DayCount, days_30e_360, weight, year_fraction

NAMES: dict[str, DayCount] = {
    "ACT_365F": "actual/365",
    "ACT_360": "actual/360",
    "ACT_ACT_ISDA": "actual/actual",
    "ActualActual::ISDA": "actual/actual",
    "THIRTY_E_360": "30/360",
}
ROWS: list[dict[str, Any]] = [
    row
    for row in json.loads((Path(__file__).parents[2] / "cases" / "daycount_cases.json").read_text("utf-8"))
    if row["convention"] in NAMES and row.get("expected") is not None
]


def test_all_rows_are_there() -> None:
    assert len(ROWS) == 93


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['convention']} {row['start']} {row['end']}")
def test_published(row: dict[str, Any]) -> None:
    name = NAMES[row["convention"]]
    start, end = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    if row["kind"] == "days":
        found = days_30e_360(start, end) if name == "30/360" else (end - start).days
        assert found == pytest.approx(row["expected"], abs=1e-9)
    else:
        assert float(year_fraction(name, start, end)) == pytest.approx(row["expected"], abs=1e-10)


def leap(day: date) -> bool:
    return (date(day.year, 3, 1) - date(day.year, 2, 28)).days == 2


days = st.dates(date(1890, 1, 1), date(2110, 12, 31))


@given(days, st.integers(0, 3000))
def test_actual_actual_day_by_day(start: date, number: int) -> None:
    parts = [Fraction(1, 366 if leap(start + timedelta(n)) else 365) for n in range(number)]
    assert year_fraction("actual/actual", start, start + timedelta(number)) == sum(parts, Fraction(0))


@given(days, st.integers(0, 3000), st.integers(0, 3000))
def test_actual_counts_add_up(start: date, first: int, second: int) -> None:
    middle = start + timedelta(first)
    end = middle + timedelta(second)
    for name in YEAR:
        parts = weight(name, start, middle) + weight(name, middle, end)
        assert name == "30/360" or parts == weight(name, start, end)


def one_day_on(day: date) -> int:
    """What one more day counts under 30E/360: the 31st nothing, the last of February up to the 30th."""
    after = day + timedelta(1)
    return 30 - min(day.day, 30) + 1 if after.day == 1 else int(after.day < 31)


@given(days, st.integers(0, 1500))
def test_30e_360_day_by_day(start: date, number: int) -> None:
    walked = sum(one_day_on(start + timedelta(n)) for n in range(number))
    assert days_30e_360(start, start + timedelta(number)) == walked


THEIRS: dict[DayCount, Any] = {
    "actual/365": pyxirr.DayCount.ACT_365F,
    "actual/360": pyxirr.DayCount.ACT_360,
    "actual/actual": pyxirr.DayCount.ACT_ACT_ISDA,
    "30/360": pyxirr.DayCount.THIRTY_E_360,
}


@given(days, st.integers(0, 30_000))
def test_agrees_with_pyxirr(start: date, number: int) -> None:
    end = start + timedelta(number)
    for name, theirs in THEIRS.items():
        found = pyxirr.year_fraction(start, end, theirs)
        assert float(year_fraction(name, start, end)) == pytest.approx(found, abs=1e-9)


@given(days)
def test_whole_months_are_thirty_days_each(start: date) -> None:
    start = start.replace(day=min(start.day, 28))
    end = start.replace(year=start.year + 1)
    assert days_30e_360(start, end) == 360


def test_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before"):
        weight("actual/365", date(2027, 1, 2), date(2027, 1, 1))
