"""Conversion: principal of chosen rows moves into another drawdown (DOMAIN.md §10)."""

from msgspec.structs import replace

from billing.rules.events import Converted
from billing.rules.rows import row_of, with_rows
from billing.rules.settle import settle_captures
from billing.rules.values import State
from products.rules.terms import Terms


def convert_out(terms: Terms, state: State, event: Converted) -> State:
    """The row's open principal leaves; its charges stay due as they were. Raises ValueError if there is less:
    the drawdown that it moved into has it.
    """
    row = row_of(state, event.instalment_no)
    if row.settled_on or row.disputed or event.amount_minor > row.open_minor:
        raise ValueError(f"more is converted than is open: {event}")
    row = replace(row, principal_minor=row.principal_minor - event.amount_minor)
    state = replace(with_rows(state, [row]), converted_minor=state.converted_minor + event.amount_minor)
    return settle_captures(terms, state, [row.capture_no])
