"""A waiver forgives what a row owes beside principal (DOMAIN.md §3)."""

from msgspec.structs import replace

from billing.rules.events import Waived
from billing.rules.rows import row_or_unmade, with_rows
from billing.rules.settle import charge_all, settle, unpaid
from billing.rules.values import Parts, State
from products.rules.terms import Terms


def waive(terms: Terms, state: State, event: Waived) -> State:
    """At most what is owed: an earlier day's change may have taken back what was to be forgiven."""
    found = row_or_unmade(state, event.instalment_no)
    if found is None:
        return state
    row = charge_all(terms, found, state.as_of)
    owing = unpaid(row)
    given = Parts(
        min(event.penalty_minor, owing.penalty),
        min(event.fee_minor, owing.fee),
        min(event.interest_minor, owing.interest),
    )
    row = replace(row, waived=row.waived.plus(given))
    state = with_rows(state, [row])
    return settle(terms, state, [row])
