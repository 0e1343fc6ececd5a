"""What a statement's cut charges: the penalty so far of what is past due (DOMAIN.md §2).

Only terms that name their statement day know cuts: nothing changes for a drawdown that was made without.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.rows import with_rows
from billing.rules.settle import charge_past_due
from billing.rules.values import State
from products.rules.due_dates import on_day
from products.rules.terms import Terms


def next_charging_cut(terms: Terms, state: State) -> date | None:
    """The first bill day after the state's own on which something can be past due, if any.

    Billed on the 1st, grace until 13 March: 1 April.
    """
    if terms.statement_day is None:
        return None
    graces = [row.grace_on for row in state.instalments if row.settled_on is None and not row.disputed]
    return cut_after(terms, max(state.as_of, min(graces))) if graces else None


def cut_after(terms: Terms, on: date) -> date | None:
    """The first bill day after that day; none in the calendar's last year."""
    if terms.statement_day is None or on.year == date.max.year:
        return None
    return on_day(on + timedelta(1), terms.statement_day)


def is_cut(terms: Terms, on: date) -> bool:
    return terms.statement_day is not None and on_day(on, terms.statement_day) == on


def charged_at_cut(terms: Terms, state: State) -> State:
    """On the state's own day, at its opening. Penalty alone: interest that runs on after the due date would
    be part of what penalty runs on from then on.
    """
    changed = []
    for row in state.instalments:
        if row.past_due:
            charged = charge_past_due(terms, row, state.as_of)
            if charged.penalty is not row.penalty and charged.penalty != row.penalty:
                changed.append(replace(row, penalty=charged.penalty))
    return with_rows(state, changed)
