"""How a receipt is shared out, over drawdowns and inside one, by the same claims (DOMAIN.md §9).

Loops, outermost first: class (past due, due, in advance), drawdown, instalment (oldest first), component.
"""

from collections.abc import Hashable, Sequence
from datetime import date
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeVar

from msgspec.structs import replace

from billing.rules.events import Received
from billing.rules.settle import charge_all, charge_penalty, owed, settled
from billing.rules.values import NOTHING, Instalment, Parts, Receipt, ReceiptPart, State
from products.rules.terms import COMPONENTS, Component, Terms

Key = TypeVar("Key", bound=Hashable)

DebtClass = Literal[0, 1, 2]
PAST_DUE: Final = 0
DUE: Final = 1
IN_ADVANCE: Final = 2


class Claim(NamedTuple):
    """What one component of one instalment asks for; claims sort by their class, then age."""

    debt_class: DebtClass
    due_on: date
    start_on: date
    instalment_no: int
    component: Component
    amount_minor: int


def _class_of(instalment: Instalment, on: date) -> DebtClass:
    if instalment.past_due:
        return PAST_DUE
    return DUE if instalment.due_on <= on else IN_ADVANCE


def claims(terms: Terms, state: State, *, advance: bool, capture_no: int | None = None) -> list[Claim]:
    """What is owed on the state's day, in the order in which money pays it.

    In advance, interest comes before principal whatever the configured order (DOMAIN.md §3, early repayment).
    """
    found: list[Claim] = []
    for instalment in state.instalments:
        debt_class = _class_of(instalment, state.as_of)
        if (
            instalment.settled_on
            or (debt_class == IN_ADVANCE and not advance)
            or capture_no not in (None, instalment.capture_no)
        ):
            continue
        asked = owed(terms, instalment, state.as_of)
        for component in COMPONENTS if debt_class == IN_ADVANCE else terms.allocation_order:
            if amount := asked.of(component):
                place = (debt_class, instalment.due_on, instalment.start_on, instalment.no)
                found.append(Claim(*place, component, amount))
    found.sort(key=lambda claim: claim[:4])  # stable: the components keep their order
    return found


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

    The states stand on the receipt's day, in the order of the drawdowns' numbers. The named drawdown comes
    first within each class, and is paid in advance too; what is past due elsewhere still comes before it.
    """
    lots = []
    for position, (key, terms, state) in enumerate(drawdowns):
        is_named = named is not None and key == named
        asked = claims(terms, state, advance=_ahead(terms, advance or is_named))
        for debt_class, group in groupby(asked, key=lambda claim: claim.debt_class):
            of_class = list(group)
            oldest = of_class[0]
            place = (debt_class, not is_named, oldest.due_on, oldest.start_on, position)
            lots.append((place, key, sum(claim.amount_minor for claim in of_class)))
    allotted: dict[Key, int] = {}
    for _, key, asked_minor in sorted(lots, key=lambda lot: lot[0]):
        if taken := min(asked_minor, amount_minor):
            allotted[key] = allotted.get(key, 0) + taken
            amount_minor -= taken
    return list(allotted.items()), amount_minor


def split(asked: Sequence[Claim], amount_minor: int) -> tuple[dict[int, Parts], int]:
    """What each instalment (by number) gets of the amount, and the rest."""
    paid: dict[int, Parts] = {}
    for claim in asked:
        taken = min(claim.amount_minor, amount_minor)
        if not taken:
            break
        amount_minor -= taken
        so_far = paid.get(claim.instalment_no, NOTHING)
        paid[claim.instalment_no] = so_far.plus(Parts(**{claim.component: taken}))
    return paid, amount_minor


def charge_penalties(terms: Terms, state: State) -> State:
    """Money that reaches a drawdown charges its penalties (docs/decisions/0001, rounding points)."""
    on = state.as_of
    return replace(state, instalments=tuple(charge_penalty(terms, i, on) for i in state.instalments))


def pay(terms: Terms, state: State, paid: dict[int, Parts]) -> State:
    """Book the parts on their instalments: what is touched is charged, what is whole is settled."""

    def touched(instalment: Instalment) -> Instalment:
        part = paid.get(instalment.no)
        if part is None:
            return instalment
        instalment = charge_all(terms, instalment, state.as_of)
        return settled(terms, replace(instalment, paid=instalment.paid.plus(part)), state.as_of)

    return replace(state, instalments=tuple(touched(instalment) for instalment in state.instalments))


def receive(terms: Terms, state: State, received: Received) -> State:
    """The receipt paid in; what the drawdown does not owe is the receipt's excess."""
    state = charge_penalties(terms, state)
    asked = claims(terms, state, advance=_ahead(terms, received.advance))
    paid, rest = split(asked, received.amount_minor)
    receipt = Receipt(
        receipt_id=received.receipt_id,
        received_on=received.effective_on,
        amount_minor=received.amount_minor,
        source=received.source,
        parts=tuple(ReceiptPart(no, parts) for no, parts in paid.items()),
        excess_minor=rest,
    )
    return replace(pay(terms, state, paid), receipts=(*state.receipts, receipt))
