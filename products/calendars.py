"""Calendars by name: whose holidays they hold, and how far those are known.

`none`: every day works. `weekends`: Saturday and Sunday do not. `CN`: nor do the State Council's holidays,
while the weekend days that it exchanges for them (调休) do. `GB-ENG`: nor do the bank holidays of England.

Nothing here fails for a day that is not known yet: in China it works unless it is a weekend, in England
the standing rules go on. `Calendar.knows` tells such a day. What is announced later arrives as an event
(`due_date_changed`) and only moves due dates later.

They are no rules, for their data come with packages that are renewed; a capture keeps the dates it got.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.due_dates import nominal_dates, row_dates
from products.rules.terms import CalendarName, Terms

_WEEKEND: Final = frozenset({6, 7})
_ENGLAND_THROUGH: Final = date(2027, 12, 31)
"""The government publishes bank holidays two years ahead; a one-off day may still join later years."""
_ENGLAND_YEARS: Final = range(2000, 2061)


@cache
def named(name: CalendarName) -> Calendar:
    """The libraries are imported when first asked: they cost 0.2 s, and most products need none."""
    match name:
        case "none":
            return EVERY_DAY
        case "weekends":
            return Calendar(weekend=_WEEKEND)
        case "CN":
            return _china()
        case "GB-ENG":
            return _england()


def capture_dates(terms: Terms, captured_on: date, booked_on: date) -> tuple[tuple[date, date, date], ...]:
    """Nominal date, due date and last day of grace of each row of a capture that is decided on `booked_on`.
    None where every day works: nothing shifts, and the engine knows the dates by itself.

    Captured on 2 April 2026 for 30 days, `CN`, `following`: nominal 2 May, due 6 May (Labour Day).
    """
    if terms.calendar == "none":
        return ()
    not_before = booked_on + timedelta(terms.min_notice_days)
    return row_dates(terms, nominal_dates(terms, captured_on), not_before, named(terms.calendar))


def _china() -> Calendar:
    from chinese_calendar.constants import holidays, workdays

    last_year = max(holidays).year
    return Calendar(
        weekend=_WEEKEND,
        holidays=frozenset(holidays),
        workdays=frozenset(workdays),
        known_through_on=date(last_year, 12, 31),
    )


def _england() -> Calendar:
    from holidays import country_holidays

    found = country_holidays("GB", subdiv="ENG", years=_ENGLAND_YEARS)
    return Calendar(weekend=_WEEKEND, holidays=frozenset(found), known_through_on=_ENGLAND_THROUGH)
