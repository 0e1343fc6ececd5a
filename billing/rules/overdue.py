"""Days past due, and the bucket that they fall into (DOMAIN.md §11)."""

from datetime import date
from typing import Final, Literal

from billing.rules.rows import is_disputed_part, plan_no
from billing.rules.values import State

Bucket = Literal["0", "1-30", "31-60", "61-90", "91-180", "181-270", "271-360", ">360"]
_UP_TO: Final[tuple[tuple[int, Bucket], ...]] = (
    (0, "0"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"), (270, "181-270"), (360, "271-360"),
)  # fmt: skip


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


def bucket(state: State, as_of: date, cure_instalments: int) -> Bucket:
    """The age class of the debt, that of `bucket_days`."""
    days = bucket_days(state, as_of, cure_instalments)
    return next((name for most, name in _UP_TO if days <= most), ">360")


def bucket_days(state: State, as_of: date, cure_instalments: int) -> int:
    """The days that decide bucket and class: re-aged debt keeps its old ones until so many instalments of the
    plan in force are paid. What is left of a plan that was replaced is no instalment of it.
    """
    days = days_past_due(state, as_of)
    if state.reaged_on is None:
        return days
    first_no = {capture.no: plan_no(capture.no, capture.plan, 1) for capture in state.captures}
    cured = sum(
        1
        for row in state.instalments
        if row.settled_on is not None
        and row.settled_on >= state.reaged_on
        and row.due_on > state.reaged_on
        and row.no >= first_no[row.capture_no]
        and not row.is_charge
        and not is_disputed_part(row.no)
    )
    return days if cured >= cure_instalments else max(days, state.reaged_days)
