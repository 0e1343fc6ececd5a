"""How many days lie between two dates, and what part of a year they are (DOMAIN.md §2).

The first day counts, the last does not. Everything is an integer over one denominator per convention.
"""

from datetime import date
from fractions import Fraction
from typing import Literal

DayCount = Literal["actual/365", "actual/360", "actual/actual", "30/360"]

YEAR: dict[DayCount, int] = {
    "actual/365": 365,
    "actual/360": 360,
    "actual/actual": 365 * 366,
    "30/360": 360,
}
"""The weight of one year: `weight` ÷ this is a year fraction."""


def days_30e_360(start: date, end: date) -> int:
    """30E/360: every month has 30 days, the 31st is the 30th. 28 February to 31 March: 32."""
    months = 12 * (end.year - start.year) + end.month - start.month
    return 30 * months + min(end.day, 30) - min(start.day, 30)


def leap_days(start: date, end: date) -> int:
    """The days from start to end that lie in leap years."""
    found = 0
    for year in range(start.year, end.year + 1):
        if year % 4 == 0 and (year % 100 or year % 400 == 0):
            first = max(start, date(year, 1, 1)).toordinal()
            last = end.toordinal() if year == end.year else date(year, 12, 31).toordinal() + 1
            found += last - first
    return found


def weight(day_count: DayCount, start: date, end: date) -> int:
    """The days from start to end, weighted: `actual/actual` (ISDA) has 365 a day in leap years, else 366.

    Raises ValueError if the end lies before the start. 15 January to 15 February 2027: 31 under `actual/365`.
    """
    if end < start:
        raise ValueError(f"{end} lies before {start}")
    if day_count == "30/360":
        return days_30e_360(start, end)
    days = end.toordinal() - start.toordinal()
    if day_count != "actual/actual":
        return days
    leap = leap_days(start, end)
    return 365 * leap + 366 * (days - leap)


def year_fraction(day_count: DayCount, start: date, end: date) -> Fraction:
    """28 December 2011 to 28 February 2012, `actual/actual`: 4/365 + 58/366."""
    return Fraction(weight(day_count, start, end), YEAR[day_count])
