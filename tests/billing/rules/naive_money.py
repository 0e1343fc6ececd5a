"""What the naive model needs of arithmetic: rounding, dates, a plan. Written from DOMAIN §2, §3, §7 alone."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from products.rules.terms import Terms

ORDER = ("penalty", "fee", "interest", "principal")


def days(number: int) -> timedelta:
    return timedelta(days=number)


def whole(exact: Fraction, mode: str) -> int:
    """Half up for what is never negative; Python's own round is half even."""
    return int(exact + Fraction(1, 2)) if mode == "half_up" else round(exact)


@cache
def exactly(rate: Decimal, days_of_it: int = 1) -> Fraction:
    return Fraction(rate) / days_of_it


def a_night(terms: Terms) -> Fraction:
    """What one minor unit bears in one night."""
    if terms.daily_rate is not None:
        return exactly(terms.daily_rate)
    assert terms.annual_rate is not None
    assert terms.day_count == "actual/365"
    return exactly(terms.annual_rate, 365)


def of_units(number: int, rate: Fraction, mode: str) -> int:
    """`whole(number * rate)`, asked so often that it is worth some integers."""
    found, rest = divmod(number * rate.numerator, rate.denominator)
    more = 2 * rest - rate.denominator
    return found + (more > 0 or (more == 0 and (mode == "half_up" or found % 2 == 1)))


def months_later(day: date, number: int) -> date:
    """From the anchor, cut to the month's end."""
    month = day.month - 1 + number
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def later(terms: Terms, day: date, periods: int) -> date:
    number = periods * terms.period_length
    if terms.period_unit == "month":
        return months_later(day, number)
    return day + days(number * (7 if terms.period_unit == "week" else 1))


def nominal_dates(terms: Terms, captured_on: date) -> list[date]:
    if terms.due_rule == "periods":
        return [later(terms, captured_on, i + 1) for i in range(terms.instalments)]
    assert terms.due_rule == "days_after"
    return [later(terms, captured_on + days(terms.term_days), i) for i in range(terms.instalments)]


def working(day: date, step: int = 1) -> date:
    """That day, or the next by `step` on which one can pay: no Saturday or Sunday."""
    while day.weekday() > 4:
        day += days(step)
    return day


def due_of(terms: Terms, nominal: date, not_before: date) -> date:
    if terms.shift == "none":
        return max(nominal, not_before)
    due = working(nominal, -1 if terms.shift == "preceding" else 1)
    return due if due >= not_before else working(not_before)


def grace_of(terms: Terms, due: date) -> date:
    last = due + days(terms.grace_days)
    return last if terms.shift == "none" else working(last)


def level_payment(balance: int, grown: Fraction, rates: Sequence[Fraction], mode: str) -> int:
    """It solves `balance = Σ payment ÷ Π(1 + rate of each period so far)`.

    `grown`: interest that the first period has brought already and nobody has paid, due with its payment.
    """
    value, growth = Fraction(0), Fraction(1)
    for rate in rates:
        growth *= 1 + rate
        value += 1 / growth
    return whole((balance + grown / (1 + rates[0])) / value, mode)


def level_principals(
    balance: int, grown: Sequence[Fraction], rates: Sequence[Fraction], payment: int, mode: str
) -> list[int]:
    """Each payment less the interest asked with it; the last takes what is left."""
    principals = []
    for before, rate in zip(grown[:-1], rates[:-1], strict=True):
        principals.append(min(balance, max(0, payment - whole(before + balance * rate, mode))))
        balance -= principals[-1]
    return [*principals, balance]


def equal_principals(balance: int, number: int, mode: str) -> list[int]:
    each = whole(Fraction(balance, number), mode)
    principals = []
    for _ in range(number - 1):
        principals.append(min(each, balance))
        balance -= principals[-1]
    return [*principals, balance]
