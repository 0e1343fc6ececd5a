"""Explain every yuan that a receipt paid: what was asked, what of the money was left (DOMAIN.md §8, §9).

The replay is walked to the receipt; what each row was charged by then is explained as explain.py does.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from billing.rules.allocation import DUE, IN_ADVANCE, PAST_DUE, DebtClass, class_of
from billing.rules.derivation import Derivation, given, least, less, total
from billing.rules.events import Event, Received
from billing.rules.explain import RowExplained, Trace
from billing.rules.replay import Step, timeline
from billing.rules.values import NOTHING, Instalment, Parts, State
from products.rules.terms import COMPONENTS, Component, Terms

RULES: Final = frozenset({
    "allocation.past_due", "allocation.due", "allocation.in_advance", "allocation.planned_anew",
    "allocation.unpaid", "allocation.paid_before", "allocation.waived_before", "allocation.open",
    "allocation.still_open", "allocation.left", "allocation.allotted", "allocation.earlier", "allocation.now",
    "allocation.since",
})  # fmt: skip
"""Every rule that an explained allocation names beside those of explain.py."""
_CLASSES: Final = {
    PAST_DUE: "allocation.past_due",
    DUE: "allocation.due",
    IN_ADVANCE: "allocation.in_advance",
}


class AllocationExplained(msgspec.Struct, frozen=True, kw_only=True):
    """What the receipt pays on one component of one row."""

    instalment_no: int
    component: Component
    derivation: Derivation


class _Taken(NamedTuple):
    """One amount on the day of the receipt: `asked` is what the component asked for then; of principal in
    advance, where a new plan was made, what the plan takes out of the row.
    """

    debt_class: DebtClass
    instalment_no: int
    component: Component
    amount_minor: int
    asked: Derivation


def explain_allocations(
    terms: Terms, events: Iterable[Event], receipt_id: UUID, as_of: date
) -> tuple[AllocationExplained, ...]:
    """What the receipt pays of the drawdown at `as_of`; of one that does not stand, nothing.

    Raises ValueError if a tree does not come to the amount: an error of ours.
    """
    trace = Trace(terms)
    state: State | None = None
    then: dict[tuple[int, Component], Derivation] = {}
    for step in timeline(terms, events, as_of):
        trace.walk(step)
        state = step.after
        if isinstance(step.event, Received) and step.event.receipt_id == receipt_id:
            then = dict(_on_its_day(trace, step, step.event))
    paid = _parts(state, receipt_id)
    found = []
    for no in sorted(paid.keys() | {no for no, _ in then}):
        for component in COMPONENTS:
            tree = _now(then.get((no, component)), paid.get(no, NOTHING).of(component))
            if tree.value:
                found.append(AllocationExplained(instalment_no=no, component=component, derivation=tree))
    return tuple(found)


def _parts(state: State | None, receipt_id: UUID) -> dict[int, Parts]:
    """What a standing receipt pays, by row."""
    standing = [r for r in state.receipts if r.receipt_id == receipt_id] if state else []
    return {part.instalment_no: part.paid for receipt in standing for part in receipt.parts}


def _now(then: Derivation | None, amount_minor: int) -> Derivation:
    """A refund may take principal out of a receipt afterwards, and pay charges with it."""
    then_minor = then.value if then else 0
    if then is not None and then_minor == amount_minor:
        return then
    parts = [] if then is None else [then]
    return total("allocation.now", *parts, given("allocation.since", amount_minor - then_minor))


def _on_its_day(
    trace: Trace, step: Step, event: Received
) -> Iterator[tuple[tuple[int, Component], Derivation]]:
    """What was asked whole comes first, then the one for which the money did not suffice: so each is the
    least of what was asked and what was left.
    """
    taken = list(_taken(trace, step, event.receipt_id))
    taken.sort(key=lambda one: (one.debt_class, one.amount_minor < one.asked.value))
    earlier = 0
    for one in taken:
        left = less(
            "allocation.left",
            given("allocation.allotted", event.amount_minor),
            given("allocation.earlier", earlier),
        )
        tree = least(_CLASSES[one.debt_class], one.asked, left)
        if tree.value != one.amount_minor:
            raise ValueError(f"not explained: {one}")
        earlier += one.amount_minor
        yield (one.instalment_no, one.component), tree


def _taken(trace: Trace, step: Step, receipt_id: UUID) -> Iterator[_Taken]:
    was = {row.no: row for row in step.before.instalments}
    now = {row.no: row for row in step.after.instalments}
    for no, paid in _parts(step.after, receipt_id).items():
        told = trace.told(step.after, now[no])
        debt_class = class_of(was[no], step.on)
        for component in COMPONENTS:
            if amount := paid.of(component):
                asked = _asked(told, was[no], component)
                ahead = component == "principal" and debt_class == IN_ADVANCE
                if ahead and trace.terms.prepayment != "next" and amount < asked.value:
                    still = given("allocation.still_open", now[no].open_minor)
                    asked = less("allocation.planned_anew", asked, still)
                yield _Taken(debt_class, no, component, amount, asked)


def _asked(told: RowExplained, was: Instalment, component: Component) -> Derivation:
    """Charged by then, less what was paid and waived before; of principal, what was open."""
    if component == "principal":
        return given("allocation.open", was.open_minor)
    charged: Derivation = getattr(told, component)
    paid = given("allocation.paid_before", was.paid.of(component))
    waived = given("allocation.waived_before", was.waived.of(component))
    return less("allocation.unpaid", charged, paid, waived)
