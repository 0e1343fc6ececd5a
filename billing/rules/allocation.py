"""How a receipt is shared out, over drawdowns and inside one, by the same claims (DOMAIN.md §9).

Loops, outermost first: class (past due, due, in advance), drawdown, instalment (oldest first), component;
`vertical` puts the component before the instalment. What is paid in advance, and how: early.py.
"""

from collections.abc import Hashable, Sequence
from datetime import date
from itertools import groupby
from typing import Final, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from billing.rules.early import book, captures_ahead, pay_ahead, payoff_of
from billing.rules.events import Received
from billing.rules.rows import with_rows
from billing.rules.settle import charge_past_due, owed, settle_captures
from billing.rules.values import CAPTURE_STRIDE, NOTHING, Instalment, Parts, Receipt, ReceiptPart, State
from products.rules.terms import COMPONENTS, Component, Terms

Key = TypeVar("Key", bound=Hashable)

DebtClass = Literal[0, 1, 2]
PAST_DUE: Final = 0
DUE: Final = 1
IN_ADVANCE: Final = 2


class Claim(msgspec.Struct, frozen=True):
    """What one component of one instalment asks for."""

    debt_class: DebtClass
    due_on: date
    start_on: date
    instalment_no: int
    component: Component
    amount_minor: int


def _capture_no(claim: Claim) -> int:
    return claim.instalment_no // CAPTURE_STRIDE + 1


def claims(terms: Terms, state: State, *, advance: bool) -> list[Claim]:
    """What is owed on the state's day, in the order in which money pays it. In advance: what closes it
    all.
    """
    found = _due(terms, state)
    if advance:
        rows = {row.no: row for row in state.instalments}
        for capture_no in captures_ahead(state):
            for no, asked in payoff_of(terms, state, capture_no).items():
                for component in COMPONENTS:
                    if amount := asked.of(component):
                        row = rows[no]
                        found.append(Claim(IN_ADVANCE, row.due_on, row.start_on, no, component, amount))
    return found


def _due(terms: Terms, state: State) -> list[Claim]:
    today = state.as_of
    due = [
        row for row in state.instalments if row.due_on <= today and not row.settled_on and not row.disputed
    ]
    due.sort(key=lambda row: (not row.past_due, row.due_on, row.start_on, row.no))
    orders = {kind: component_order(terms, state, kind) for kind in (PAST_DUE, DUE)}
    found: list[Claim] = []
    for row in due:
        kind: DebtClass = PAST_DUE if row.past_due else DUE
        asked = owed(terms, state, row)
        found += [
            Claim(kind, row.due_on, row.start_on, row.no, component, amount)
            for component in orders[kind]
            if (amount := asked.of(component))
        ]
    if terms.allocation_direction == "vertical":  # stable: within a component the rows keep their order
        found.sort(key=lambda claim: (claim.debt_class, orders[claim.debt_class].index(claim.component)))
    return found


def class_of(row: Instalment, on: date) -> DebtClass:
    if row.past_due:
        return PAST_DUE
    return DUE if row.due_on <= on else IN_ADVANCE


def component_order(terms: Terms, state: State, debt_class: DebtClass) -> tuple[Component, ...]:
    if state.non_accrual_on is not None and terms.allocation_non_accrual is not None:
        return terms.allocation_non_accrual
    if debt_class == PAST_DUE and terms.allocation_past_due is not None:
        return terms.allocation_past_due
    return terms.allocation_order


def _ahead(terms: Terms, asked: bool) -> bool:
    """To debts not yet due, if the payer asked or the product says so, and it may be paid early at all."""
    return terms.early_payment == "allowed" and (asked or terms.surplus == "prepay")


def share(
    drawdowns: Sequence[tuple[Key, Terms, State]],
    amount_minor: int,
    *,
    advance: bool = False,
    named: Key | None = None,
) -> tuple[list[tuple[Key, int]], int]:
    """What each drawdown is allotted, and the rest.

    The states stand on the receipt's day, in the order of the drawdowns' numbers. Within each class the named
    one comes first, which is paid in advance too (what is past due elsewhere still comes before it); then
    what has the oldest unpaid due date, then what was captured first.
    """
    lots = []
    for position, (key, terms, state) in enumerate(drawdowns):
        is_named = named is not None and key == named
        captured = {capture.no: capture.captured_on for capture in state.captures}
        asked = claims(terms, state, advance=_ahead(terms, advance or is_named))
        for debt_class, group in groupby(asked, key=lambda claim: claim.debt_class):
            of_class = list(group)
            oldest_on, captured_on = min((claim.due_on, captured[_capture_no(claim)]) for claim in of_class)
            place = (debt_class, not is_named, oldest_on, captured_on, position)
            lots.append((place, key, sum(claim.amount_minor for claim in of_class)))
    allotted: dict[Key, int] = {}
    for _, key, asked_minor in sorted(lots, key=lambda lot: lot[0]):
        if taken := min(asked_minor, amount_minor):
            allotted[key] = allotted.get(key, 0) + taken
            amount_minor -= taken
    return list(allotted.items()), amount_minor


def split(asked: Sequence[Claim], amount_minor: int) -> tuple[dict[int, Parts], int]:
    """What each instalment (by number) gets of the amount, and the rest."""
    paid: dict[int, dict[Component, int]] = {}
    for claim in asked:
        taken = min(claim.amount_minor, amount_minor)
        if not taken:
            break
        amount_minor -= taken
        paid.setdefault(claim.instalment_no, {})[claim.component] = taken
    return {no: Parts(**found) for no, found in paid.items()}, amount_minor


def charge_penalties(terms: Terms, state: State) -> State:
    """Money that reaches a drawdown charges its penalties (docs/decisions/0001, rounding points)."""
    late = [(row, charge_past_due(terms, row, state.as_of)) for row in state.instalments if row.past_due]
    return with_rows(state, [now for was, now in late if now is not was])


def pay(
    terms: Terms, state: State, amount_minor: int, *, advance: bool
) -> tuple[State, dict[int, Parts], tuple[tuple[int, int], ...], int]:
    """Money on this drawdown by the grid: what each row got, prepayment fees, and what is not owed."""
    state = charge_penalties(terms, state)
    parts, left_minor = split(_due(terms, state), amount_minor)
    if parts:
        paid = [book(terms, state, r, parts[r.no]) for r in state.instalments if r.no in parts]
        state = with_rows(state, paid)
        state = settle_captures(terms, state, {row.capture_no for row in paid})
    fees: tuple[tuple[int, int], ...] = ()
    if advance:
        for capture_no in captures_ahead(state):
            if not left_minor:
                break
            early = pay_ahead(terms, state, capture_no, left_minor)
            state, left_minor, fees = early.state, early.rest_minor, (*fees, *early.fees)
            for no, part in early.parts.items():
                parts[no] = parts.get(no, NOTHING).plus(part)
    return state, parts, fees, left_minor


def receive(terms: Terms, state: State, received: Received) -> State:
    """The receipt paid in; what the drawdown does not owe is the receipt's excess. A gift has none."""
    state, parts, fees, rest_minor = pay(
        terms, state, received.amount_minor, advance=_ahead(terms, received.advance)
    )
    gift = received.source == "goodwill"
    receipt = Receipt(
        receipt_id=received.receipt_id,
        received_on=received.effective_on,
        amount_minor=received.amount_minor - (rest_minor if gift else 0),
        source=received.source,
        parts=tuple([ReceiptPart(no, part) for no, part in sorted(parts.items()) if part.total]),
        excess_minor=0 if gift else rest_minor,
        prepayment_fees=fees,
    )
    return replace(state, receipts=(*state.receipts, receipt))
