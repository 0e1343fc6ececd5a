"""Looking at a drawdown's rows: which belong together, which bear interest, which are still to come."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Final

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

_NO: Final = attrgetter("no")


def capture_of(state: State, capture_no: int) -> Capture:
    """Raises ValueError if there is none."""
    for capture in state.captures:
        if capture.no == capture_no:
            return capture
    raise ValueError(f"no capture {capture_no}")


def find_row(state: State, no: int) -> Instalment | None:
    return next((row for row in state.instalments if row.no == no), None)


def row_of(state: State, no: int) -> Instalment:
    """Raises ValueError if there is none."""
    row = find_row(state, no)
    if row is None:
        raise ValueError(f"no instalment {no}")
    return row


def row_or_unmade(state: State, no: int) -> Instalment | None:
    """None where an earlier day's change (all was paid by then) left its plan, or its part in dispute,
    unmade: what was agreed of it has nothing to act on. Raises ValueError if there never was such a row.
    """
    made = capture_of(state, no // CAPTURE_STRIDE + 1).plan
    is_later = no % CAPTURE_STRIDE // PLAN_STRIDE > made and no % CAPTURE_STRIDE <= CHARGES_FROM
    return find_row(state, no) if is_later or is_disputed_part(no) else row_of(state, no)


def plan_no(capture_no: int, plan: int, index: int) -> int:
    """The number of the plan's row `index` (from 1): 1, 2, … for the first plan of the first capture."""
    return (capture_no - 1) * CAPTURE_STRIDE + plan * PLAN_STRIDE + index


def is_disputed_part(no: int) -> bool:
    """Split off from another row by a dispute, open or over."""
    return no % CAPTURE_STRIDE < CHARGES_FROM and no % PLAN_STRIDE > DISPUTED_STRIDE


def split_from(no: int) -> int:
    """The number of the plan's row that a disputed part is of; a row's own."""
    return no if no % CAPTURE_STRIDE > CHARGES_FROM else no - no % PLAN_STRIDE + no % DISPUTED_STRIDE


def _of_one_plan(row: Instalment, other: Instalment) -> bool:
    return row.no // PLAN_STRIDE == other.no // PLAN_STRIDE


def grows_elsewhere(state: State, row: Instalment) -> bool:
    """A disputed part that came back: its principal bears in the row that it was split from, while that
    runs; else in the first of the parts that do.
    """
    return is_disputed_part(row.no) and any(
        other.no < row.no and other.nominal_on == row.nominal_on
        for other in state.instalments
        if _of_one_plan(row, other) and not (other.settled_on or other.disputed or other.is_accrued)
    )


def with_borne(state: State, row: Instalment) -> list[Instalment]:
    """The row, whose interest is accrued to its end, and the parts that came back whose interest that holds:
    theirs is accrued with it.
    """
    return [
        row,
        *(
            replace(part, through_on=part.nominal_on)
            for part in state.instalments
            if part.no > row.no
            and _of_one_plan(row, part)
            and part.nominal_on == row.nominal_on
            and is_disputed_part(part.no)
            and not (part.disputed or part.settled_on or part.is_accrued)
        ),
    ]


def is_last(state: State, row: Instalment) -> bool:
    """The last of its capture's plan: the one that answers for the minimum charge."""
    last = max(
        other.no
        for other in state.instalments
        if other.capture_no == row.capture_no and not other.is_charge and not is_disputed_part(other.no)
    )
    return row.no == last


def all_settled(state: State) -> bool:
    """Nothing is owed nor can come. What is last is settled last, so it is looked at first."""
    return all(row.settled_on is not None for row in reversed(state.instalments))


def all_to_come(state: State, capture_no: int) -> list[Instalment]:
    """The capture's rows whose charge date has not come, in their order; without those in dispute and
    explicit charges.
    """
    return [
        row
        for row in state.instalments
        if row.capture_no == capture_no
        and row.charge_on > state.as_of
        and not row.is_accrued
        and not row.disputed
        and not row.is_charge
    ]


def to_come(state: State, capture_no: int) -> list[Instalment]:
    """Those of the plan. What came back from a dispute is none of them: it has a date of its own."""
    return [row for row in all_to_come(state, capture_no) if not is_disputed_part(row.no)]


def bearing_minor(terms: Terms, state: State, row: Instalment) -> int:
    """The principal of its plan that bears the interest of the row's nights: what has not reached its nominal
    date by then. A part that came back and bears by itself bears for such parts alone.

    Paid in advance under `next` it goes on bearing (docs/decisions/0007, Rows).
    """
    paid_bears = terms.prepayment == "next"
    alone = is_disputed_part(row.no)
    total = 0
    for other in state.instalments:
        if other.nominal_on < row.nominal_on or other.disputed or not _of_one_plan(row, other):
            continue
        if alone and (not is_disputed_part(other.no) or (other.is_accrued and other.no != row.no)):
            continue
        total += other.principal_minor if paid_bears else other.open_minor
    return total


def left_minor(state: State, row: Instalment) -> int:
    """The open principal of the row and of those that come after it."""
    capture_no, nominal_on = row.capture_no, row.nominal_on
    return sum(
        other.open_minor
        for other in state.instalments
        if other.nominal_on >= nominal_on and other.capture_no == capture_no and not other.disputed
    )


def with_capture(state: State, capture: Capture) -> State:
    """The capture in the place of the one with its number."""
    return replace(state, captures=tuple(capture if c.no == capture.no else c for c in state.captures))


def with_rows(state: State, changed: Collection[Instalment]) -> State:
    """The rows replaced by their number, in which order a state keeps them."""
    if not changed:
        return state
    rows = list(state.instalments)
    for row in changed:
        rows[bisect_left(rows, row.no, key=_NO)] = row
    return replace(state, instalments=tuple(rows))


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
    return tuple(sorted(rows, key=_NO))


def days_late(row: Instalment, on: date) -> int:
    return on.toordinal() - row.due_on.toordinal()
