"""From a capture to its rows: dates, principal, fees (DOMAIN.md §2, §3, §6). A restructure makes rows the
same way.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.events import Captured, DueDate
from billing.rules.fees import drawdown_fee, period_fee, with_fee
from billing.rules.plan import principals
from billing.rules.rows import capture_of, in_order, plan_no, with_capture, with_rows
from billing.rules.values import Instalment, State
from products.rules.due_dates import nominal_dates, whole_months
from products.rules.terms import Terms


def capture_rows(terms: Terms, state: State, event: Captured, financed_minor: int) -> State:
    """The capture's rows, added to a state that has the capture; `financed_minor` counts as delivered.

    Captured 1 March, 60 days: nominal and due 30 April. Notice moves the due date, never the interest.
    """
    dates = event.dates or plain_dates(
        terms, nominal_dates(terms, event.effective_on), event.booked_on + timedelta(terms.min_notice_days)
    )
    months = [whole_months(terms, index) for index in range(1, len(dates) + 1)]
    rows = rows_on(dates, event.capture_no, 0, event.effective_on, months)
    fee_of = financed_minor if terms.refund_fees else event.amount_minor
    if terms.form == "flat_fee":
        rows = [
            replace(row, planned_fee_minor=period_fee(terms, fee_of, index))
            for index, row in enumerate(rows, 1)
        ]
    rows[0] = with_fee(terms, rows[0], drawdown_fee(terms, fee_of)[0])
    return with_plan(terms, state, event.capture_no, rows, financed_minor)


def rows_on(
    dates: Sequence[DueDate], capture_no: int, plan: int, start_on: date, months: Sequence[int]
) -> list[Instalment]:
    """The rows of a plan that begins on `start_on`, still without principal; `months`: how many each is long
    by rule.
    """
    rows = []
    for index, (on, long) in enumerate(zip(dates, months, strict=True), 1):
        rows.append(
            Instalment(
                no=plan_no(capture_no, plan, index),
                capture_no=capture_no,
                start_on=start_on,
                nominal_on=on.nominal_on,
                due_on=on.due_on,
                grace_on=on.grace_on,
                principal_minor=0,
                months=long,
            )
        )
        start_on = on.nominal_on
    return rows


def with_plan(
    terms: Terms, state: State, capture_no: int, rows: Sequence[Instalment], principal_minor: int
) -> State:
    """New rows, with the principal shared out over them, and the level payment kept with the capture."""
    state = replace(state, instalments=in_order((*state.instalments, *rows)))
    asked, payment_minor = principals(terms, state, rows, principal_minor, "solve")
    shared = {row.no: amount for row, amount in zip(rows, asked, strict=True)}
    state = with_capture(state, replace(capture_of(state, capture_no), payment_minor=payment_minor))
    return with_rows(state, [replace(row, principal_minor=shared[row.no]) for row in rows])


def plain_dates(terms: Terms, nominal: Sequence[date], not_before: date) -> tuple[DueDate, ...]:
    """Where nothing shifts; never due before there was notice."""
    return tuple(plain_date(terms, on, max(on, not_before)) for on in nominal)


def plain_date(terms: Terms, nominal_on: date, due_on: date) -> DueDate:
    return DueDate(nominal_on, due_on, last_grace_day(terms, due_on))


def last_grace_day(terms: Terms, due_on: date) -> date:
    """Paid on this day is paid in time; past due is the day after. Without a calendar."""
    return due_on + timedelta(terms.grace_days)
