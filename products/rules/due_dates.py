"""The nominal due dates of a capture (DOMAIN.md §2, §3): always from the anchor, cut to the month's end.

Captured on 31 January, monthly: 28 February, 31 March, 30 April.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from products.rules.calendar import Calendar, last_grace_day, shifted
from products.rules.terms import MonthDay, PeriodUnit, Terms


def add_months(anchor: date, months: int) -> date:
    """31 January + 1 month: 28 February."""
    place = anchor.year * 12 + anchor.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def add_periods(anchor: date, unit: PeriodUnit, number: int) -> date:
    """So many days, weeks or months later."""
    if unit == "month":
        return add_months(anchor, number)
    return anchor + timedelta(number * (7 if unit == "week" else 1))


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def in_month(day: date, of: MonthDay) -> date:
    """That day of the month in which `day` lies."""
    return month_end(day) if of == "last" else day.replace(day=of)


def on_day(day: date, of: MonthDay) -> date:
    """The first date that is that day of a month, not before `day`. From 20 May, the 10th: 10 June."""
    found = in_month(day, of)
    return found if found >= day else in_month(add_months(day.replace(day=1), 1), of)


def nominal_dates(terms: Terms, captured_on: date) -> tuple[date, ...]:
    """One for each instalment."""
    return tuple(_nominal(terms, captured_on, number) for number in range(1, terms.instalments + 1))


def _nominal(terms: Terms, captured_on: date, number: int) -> date:
    """Of instalment `number`, from 1."""
    later = terms.period_length * (number - 1)
    match terms.due_rule:
        case "periods":
            return add_periods(captured_on, terms.period_unit, terms.period_length * number)
        case "days_after":
            return add_periods(captured_on + timedelta(terms.term_days), terms.period_unit, later)
        case "end_of_month":
            return month_end(add_months(captured_on.replace(day=1), later)) + timedelta(terms.term_days)
        case "end_of_week":
            sunday = captured_on + timedelta(6 - captured_on.weekday())
            return sunday + timedelta(7 * later + terms.term_days)
        case "bill_day":
            first = first_due_after_bill(terms, captured_on)
            return in_month(add_months(first.replace(day=1), later), terms.due_day)


def row_dates(
    terms: Terms, nominal: Sequence[date], not_before: date, calendar: Calendar
) -> tuple[tuple[date, date, date], ...]:
    """Nominal date, due date and last day of grace of each instalment; due never before there was notice."""
    found = []
    for on in nominal:
        due_on = shifted(calendar, on, terms.shift)
        if due_on < not_before:
            due_on = shifted(calendar, not_before, "none" if terms.shift == "none" else "following")
        found.append((on, due_on, last_grace_day(calendar, due_on, terms.grace_days)))
    return tuple(found)


def first_due_after_bill(terms: Terms, captured_on: date) -> date:
    """The first due day after the first bill day after the capture.

    Bill day 1, due day 10: captured 1 May: billed 1 June, due 10 June.
    """
    billed_on = on_day(captured_on + timedelta(1), terms.bill_day)
    return on_day(billed_on + timedelta(1), terms.due_day)


def next_cut(on: date, cut_day: MonthDay | None) -> date | None:
    """The first bill day after `on`; None without one. After 1 May, the 1st: 1 June."""
    return None if cut_day is None else on_day(on + timedelta(1), cut_day)


@lru_cache(maxsize=1024)
def shortest_bill_cycle(bill_day: MonthDay, due_day: MonthDay) -> int:
    """The fewest days from a capture to its first due date, over four years.

    Bill day 1, due day 10: captured on the last of a month, 10 days.
    """
    bills_on = [in_month(date(2028 + place // 12, place % 12 + 1, 1), bill_day) for place in range(48)]
    return min((on_day(on + timedelta(1), due_day) - on).days for on in bills_on) + 1


def whole_months(terms: Terms, number: int) -> int:
    """How many whole months the period of instalment `number` is long by rule; 0: broken, or not in
    months.
    """
    if terms.due_rule == "end_of_week" or (terms.due_rule != "bill_day" and terms.period_unit != "month"):
        return 0
    return terms.period_length if number > 1 or terms.due_rule == "periods" else 0


def periods_a_year(terms: Terms) -> int | None:
    """Where all periods are equal: 12 months ÷ length, 52 weeks ÷ length; None for days or uneven ones."""
    if terms.due_rule != "periods" or terms.period_unit == "day":
        return None
    year = 12 if terms.period_unit == "month" else 52
    return year // terms.period_length if year % terms.period_length == 0 else None
