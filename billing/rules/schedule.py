"""From a capture to its instalments and their dates (DOMAIN.md §2, §6). Here: one payment, `days_after`."""

from datetime import date, timedelta

from billing.rules.events import Captured
from billing.rules.values import Instalment
from products.rules.terms import Terms


def instalments(terms: Terms, captured: Captured, financed_minor: int) -> tuple[Instalment, ...]:
    """The schedule of one capture; `financed_minor` is what of it counts as delivered.

    Captured 1 March, 60 days: nominal and due 30 April. Notice moves the due date, never the interest.
    """
    nominal_on = captured.effective_on + timedelta(terms.term_days)
    due_on = max(nominal_on, captured.booked_on + timedelta(terms.min_notice_days))
    return (
        Instalment(
            no=captured.capture_no,
            capture_no=captured.capture_no,
            start_on=captured.effective_on,
            nominal_on=nominal_on,
            due_on=due_on,
            grace_on=last_grace_day(terms, due_on),
            principal_minor=financed_minor,
        ),
    )


def last_grace_day(terms: Terms, due_on: date) -> date:
    """Paid on this day is paid in time; past due is the day after."""
    return due_on + timedelta(terms.grace_days)
