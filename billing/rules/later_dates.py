"""Dates that are made after the capture, shifted by the calendar of the day on which they are decided.

They travel in the event, so a replay needs no calendar (DOMAIN.md §3, due dates and grace). Agreed on Monday
1 March 2027, 12 days on, weekends free, `following`: nominal 13 March, due Monday 15 March.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.events import (
    ChargeAdded,
    DisputeResolved,
    DueDate,
    DueDateChanged,
    DueDayChanged,
    Event,
    Extended,
    Restructured,
)
from billing.rules.extension import extended_dates, new_nominal_dates
from billing.rules.restructure import restructured_dates
from billing.rules.values import State
from products.rules.calendar import EVERY_DAY, Calendar, last_grace_day, shifted
from products.rules.due_dates import row_dates
from products.rules.terms import Terms

DATED = (Extended, DueDayChanged, Restructured, ChargeAdded, DisputeResolved)
"""The events that may leave their dates to the calendar."""


def dated(terms: Terms, state: State, event: Event, calendar: Calendar) -> Event:
    """The event with its shifted dates; `state` is that of its day. As it was where every day works.

    Raises ValueError if the event names a row that is not there.
    """
    if calendar == EVERY_DAY:
        return event
    match event:
        case Extended():
            return replace(event, dates=_shifted(terms, extended_dates(state, event), event, calendar))
        case DueDayChanged():
            nominal = [
                on
                for capture in state.captures
                for on in new_nominal_dates(state, capture.no, event.due_day).values()
            ]
            return replace(event, dates=_shifted(terms, nominal, event, calendar))
        case Restructured():
            return replace(event, dates=_shifted(terms, restructured_dates(event), event, calendar))
        case DueDateChanged():
            due_on = _later(terms, event.due_on, calendar)
            return replace(event, due_on=due_on, grace_on=last_grace_day(calendar, due_on, terms.grace_days))
        case ChargeAdded():
            return replace(event, grace_on=last_grace_day(calendar, event.due_on, terms.grace_days))
        case DisputeResolved(verdict="lost"):
            due_on = _later(terms, event.effective_on + timedelta(terms.dispute_days), calendar)
            return replace(event, due_on=due_on, grace_on=last_grace_day(calendar, due_on, terms.grace_days))
    return event


def _shifted(
    terms: Terms,
    nominal: Sequence[date],
    event: Extended | DueDayChanged | Restructured,
    calendar: Calendar,
) -> tuple[DueDate, ...]:
    """Whatever the shift, nothing that moves today is due today."""
    tomorrow = event.effective_on + timedelta(1)
    return tuple(DueDate(*row) for row in row_dates(terms, nominal, tomorrow, calendar))


def _later(terms: Terms, day: date, calendar: Calendar) -> date:
    """A day that something is promised not to be due before."""
    return shifted(calendar, day, "none" if terms.shift == "none" else "following")
