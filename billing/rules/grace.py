"""Grace lost, or a small shortfall forgiven: what happens on the day after the last day of grace
(DOMAIN.md §3).
"""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.rows import with_rows
from billing.rules.settle import run_ended, settled, unpaid
from billing.rules.values import Instalment, State
from products.rules.terms import Terms


def lose_grace(terms: Terms, state: State, since: date, to: date) -> State:
    """Only where a shortfall is tolerated there is something to do before nights are counted.

    What lacks no more joins the next due amount; after the last it is written off as a small difference.
    """
    if not terms.shortfall_tolerance_minor:
        return state
    done = (since - timedelta(1), 0)
    while group := _next_group(state, done, to):
        done = (group[0].grace_on, group[0].capture_no)
        if sum(unpaid(row).total for row in group) <= terms.shortfall_tolerance_minor:
            state = _forgiven(terms, state, group, done[0] + timedelta(1))
    return state


def _next_group(state: State, done: tuple[date, int], to: date) -> list[Instalment]:
    """The rows of one capture that lose their grace together, the first such group after `done`."""
    losing = [
        row
        for row in state.instalments
        if not row.settled_on
        and not row.past_due
        and not row.disputed
        and (row.grace_on, row.capture_no) > done
        and row.grace_on < to
    ]
    if not losing:
        return []
    first = min(losing, key=lambda row: (row.grace_on, row.capture_no))
    return [row for row in losing if row.grace_on == first.grace_on and row.capture_no == first.capture_no]


def _forgiven(terms: Terms, state: State, group: list[Instalment], on: date) -> State:
    following = min(
        (
            row
            for row in state.instalments
            if row.capture_no == group[0].capture_no
            and (row.settled_on is None or row.settled_on > on)
            and not row.disputed
            and row.due_on >= on
        ),
        key=lambda row: (row.due_on, row.no),
        default=None,
    )
    if following is not None:
        return with_rows(
            state,
            [
                replace(run_ended(row), silent_exact=0, due_on=following.due_on, grace_on=following.grace_on)
                for row in group
            ],
        )
    small = state.small
    changed = []
    for row in group:
        rest = unpaid(row)
        small = small.plus(rest)
        changed.append(settled(terms, state, replace(row, waived=row.waived.plus(rest)), on))
    return replace(with_rows(state, changed), small=small)
