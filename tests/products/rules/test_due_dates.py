"""Nominal due dates by a table of cases, and by walking the calendar day by day, which computes no month."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.due_dates import (
    add_months,
    nominal_dates,
    periods_a_year,
    row_dates,
    shortest_bill_cycle,
    whole_months,
)
from products.rules.terms import MonthDay, Terms

DAY = timedelta(1)
captures = st.dates(date(2019, 1, 1), date(2045, 12, 31))
month_days: st.SearchStrategy[MonthDay] = st.one_of(st.integers(1, 28), st.just("last"))


def terms(**fields: Any) -> Terms:
    book = UUID(int=0)
    whole: dict[str, Any] = {"product_id": book, "product_version": 1, "currency": "CNY", "lender_book": book}
    return Terms(**(whole | {"tenant_book": book} | fields))


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2027-01-31", 1, "2027-02-28"), ("2028-01-31", 1, "2028-02-29"), ("2027-01-31", 3, "2027-04-30"),
        ("2027-02-28", 1, "2027-03-28"), ("2028-02-29", 12, "2029-02-28"), ("2028-02-29", 48, "2032-02-29"),
        ("2027-12-31", 2, "2028-02-29"), ("2027-08-31", -6, "2027-02-28"), ("2027-05-15", 0, "2027-05-15"),
        ("2099-12-31", 2, "2100-02-28"),
    ],
)  # fmt: skip
def test_months_from_the_anchor(anchor: str, months: int, expected: str) -> None:
    assert add_months(day(anchor), months) == day(expected)


BILLED = {"due_rule": "bill_day", "bill_day": 1, "due_day": 10}
CASES: list[tuple[dict[str, Any], str, str]] = [
    # periods: always from the capture, cut to the month's end
    ({"due_rule": "periods", "instalments": 3}, "2027-01-31", "2027-02-28 2027-03-31 2027-04-30"),
    ({"due_rule": "periods", "instalments": 3}, "2027-02-28", "2027-03-28 2027-04-28 2027-05-28"),
    ({"due_rule": "periods", "instalments": 2, "period_length": 12}, "2028-02-29", "2029-02-28 2030-02-28"),
    ({"due_rule": "periods", "instalments": 2, "period_unit": "week", "period_length": 2}, "2027-12-24",
     "2028-01-07 2028-01-21"),
    ({"due_rule": "periods", "instalments": 2, "period_unit": "day", "period_length": 10}, "2028-02-25",
     "2028-03-06 2028-03-16"),
    # days after: the first due date is the anchor of the others
    ({"term_days": 30}, "2027-01-31", "2027-03-02"),
    ({"term_days": 60, "instalments": 3}, "2027-03-01", "2027-04-30 2027-05-30 2027-06-30"),
    ({"term_days": 30, "instalments": 3}, "2027-01-01", "2027-01-31 2027-02-28 2027-03-31"),
    # end of month + n
    ({"due_rule": "end_of_month"}, "2027-01-31", "2027-01-31"),
    ({"due_rule": "end_of_month", "term_days": 15}, "2028-02-10", "2028-03-15"),
    ({"due_rule": "end_of_month", "term_days": 30, "instalments": 3}, "2027-01-05",
     "2027-03-02 2027-03-30 2027-04-30"),
    # end of week + n: 3 March 2027 is a Wednesday, 7 March a Sunday
    ({"due_rule": "end_of_week"}, "2027-03-03", "2027-03-07"),
    ({"due_rule": "end_of_week"}, "2027-03-07", "2027-03-07"),
    ({"due_rule": "end_of_week", "term_days": 3, "instalments": 2}, "2027-03-08", "2027-03-17 2027-03-24"),
    ({"due_rule": "end_of_week", "period_length": 2, "instalments": 2}, "2027-03-01",
     "2027-03-07 2027-03-21"),
    # bill day: the capture's own day is not after it; a due day equal to it is in the next month
    (BILLED, "2027-05-01", "2027-06-10"), (BILLED, "2027-04-30", "2027-05-10"),
    (BILLED | {"instalments": 3}, "2027-11-15", "2027-12-10 2028-01-10 2028-02-10"),
    (BILLED | {"due_day": 1}, "2027-04-30", "2027-06-01"),
    (BILLED | {"bill_day": 25, "due_day": 5}, "2027-04-24", "2027-05-05"),
    (BILLED | {"bill_day": 25, "due_day": 5}, "2027-04-25", "2027-06-05"),
    (BILLED | {"bill_day": "last", "due_day": "last"}, "2027-01-31", "2027-03-31"),
    (BILLED | {"bill_day": "last", "due_day": "last"}, "2027-01-30", "2027-02-28"),
    (BILLED | {"bill_day": 28, "due_day": "last"}, "2027-02-01", "2027-03-31"),
    (BILLED | {"bill_day": 28, "due_day": "last"}, "2028-02-01", "2028-02-29"),
    (BILLED | {"due_day": "last", "instalments": 3}, "2027-12-31", "2028-01-31 2028-02-29 2028-03-31"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "captured_on", "expected"), CASES)
def test_nominal_dates(rule: dict[str, Any], captured_on: str, expected: str) -> None:
    found = nominal_dates(terms(**rule), day(captured_on))
    assert " ".join(map(str, found)) == expected


def is_last(on: date) -> bool:
    return (on + DAY).day == 1


def is_that(on: date, of: MonthDay) -> bool:
    return is_last(on) if of == "last" else on.day == of


def walk(start: date, wanted: Callable[[date], bool]) -> date:
    """The first day after `start` that is wanted."""
    on = start + DAY
    while not wanted(on):
        on += DAY
    return on


def months_on(anchor: date, number: int) -> date:
    """Day by day to the month, then to the anchor's day or the month's last."""
    on = anchor
    for _ in range(number):
        on = walk(on, lambda each: each.day == 1)
    return on if is_that(on, anchor.day) else walk(on, lambda each: each.day == anchor.day or is_last(each))


@given(captures, st.integers(1, 40))
def test_months_day_by_day(anchor: date, number: int) -> None:
    assert add_months(anchor, number) == months_on(anchor, number)


@given(captures, st.integers(1, 4), st.integers(1, 6))
def test_periods_day_by_day(captured_on: date, length: int, number: int) -> None:
    rule = terms(due_rule="periods", period_length=length, instalments=number)
    assert nominal_dates(rule, captured_on) == tuple(
        months_on(captured_on, length * each) for each in range(1, number + 1)
    )


@given(captures, st.integers(0, 120), st.integers(1, 6))
def test_end_of_month_day_by_day(captured_on: date, days: int, number: int) -> None:
    end, expected = captured_on - DAY, []
    for _ in range(number):
        end = walk(end, is_last)
        expected.append(end + days * DAY)
    rule = terms(due_rule="end_of_month", term_days=days, instalments=number)
    assert nominal_dates(rule, captured_on) == tuple(expected)


@given(captures, st.integers(0, 60), st.integers(1, 6))
def test_end_of_week_day_by_day(captured_on: date, days: int, number: int) -> None:
    sunday, expected = captured_on - DAY, []
    for _ in range(number):
        sunday = walk(sunday, lambda each: each.strftime("%a") == "Sun")
        expected.append(sunday + days * DAY)
    rule = terms(due_rule="end_of_week", term_days=days, instalments=number)
    assert nominal_dates(rule, captured_on) == tuple(expected)


@given(captures, month_days, month_days, st.integers(1, 6))
def test_bill_day_day_by_day(captured_on: date, bill_day: MonthDay, due_day: MonthDay, number: int) -> None:
    due, expected = walk(captured_on, lambda each: is_that(each, bill_day)), []
    for _ in range(number):
        due = walk(due, lambda each: is_that(each, due_day))
        expected.append(due)
    rule = terms(due_rule="bill_day", bill_day=bill_day, due_day=due_day, instalments=number)
    assert nominal_dates(rule, captured_on) == tuple(expected)
    assert shortest_bill_cycle(bill_day, due_day) <= (expected[0] - captured_on).days


@pytest.mark.parametrize(
    ("bill_day", "due_day", "days"),
    [(1, 10, 10), (25, 5, 9), (1, 1, 29), ("last", 5, 6), (28, "last", 2), ("last", "last", 29)],
)
def test_the_shortest_bill_cycle(bill_day: MonthDay, due_day: MonthDay, days: int) -> None:
    """Bill day 1, due day 10: captured the day before, due 10 days later. 25 and 5: captured 24 February."""
    assert shortest_bill_cycle(bill_day, due_day) == days


SOME_TERMS = st.builds(
    terms,
    due_rule=st.sampled_from(("periods", "days_after", "end_of_month", "end_of_week", "bill_day")),
    term_days=st.integers(1, 120),
    period_unit=st.sampled_from(("day", "week", "month")),
    period_length=st.integers(1, 6),
    bill_day=month_days,
    due_day=month_days,
    instalments=st.integers(1, 12),
    shift=st.sampled_from(("none", "following", "modified_following", "preceding")),
    grace_days=st.integers(0, 10),
    min_notice_days=st.integers(0, 40),
)
SOME_CALENDARS = st.builds(
    Calendar,
    weekend=st.sampled_from((frozenset[int](), frozenset({6, 7}), frozenset({7}))),
    holidays=st.frozensets(st.dates(date(2027, 1, 1), date(2028, 12, 31)), max_size=60),
    workdays=st.frozensets(st.dates(date(2027, 1, 1), date(2028, 12, 31)), max_size=30),
)


@given(SOME_TERMS, SOME_CALENDARS, st.dates(date(2027, 1, 1), date(2028, 6, 30)), st.integers(0, 20))
def test_rows_in_order_on_working_days(rule: Terms, calendar: Calendar, on: date, backdated: int) -> None:
    nominal = nominal_dates(rule, on)
    not_before = on + timedelta(backdated + rule.min_notice_days)
    found = row_dates(rule, nominal, not_before, calendar)
    assert [row[0] for row in found] == list(nominal) == sorted(set(nominal))
    assert [row[1] for row in found] == sorted(row[1] for row in found)
    for _, due_on, grace_on in found:
        assert due_on >= not_before
        assert rule.shift == "none" or calendar.works(due_on)
        assert grace_on >= due_on + timedelta(rule.grace_days)
        assert grace_on == due_on or calendar.works(grace_on)


@given(SOME_TERMS, st.dates(date(2027, 1, 1), date(2028, 6, 30)))
def test_without_a_calendar_nothing_shifts(rule: Terms, on: date) -> None:
    nominal = nominal_dates(rule, on)
    for nominal_on, due_on, grace_on in row_dates(rule, nominal, on, EVERY_DAY):
        assert (due_on, grace_on) == (max(nominal_on, on), max(nominal_on, on) + timedelta(rule.grace_days))


WEEKENDS = Calendar(weekend=frozenset({6, 7}))


@pytest.mark.parametrize(
    ("shift", "due_on", "grace_on"),
    [
        ("none", "2027-07-31", "2027-08-03"), ("following", "2027-08-02", "2027-08-05"),
        ("modified_following", "2027-07-30", "2027-08-02"), ("preceding", "2027-07-30", "2027-08-02"),
    ],
)  # fmt: skip
def test_a_due_date_on_a_saturday(shift: str, due_on: str, grace_on: str) -> None:
    """31 July 2027 is a Saturday and a month's end; the nominal date stays."""
    rule = terms(due_rule="end_of_month", shift=shift, grace_days=3)
    found = row_dates(rule, nominal_dates(rule, day("2027-07-10")), day("2027-07-10"), WEEKENDS)
    assert found == ((day("2027-07-31"), day(due_on), day(grace_on)),)


@pytest.mark.parametrize(
    ("shift", "due_on"), [("none", "2027-08-07"), ("following", "2027-08-09"), ("preceding", "2027-08-09")]
)
def test_notice_then_shifted_again(shift: str, due_on: str) -> None:
    """Recorded on 4 August with 3 days' notice: not before Saturday 7 August; never earlier for a shift."""
    rule = terms(term_days=5, shift=shift)
    found = row_dates(rule, nominal_dates(rule, day("2027-07-30")), day("2027-08-07"), WEEKENDS)
    assert found == ((day("2027-08-04"), day(due_on), day(due_on)),)


@pytest.mark.parametrize(
    ("rule", "first", "later"),
    [
        ({"due_rule": "periods"}, 1, 1),
        ({"due_rule": "periods", "period_length": 3}, 3, 3),
        ({"due_rule": "periods", "period_unit": "week"}, 0, 0),
        ({"due_rule": "days_after", "term_days": 30}, 0, 1),
        ({"due_rule": "days_after", "term_days": 30, "period_unit": "day"}, 0, 0),
        ({"due_rule": "end_of_month"}, 0, 1),
        ({"due_rule": "bill_day", "period_length": 2}, 0, 2),
        ({"due_rule": "end_of_week"}, 0, 0),
    ],
)
def test_whole_months(rule: dict[str, Any], first: int, later: int) -> None:
    assert [whole_months(terms(**rule), number) for number in (1, 2, 9)] == [first, later, later]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"due_rule": "periods"}, 12), ({"due_rule": "periods", "period_length": 3}, 4),
        ({"due_rule": "periods", "period_length": 5}, None),
        ({"due_rule": "periods", "period_unit": "week"}, 52),
        ({"due_rule": "periods", "period_unit": "week", "period_length": 2}, 26),
        ({"due_rule": "periods", "period_unit": "day"}, None), ({"due_rule": "bill_day"}, None),
    ],
)  # fmt: skip
def test_periods_a_year(rule: dict[str, Any], expected: int | None) -> None:
    assert periods_a_year(terms(**rule)) == expected
