"""How much principal each coming row asks for: the repayment forms, at capture and whenever the debt changes.

等额本息, 等额本金, 先息后本, 分期手续费 (DOMAIN.md §3). The last row always takes the rest.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from msgspec.structs import replace

from billing.rules.interest import exact, segments
from billing.rules.level import level_payment
from billing.rules.rows import capture_of, to_come, with_capture, with_rows
from billing.rules.values import Instalment, State
from kernel.money import round_ratio
from products.rules.terms import Terms

How = Literal["solve", "same_payment", "from_front"]
"""Solve the payment anew; keep it and need fewer; take what is less out of the next rows."""

HOW: dict[str, How] = {"shorten": "same_payment", "lower_payment": "solve", "next": "same_payment"}
HOW_REFUND: dict[str, How] = {"last": "same_payment", "pro_rata": "solve", "next": "from_front"}


def growth(terms: Terms, state: State, row: Instalment, since: date) -> int:
    """What one minor unit grows by in the row's nights from `since` on, × denominator."""
    return exact(segments(terms, state, row, since, row.nominal_on), 1)


def principals(
    terms: Terms, state: State, rows: Sequence[Instalment], total_minor: int, how: How
) -> tuple[list[int], int]:
    """What each of the coming rows asks for of `total_minor`, and the level payment (0 in other forms).

    Their nights from the state's day on are still to come; what has accrued on the first is due with it.
    """
    if not rows:
        raise ValueError(f"no row to come that could carry {total_minor}")
    capture = capture_of(state, rows[0].capture_no)
    form, payment_minor = capture.form or terms.form, capture.payment_minor
    if how == "from_front":
        return _from_front([row.open_minor for row in rows], total_minor), payment_minor
    if form == "equal_instalment":
        return _level(terms, state, rows, total_minor, how, payment_minor)
    if form in ("equal_principal", "flat_fee"):
        if how == "same_payment":
            return _cut([row.open_minor for row in rows], total_minor), 0
        each = round_ratio(total_minor, len(rows), terms.rounding)
        return _cut([each] * (len(rows) - 1) + [total_minor], total_minor), 0
    return [0] * (len(rows) - 1) + [total_minor], 0


def _cut(wanted: Sequence[int], total_minor: int) -> list[int]:
    """As wanted while it lasts; the last takes the rest."""
    found = []
    for amount in wanted[:-1]:
        found.append(min(amount, total_minor))
        total_minor -= found[-1]
    return [*found, total_minor]


def _from_front(wanted: Sequence[int], total_minor: int) -> list[int]:
    less = sum(wanted) - total_minor
    found = []
    for amount in wanted:
        taken = min(amount, less)
        found.append(amount - taken)
        less -= taken
    return [*found[:-1], found[-1] - less]


def _level(
    terms: Terms, state: State, rows: Sequence[Instalment], total_minor: int, how: How, payment_minor: int
) -> tuple[list[int], int]:
    periods = [growth(terms, state, row, max(state.as_of, row.start_on)) for row in rows]
    accrued = [_accrued(terms, row) for row in rows]
    if how == "solve":
        payment_minor = level_payment(
            total_minor, periods, terms.denominator, terms.rounding, accrued_exact=accrued[0]
        )
    found = []
    for period, before in zip(periods[:-1], accrued, strict=False):
        interest = round_ratio(before + total_minor * period, terms.denominator, terms.rounding)
        found.append(min(max(0, payment_minor - interest), total_minor))
        total_minor -= found[-1]
    return [*found, total_minor], payment_minor


def _accrued(terms: Terms, row: Instalment) -> int:
    """Interest grown on a row and not yet paid, in minor units × denominator."""
    return row.interest.exact - (row.paid.interest + row.waived.interest) * terms.denominator


def replan(
    terms: Terms, state: State, capture_no: int, *, less_minor: int = 0, paid_minor: int = 0, how: How
) -> tuple[State, dict[int, int]]:
    """The capture's coming rows made anew for less principal; what of `paid_minor` was booked on which row.

    `less_minor` leaves without being paid; `paid_minor` is paid now, booked on the last rows first.
    """
    rows = to_come(state, capture_no)
    before = [row.open_minor for row in rows]
    left_minor = sum(before) - less_minor - paid_minor
    if left_minor < 0:
        raise ValueError(f"only {sum(before)} is to come on capture {capture_no}")
    capture = capture_of(state, capture_no)
    after, payment_minor = principals(terms, state, rows, left_minor, how)
    taken = [0] * len(rows)
    for place in range(len(rows) - 1, -1, -1):
        taken[place] = min(paid_minor, max(0, before[place] - after[place]))
        paid_minor -= taken[place]
    changed = [
        replace(
            row,
            principal_minor=row.paid.principal + row.waived.principal + open_minor + booked,
            paid=replace(row.paid, principal=row.paid.principal + booked) if booked else row.paid,
            settled_on=None if left_minor else row.settled_on,
        )
        for row, open_minor, booked in zip(rows, after, taken, strict=True)
    ]
    state = with_rows(state, changed)
    if payment_minor != capture.payment_minor:
        state = with_capture(state, replace(capture, payment_minor=payment_minor))
    return state, {row.no: booked for row, booked in zip(rows, taken, strict=True) if booked}
