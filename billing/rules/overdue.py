"""Days past due (DOMAIN.md §11)."""

from datetime import date

from billing.rules.state import unsettled
from billing.rules.values import State


def days_past_due(state: State, as_of: date) -> int:
    """Since the oldest unpaid due date whose grace has run out by `as_of`.

    The state may stand on an earlier day, if nothing was recorded since.

    Due 10 March with 3 days of grace: 0 until 13 March, 4 on the 14th.
    """
    return max(((as_of - i.due_on).days for i in unsettled(state) if as_of > i.grace_on), default=0)
