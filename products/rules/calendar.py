"""Working days: where a due date is shifted to, and where grace ends (DOMAIN.md §3, due dates, grace).

Calendars by name, with a country's holidays: products/calendars.py.
"""

from datetime import date, timedelta

import msgspec

from products.rules.terms import Shift

_DAY = timedelta(1)


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """`weekend`: days of the week that are no working days, Monday 1 to Sunday 7. `workdays` (调休) are,
    though they fall on a weekend. `known_through_on`: the last day whose holidays are announced; after it
    only what follows from a rule is known. None: all days are known."""

    weekend: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    known_through_on: date | None = None

    def works(self, day: date) -> bool:
        if day in self.workdays:
            return True
        return day not in self.holidays and day.isoweekday() not in self.weekend

    def knows(self, day: date) -> bool:
        """Whether nothing that is still to be announced can change what `works` says of that day."""
        return self.known_through_on is None or day <= self.known_through_on


EVERY_DAY = Calendar()


def shifted(calendar: Calendar, day: date, shift: Shift) -> date:
    """Saturday 31 July 2027 with weekends: following Monday 2 August; modified following and preceding
    Friday 30 July.

    Raises ValueError if no working day is found within a year.
    """
    match shift:
        case "none":
            return day
        case "preceding":
            return _next(calendar, day, -_DAY)
        case "following":
            return _next(calendar, day, _DAY)
        case "modified_following":
            found = _next(calendar, day, _DAY)
            return found if found.month == day.month else _next(calendar, day, -_DAY)


def last_grace_day(calendar: Calendar, due_on: date, grace_days: int) -> date:
    """If the last day of grace is no working day, it moves to the next that is; without grace it is the
    due date.
    """
    return _next(calendar, due_on + timedelta(grace_days), _DAY) if grace_days else due_on


def _next(calendar: Calendar, day: date, step: timedelta) -> date:
    found = day
    for _ in range(366):
        if calendar.works(found):
            return found
        found += step
    raise ValueError(f"no working day within a year of {day}")
