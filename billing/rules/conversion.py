"""Conversion: principal of chosen rows moves into another drawdown (DOMAIN.md §10)."""

from msgspec.structs import replace

from billing.rules.events import Converted
from billing.rules.interest import free_until
from billing.rules.refund import out_of_paid
from billing.rules.rows import with_rows
from billing.rules.settle import settle_captures
from billing.rules.values import CAPTURE_STRIDE, Instalment, State
from products.rules.terms import Terms


def convertible(terms: Terms, state: State, row: Instalment) -> bool:
    """Until its due date, while something of it is open, out of dispute, and closing it would forgive no
    interest: a conversion is no payment.
    """
    until = free_until(terms, state, row)
    in_free_window = until is not None and state.as_of <= until
    return row.open_minor > 0 and not row.disputed and state.as_of <= row.due_on and not in_free_window


def convert_out(terms: Terms, state: State, event: Converted) -> State:
    """The principal leaves, its charges stay due as they were; the drawdown that it moved into has it,
    whatever an earlier day's change left of the row.

    What the row lacks is taken out of the capture's other rows, the last first, then out of what was paid,
    which becomes surplus. Raises ValueError if the capture has less.
    """
    capture_no = event.instalment_no // CAPTURE_STRIDE + 1
    rows = [row for row in state.instalments if row.capture_no == capture_no and not row.disputed]
    rows.sort(key=lambda row: (row.no != event.instalment_no, -row.no))
    left_minor, changed = event.amount_minor, []
    for row in rows:
        taken = min(left_minor, row.open_minor)
        if taken:
            changed.append(replace(row, principal_minor=row.principal_minor - taken))
            left_minor -= taken
    state = replace(with_rows(state, changed), converted_minor=state.converted_minor + event.amount_minor)
    state = settle_captures(terms, state, [capture_no])
    return out_of_paid(terms, state, capture_no, left_minor) if left_minor else state
