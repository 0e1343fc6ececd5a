"""Days past due (DOMAIN.md §11)."""

from datetime import date

from billing.rules.values import State


def days_past_due(state: State, as_of: date) -> int:
    """Since the oldest unpaid, undisputed due date whose grace has run out by `as_of`.

    The state may stand on an earlier day, if nothing was recorded since.

    Due 10 March with 3 days of grace: 0 until 13 March, 4 on the 14th.
    """
    return max(
        (
            (as_of - row.due_on).days
            for row in state.instalments
            if as_of > row.grace_on and not row.settled_on and not row.disputed
        ),
        default=0,
    )


def bucket_days(state: State, as_of: date, cure_instalments: int) -> int:
    """The days that decide bucket and class: re-aged debt keeps its old ones until the cure rule holds."""
    days = days_past_due(state, as_of)
    if state.reaged_on is None:
        return days
    cured = sum(
        1
        for row in state.instalments
        if row.settled_on is not None and row.settled_on >= state.reaged_on and row.due_on > state.reaged_on
    )
    return days if cured >= cure_instalments else max(days, state.reaged_days)
