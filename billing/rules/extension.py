"""Dates that move after the capture: extension (展期), another due day, a holiday announced later
(DOMAIN.md §11).
"""

from datetime import date, timedelta
from itertools import pairwise

from msgspec.structs import replace

from billing.rules.events import DueDate, DueDateChanged, DueDayChanged, Extended
from billing.rules.fees import with_fee
from billing.rules.overdue import days_past_due
from billing.rules.rate_change import planned_anew
from billing.rules.rows import all_to_come, capture_of, plan_no, row_or_unmade, split_from, with_rows
from billing.rules.schedule import plain_date
from billing.rules.settle import charge_past_due, run_ended
from billing.rules.values import Instalment, State
from products.rules.due_dates import add_months, on_day
from products.rules.terms import MonthDay, Terms

SHORTEST_MONTH_DAYS = 28
"""Instalments that lie closer together are not monthly, and have no day of the month."""


def move_due_date(terms: Terms, state: State, event: DueDateChanged) -> State:
    """Only later; interest does not change, and what penalty noted since the old date is forgotten.

    Nothing where an earlier day's change has settled the row, or made it past due, by now. Raises ValueError
    if its grace would end before it.
    """
    if event.grace_on < event.due_on:
        raise ValueError(f"grace ends on the due date or later: {event}")
    row = row_or_unmade(state, event.instalment_no)
    if row is None or not movable(row) or event.due_on <= row.due_on:
        return state
    moved = replace(run_ended(row), silent_exact=0, due_on=event.due_on, grace_on=event.grace_on)
    return with_rows(state, [moved])


def movable(row: Instalment) -> bool:
    """Whether its due date alone may still move: owed, asked of the buyer, and not past due."""
    return not (row.settled_on or row.past_due or row.disputed)


def extend(terms: Terms, state: State, event: Extended) -> State:
    """All unsettled rows of the plan from `from_no` on move by as many days.

    Interest goes on at the contract rate until the new nominal date, for a row past due from this day on;
    or the days between bear none, and a fee is due with the first row.
    """
    rows = [row for row in _from(state, event.from_no) if not row.settled_on]
    if not rows:
        return state
    was_late = days_past_due(state, state.as_of)
    dates = {on.nominal_on: on for on in event.dates}
    by = timedelta(event.days)
    changed = []
    previous: Instalment | None = None
    for row in rows:
        nominal_on = row.nominal_on + by
        on = dates.get(nominal_on) or plain_date(terms, nominal_on, nominal_on)
        if on.due_on <= state.as_of:  # not even extended would it be due later than today
            continue
        moved = _moved(terms, state, row, on)
        if previous is not None and row.start_on > state.as_of and row.start_on >= rows[0].nominal_on:
            moved = replace(moved, start_on=row.start_on + by)
        changed.append(moved)
        previous = row
    if not changed:
        return state
    if event.fee_minor:
        changed[0] = with_fee(terms, changed[0], event.fee_minor)
    state = _with_their_parts(state, {row.no: row for row in changed})
    if not event.interest:
        free_from = max(state.as_of, rows[0].nominal_on)
        state = replace(state, pauses=(*state.pauses, (free_from, rows[0].nominal_on + by - timedelta(1))))
    if was_late:
        state = replace(state, reaged_on=state.as_of, reaged_days=max(was_late, state.reaged_days))
    return planned_anew(terms, state, "solve")


def change_due_day(terms: Terms, state: State, event: DueDayChanged) -> State:
    """The coming rows of all captures fall due on that day of the month, the first not earlier than
    before.
    """
    dates = {on.nominal_on: on for on in event.dates}
    for capture in state.captures:
        new = new_nominal_dates(state, capture.no, event.due_day)
        changed = []
        for row in all_to_come(state, capture.no):
            nominal_on = new[row.nominal_on]
            on = dates.get(nominal_on) or plain_date(terms, nominal_on, nominal_on)
            start_on = new.get(row.start_on, row.start_on)
            months = _months_between(start_on, nominal_on) if row.start_on in new else 0
            changed.append(replace(_moved(terms, state, row, on), start_on=start_on, months=months))
        state = _with_their_parts(state, {row.no: row for row in changed})
    return planned_anew(terms, state, "solve")


def new_nominal_dates(state: State, capture_no: int, due_day: MonthDay) -> dict[date, date]:
    """Of each coming nominal date of a capture the one that the due day makes of it, no two the same.

    20 March, 20 April and 20 June with the 10th: 10 April, 10 May, 10 July.
    """
    old = _coming_dates(state, capture_no)
    new: dict[date, date] = {}
    months = -1
    for on in old:
        months = max(months + 1, _months_between(old[0], on))
        first = on_day(old[0], due_day).replace(day=1)
        new[on] = on_day(add_months(first, months), due_day)
    return new


def is_monthly(state: State, capture_no: int) -> bool:
    """Whether the coming instalments lie a month or more apart."""
    dates = pairwise(_coming_dates(state, capture_no))
    return all((later - on).days >= SHORTEST_MONTH_DAYS for on, later in dates)


def _coming_dates(state: State, capture_no: int) -> list[date]:
    """Each nominal date once, in order."""
    return sorted({row.nominal_on for row in all_to_come(state, capture_no)})


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _from(state: State, from_no: int) -> list[Instalment]:
    """Of the plan in force: of one that was replaced only charges are left."""
    from_row = row_or_unmade(state, from_no)
    if from_row is None:
        return []
    capture = capture_of(state, from_row.capture_no)
    least_no = max(from_no, plan_no(capture.no, capture.plan, 1))
    return [
        row
        for row in state.instalments
        if row.no >= least_no and row.capture_no == capture.no and not row.is_charge and not row.disputed
    ]


def _moved(terms: Terms, state: State, row: Instalment, on: DueDate) -> Instalment:
    """Past due ends: what the penalty run came to stays owed; within grace there was none."""
    return replace(
        run_ended(charge_past_due(terms, row, state.as_of)),
        silent_exact=row.silent_exact if row.past_due else 0,
        nominal_on=on.nominal_on,
        due_on=on.due_on,
        grace_on=on.grace_on,
        months=0,
    )


def _with_their_parts(state: State, moved: dict[int, Instalment]) -> State:
    """The rows (by number) moved, and with each the parts of it that are in dispute."""
    changed = dict(moved)
    for part in state.instalments:
        row = moved.get(split_from(part.no))
        if part.disputed and not part.settled_on and row is not None:
            changed[part.no] = replace(
                part,
                start_on=row.start_on,
                nominal_on=row.nominal_on,
                due_on=row.due_on,
                grace_on=row.grace_on,
                months=row.months,
            )
    return with_rows(state, changed.values())


def extendable(state: State, from_no: int, days: int) -> bool:
    """Whether a row from there on would fall due later than today."""
    if not any(row.no == from_no for row in state.instalments):
        return False
    return any(
        not row.settled_on and row.nominal_on + timedelta(days) > state.as_of for row in _from(state, from_no)
    )


def extended_dates(state: State, event: Extended) -> list[date]:
    """The nominal dates of the rows that the event can move, those settled too: taking back what paid them
    opens them again.
    """
    by = timedelta(event.days)
    return [row.nominal_on + by for row in _from(state, event.from_no) if row.nominal_on + by > state.as_of]
