"""An explicit charge: a fee at a date of its own (DOMAIN.md §3, fees)."""

from msgspec.structs import replace

from billing.rules.events import ChargeAdded
from billing.rules.rows import in_order
from billing.rules.schedule import last_grace_day
from billing.rules.values import CAPTURE_STRIDE, CHARGES_FROM, Instalment, State
from products.rules.terms import Terms


def add_charge(terms: Terms, state: State, event: ChargeAdded) -> State:
    """A row of its own, charged today, due on its date."""
    base = (event.capture_no - 1) * CAPTURE_STRIDE + CHARGES_FROM
    number = sum(1 for row in state.instalments if row.is_charge and row.capture_no == event.capture_no)
    row = Instalment(
        no=base + number + 1,
        capture_no=event.capture_no,
        start_on=event.effective_on,
        nominal_on=event.due_on,
        due_on=event.due_on,
        grace_on=event.grace_on or last_grace_day(terms, event.due_on),
        principal_minor=0,
        fee_minor=event.amount_minor,
    )
    return replace(state, instalments=in_order((*state.instalments, row)))
