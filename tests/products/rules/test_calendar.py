"""Working days and shifts, by a table and by looking at every day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.rules.calendar import EVERY_DAY, Calendar, last_grace_day, shifted
from products.rules.terms import Shift

DAY = timedelta(1)
MAY = Calendar(
    weekend=frozenset({6, 7}),
    holidays=frozenset(date(2026, 5, each) for each in range(1, 6)),
    workdays=frozenset({date(2026, 5, 9)}),
)
"""Labour Day 2026 in China: off from 1 to 5 May; Saturday 9 May is worked."""
SHIFTS: tuple[Shift, ...] = ("none", "following", "modified_following", "preceding")


@pytest.mark.parametrize(
    ("on", "works"),
    [("2026-04-30", True), ("2026-05-01", False), ("2026-05-06", True), ("2026-05-09", True),
     ("2026-05-10", False)],
)  # fmt: skip
def test_works(on: str, works: bool) -> None:
    assert MAY.works(date.fromisoformat(on)) is works


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-05-03", ("2026-05-03", "2026-05-06", "2026-05-06", "2026-04-30")),
        ("2026-05-09", ("2026-05-09", "2026-05-09", "2026-05-09", "2026-05-09")),
        ("2026-05-10", ("2026-05-10", "2026-05-11", "2026-05-11", "2026-05-09")),
        ("2026-05-31", ("2026-05-31", "2026-06-01", "2026-05-29", "2026-05-29")),
    ],
)
def test_shifted(on: str, expected: tuple[str, ...]) -> None:
    assert tuple(str(shifted(MAY, date.fromisoformat(on), shift)) for shift in SHIFTS) == expected


@pytest.mark.parametrize(
    ("due_on", "grace_days", "expected"),
    [("2026-04-30", 0, "2026-04-30"), ("2026-05-02", 0, "2026-05-02"), ("2026-04-30", 3, "2026-05-06"),
     ("2026-05-06", 3, "2026-05-09"), ("2026-05-07", 3, "2026-05-11")],
)  # fmt: skip
def test_last_grace_day(due_on: str, grace_days: int, expected: str) -> None:
    """Without grace the due date itself, whatever day it is."""
    assert str(last_grace_day(MAY, date.fromisoformat(due_on), grace_days)) == expected


some_days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
some_calendars = st.builds(
    Calendar,
    weekend=st.frozensets(st.integers(1, 7), max_size=5),
    holidays=st.frozensets(some_days, max_size=80),
    workdays=st.frozensets(some_days, max_size=20),
)


@given(some_calendars, some_days, st.sampled_from(SHIFTS))
def test_nothing_nearer_works(calendar: Calendar, on: date, shift: Shift) -> None:
    found = shifted(calendar, on, shift)
    between = [min(on, found) + each * DAY for each in range(1, abs((found - on).days))]
    if shift == "modified_following" and found < on:
        rest = [on + each * DAY for each in range(31) if (on + each * DAY).month == on.month]
        assert not any(map(calendar.works, rest))
    assert not any(map(calendar.works, between))
    assert shift == "none" or calendar.works(found)
    assert found == on if shift == "none" or calendar.works(on) else found != on
    assert shift != "following" or found >= on
    assert shift != "preceding" or found <= on


@given(some_calendars, some_days, st.integers(0, 90), st.sampled_from(SHIFTS))
def test_what_is_later_stays_later(calendar: Calendar, on: date, days: int, shift: Shift) -> None:
    assert shifted(calendar, on, shift) <= shifted(calendar, on + days * DAY, shift)


@given(some_days, st.integers(0, 60))
def test_where_every_day_works(on: date, grace_days: int) -> None:
    assert {shifted(EVERY_DAY, on, shift) for shift in SHIFTS} == {on}
    assert last_grace_day(EVERY_DAY, on, grace_days) == on + grace_days * DAY


def test_a_calendar_without_working_days_is_told() -> None:
    never = Calendar(weekend=frozenset(range(1, 8)))
    with pytest.raises(ValueError, match="no working day"):
        shifted(never, date(2027, 1, 1), "following")
