"""A waiver forgives what a row owes beside principal (DOMAIN.md §3)."""

from msgspec.structs import replace

from billing.rules.events import Waived
from billing.rules.rows import row_of, with_rows
from billing.rules.settle import charge_all, settled, unpaid
from billing.rules.values import Parts, State
from products.rules.terms import Terms


def waive(terms: Terms, state: State, event: Waived) -> State:
    """Raises ValueError if more is waived than the row owes."""
    row = charge_all(terms, row_of(state, event.instalment_no), state.as_of)
    given = Parts(event.penalty_minor, event.fee_minor, event.interest_minor)
    left = unpaid(row).minus(given)
    if min(left.penalty, left.fee, left.interest) < 0:
        raise ValueError(f"more is waived than is owed: {event}")
    row = replace(row, waived=row.waived.plus(given))
    return with_rows(state, [settled(terms, with_rows(state, [row]), row, state.as_of)])
