"""A restructure keeps drawdown and number and replaces the plan of one capture (DOMAIN.md §11)."""

from datetime import date

from msgspec.structs import replace

from billing.rules.events import Restructured
from billing.rules.overdue import days_past_due
from billing.rules.rows import capture_of, with_capture, with_rows
from billing.rules.schedule import plain_dates, rows_on, with_plan
from billing.rules.settle import charge_all, run_ended, settle, unpaid
from billing.rules.values import NOTHING, Instalment, Parts, State
from products.rules.due_dates import add_periods
from products.rules.terms import Terms, billionths


def restructure(terms: Terms, state: State, event: Restructured) -> State:
    """Its open principal is planned anew from this day; unpaid charges wait for the first new date without
    interest, or are capitalised.
    """
    old = [
        row
        for row in state.instalments
        if row.capture_no == event.capture_no and not row.settled_on and not row.disputed
    ]
    principal_minor = sum(row.open_minor for row in old)
    if not principal_minor:
        return state
    was_late = days_past_due(state, state.as_of)
    dates = event.dates or plain_dates(terms, restructured_dates(event), state.as_of)
    carried, capitalised = [], NOTHING
    for row in old:
        row, more = _ended(terms, state, row, event, dates[0].due_on, dates[0].grace_on)
        carried.append(row)
        capitalised = capitalised.plus(more)
    state = with_rows(state, carried)
    capture = capture_of(state, event.capture_no)
    plan = capture.plan + 1
    months = event.period_length if event.period_unit == "month" else 0
    rows = rows_on(dates, capture.no, plan, state.as_of, [months] * len(dates))
    state = replace(
        with_capture(state, replace(capture, plan=plan, form=event.form)),
        capitalised=state.capitalised.plus(capitalised),
        reaged_on=state.as_of,
        reaged_days=max(was_late, state.reaged_days),
    )
    if event.rate is not None:
        state = replace(state, rates=(*state.rates, (event.effective_on, billionths(event.rate))))
    state = with_plan(terms, state, capture.no, rows, principal_minor + capitalised.total)
    return settle(terms, state, carried)


def restructured_dates(event: Restructured) -> list[date]:
    """The nominal dates of the new plan."""
    return [
        add_periods(event.effective_on, event.period_unit, event.period_length * number)
        for number in range(1, event.instalments + 1)
    ]


def _ended(
    terms: Terms, state: State, row: Instalment, event: Restructured, due_on: date, grace_on: date
) -> tuple[Instalment, Parts]:
    """The row keeps what is paid and what is charged; the rest of it is in the new plan. And what is
    capitalised.
    """
    row = replace(
        run_ended(charge_all(terms, row, state.as_of)),
        principal_minor=row.paid.principal + row.waived.principal,
        planned_fee_minor=0,
        start_on=min(row.start_on, state.as_of),
        nominal_on=min(row.nominal_on, state.as_of),
        due_on=due_on,
        grace_on=grace_on,
    )
    if not event.capitalise:
        return row, NOTHING
    more = replace(unpaid(row), penalty=0, principal=0)
    return replace(row, waived=row.waived.plus(more)), more
