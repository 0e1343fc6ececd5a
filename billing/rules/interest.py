"""Interest: principal × rate × nights, from the first night not free to the nominal date (DOMAIN.md §2, §3).

After the due date it stands still (`replaced`), or goes on on what is past due (`continues`: `accrue_late`).
"""

from datetime import date, timedelta
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from billing.rules.accrual import grown
from billing.rules.rows import bearing_minor, capture_of
from billing.rules.values import Instalment, State
from products.rules.day_count import days_30e_360, weight
from products.rules.terms import Terms


class Segment(msgspec.Struct, frozen=True):
    """Nights from `from_on` to `to_on` (not itself) at one rate: adds base × `rate_billionths` × `days`
    (weighted by the day count).
    """

    from_on: date
    to_on: date
    rate_billionths: int
    days: int


def first_night(terms: Terms, state: State, row: Instalment) -> date:
    """The first night of the row that is not free."""
    if terms.interest_free != "days" or not terms.free_days:
        return row.start_on
    return max(row.start_on, capture_of(state, row.capture_no).captured_on + timedelta(terms.free_days))


def free_until(terms: Terms, state: State, row: Instalment) -> date | None:
    """`if_closed_within`: the last day on which closing costs nothing; else None."""
    if terms.interest_free != "if_closed_within":
        return None
    return capture_of(state, row.capture_no).captured_on + timedelta(terms.free_days)


def interest_on(terms: Terms, state: State, row: Instalment) -> date:
    """The day on which the row's interest is charged by itself."""
    until = free_until(terms, state, row)
    return row.charge_on if until is None else max(row.charge_on, until + timedelta(1))


def segments(terms: Terms, state: State, row: Instalment, since: date, to: date) -> list[Segment]:
    """The row's interest-bearing nights from `since` to `to`, cut where the rate changes or a pause
    begins.
    """
    if terms.interest_free == "until_due":
        return []
    first = first_night(terms, state, row)
    start, end = max(since, first, row.through_on or first), min(to, row.nominal_on)
    return _cut(terms, state, start, end, first, row) if start < end else []


def late_segments(terms: Terms, state: State, row: Instalment, since: date, to: date) -> list[Segment]:
    """The same for contract interest on past-due principal, from the due date on."""
    start = max(since, row.due_on)
    return _cut(terms, state, start, to, row.due_on, None) if start < to else []


def exact(found: list[Segment], base_minor: int) -> int:
    """What the segments add, in minor units × denominator."""
    return base_minor * sum([segment.rate_billionths * segment.days for segment in found])


def accrue(terms: Terms, state: State, row: Instalment, since: date, to: date) -> Instalment:
    """The nights from `since` to `to`, in which nothing is paid or refunded.

    ¥10,000.00 at 0.0005, 40 nights free: night 40 is the first that counts, ¥5.00.
    """
    if found := segments(terms, state, row, since, to):
        return replace(row, interest=grown(row.interest, exact(found, bearing_minor(terms, state, row))))
    return row


def accrue_late(terms: Terms, state: State, row: Instalment, since: date, to: date) -> Instalment:
    """`continues`: the row's unpaid principal after its due date; counts once grace is lost."""
    if terms.after_due == "continues" and (found := late_segments(terms, state, row, since, to)):
        return replace(row, late=grown(row.late, exact(found, row.open_minor)))
    return row


def _cut(
    terms: Terms, state: State, start: date, end: date, first: date, row: Instalment | None
) -> list[Segment]:
    if not state.rates and not state.pauses:
        return [Segment(start, end, terms.rate_billionths, _count(terms, first, row, start, end))]
    marks = {start, end}
    marks.update(day for day, _ in state.rates if start < day < end)
    for from_on, until_on in state.pauses:
        marks.update(day for day in (from_on, until_on + timedelta(1)) if start < day < end)
    days = sorted(marks)
    return [
        Segment(a, b, rate_on(terms, state, a), _count(terms, first, row, a, b))
        for a, b in pairwise(days)
        if not any(from_on <= a <= until_on for from_on, until_on in state.pauses)
    ]


def rate_on(terms: Terms, state: State, night: date) -> int:
    """The contract rate of a night × 10⁹."""
    rate = terms.rate_billionths
    for from_on, changed in state.rates:
        if from_on <= night:
            rate = changed
    return rate


def _count(terms: Terms, first: date, row: Instalment | None, start: date, end: date) -> int:
    """The weight of the nights; 30/360 counts from `first`, an unbroken period of whole months exactly 30
    each.
    """
    if terms.day_count != "30/360":
        return weight("actual/365" if terms.is_daily else terms.day_count, start, end)
    if row is None:
        return days_30e_360(first, end) - days_30e_360(first, start)
    unbroken = row.months and first == row.start_on
    whole = 30 * row.months if unbroken else days_30e_360(first, row.nominal_on)
    until_end = whole if end >= row.nominal_on else min(whole, days_30e_360(first, end))
    return until_end - (min(whole, days_30e_360(first, start)) if first < start else 0)
