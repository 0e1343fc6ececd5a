"""Looking at a drawdown's rows: which belong together, which bear interest, which are still to come."""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from billing.rules.values import (
    CAPTURE_STRIDE,
    CHARGES_FROM,
    DISPUTED_STRIDE,
    PLAN_STRIDE,
    Capture,
    Instalment,
    Parts,
    State,
)
from products.rules.terms import Terms


def capture_of(state: State, capture_no: int) -> Capture:
    """Raises ValueError if there is none."""
    for capture in state.captures:
        if capture.no == capture_no:
            return capture
    raise ValueError(f"no capture {capture_no}")


def row_of(state: State, no: int) -> Instalment:
    """Raises ValueError if there is none."""
    for row in state.instalments:
        if row.no == no:
            return row
    raise ValueError(f"no instalment {no}")


def plan_no(capture_no: int, plan: int, index: int) -> int:
    """The number of the plan's row `index` (from 1): 1, 2, … for the first plan of the first capture."""
    return (capture_no - 1) * CAPTURE_STRIDE + plan * PLAN_STRIDE + index


def is_disputed_part(no: int) -> bool:
    """Split off from another row by a dispute, open or over."""
    return no % CAPTURE_STRIDE < CHARGES_FROM and no % PLAN_STRIDE > DISPUTED_STRIDE


def is_last(state: State, row: Instalment) -> bool:
    """The last of its capture's plan: the one that answers for the minimum charge."""
    last = max(
        other.no
        for other in state.instalments
        if other.capture_no == row.capture_no and not other.is_charge and not is_disputed_part(other.no)
    )
    return row.no == last


def to_come(state: State, capture_no: int) -> list[Instalment]:
    """The capture's plan rows whose charge date has not come, in their order.

    What is or was in dispute is apart: lost, it keeps a due date of its own.
    """
    return [
        row
        for row in state.instalments
        if row.capture_no == capture_no
        and row.charge_on > state.as_of
        and row.through_on is None
        and not is_disputed_part(row.no)
        and not row.is_charge
    ]


def bearing_minor(terms: Terms, state: State, row: Instalment) -> int:
    """The principal that bears the interest of the row's nights: what has not reached its nominal date by
    then.

    Paid in advance under `next` it goes on bearing (docs/decisions/0007, Rows).
    """
    return _from_row_on(state, row, paid_bears=terms.prepayment == "next")


def left_minor(state: State, row: Instalment) -> int:
    """The open principal of the row and of those that come after it."""
    return _from_row_on(state, row, paid_bears=False)


def _from_row_on(state: State, row: Instalment, *, paid_bears: bool) -> int:
    total = 0
    for other in state.instalments:
        if (
            other.nominal_on >= row.nominal_on
            and other.capture_no == row.capture_no
            and not other.disputed
            and not other.is_charge
        ):
            total += other.principal_minor if paid_bears else other.open_minor
    return total


def with_capture(state: State, capture: Capture) -> State:
    """The capture in the place of the one with its number."""
    return replace(state, captures=tuple(capture if c.no == capture.no else c for c in state.captures))


def with_rows(state: State, changed: Iterable[Instalment]) -> State:
    """The rows replaced by their number."""
    by_no: Mapping[int, Instalment] = {row.no: row for row in changed}
    if not by_no:
        return state
    return replace(state, instalments=tuple([by_no.get(row.no, row) for row in state.instalments]))


def without_paid(state: State, amounts: Mapping[int, int]) -> State:
    """Principal booked as paid leaves, by row number: the row asks for less and has got less."""
    return with_rows(
        state,
        [
            replace(
                row,
                principal_minor=row.principal_minor - amounts[row.no],
                paid=row.paid.minus(Parts(principal=amounts[row.no])),
            )
            for row in state.instalments
            if row.no in amounts
        ],
    )


def in_order(rows: Iterable[Instalment]) -> tuple[Instalment, ...]:
    """As a state keeps them: capture by capture, in the order of their numbers."""
    return tuple(sorted(rows, key=lambda row: row.no))


def days_late(row: Instalment, on: date) -> int:
    return on.toordinal() - row.due_on.toordinal()
