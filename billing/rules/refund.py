"""A refund that counts from its own day: `from_refund` (DOMAIN.md §3). For `from_capture` see replay.py.

Principal leaves on the refund's day. Where more was paid than is left, the surplus pays what else that
capture owes; what then remains is credit balance.
"""

from msgspec.structs import replace

from billing.rules.allocation import charge_penalties, claims, pay, split
from billing.rules.events import Refunded
from billing.rules.merchant_fee import with_fee
from billing.rules.settle import settled
from billing.rules.values import Instalment, Parts, Receipt, ReceiptPart, State
from products.rules.terms import Terms


def refund(terms: Terms, state: State, event: Refunded) -> State:
    """Raises ValueError if the capture is unknown or less than the refund is left of it."""
    target = next((i for i in state.instalments if i.capture_no == event.capture_no), None)
    if target is None or target.principal_minor < event.amount_minor:
        raise ValueError(f"refund {event.refund_id} exceeds capture {event.capture_no}")
    state = replace(
        state,
        captures=tuple(
            with_fee(terms, replace(capture, refunded_minor=capture.refunded_minor + event.amount_minor))
            if capture.no == event.capture_no
            else capture
            for capture in state.captures
        ),
    )
    lowered = replace(target, principal_minor=target.principal_minor - event.amount_minor)
    if lowered.open_minor >= 0:
        return _with(state, settled(terms, lowered, state.as_of))
    surplus = -lowered.open_minor
    lowered = replace(lowered, paid=lowered.paid.minus(Parts(principal=surplus)))
    return _pay_again(terms, _with(state, lowered), lowered, surplus)


def _with(state: State, changed: Instalment) -> State:
    return replace(state, instalments=tuple(changed if i.no == changed.no else i for i in state.instalments))


def _pay_again(terms: Terms, state: State, lowered: Instalment, surplus_minor: int) -> State:
    """Take the surplus out of the latest receipts' principal and let each pay what the capture still owes."""
    state = _with(charge_penalties(terms, state), settled(terms, lowered, state.as_of))
    receipts = list(state.receipts)
    for place in range(len(receipts) - 1, -1, -1):
        receipts[place], freed = _free(receipts[place], lowered.no, surplus_minor)
        surplus_minor -= freed
        asked = claims(terms, state, advance=True, capture_no=lowered.capture_no)
        paid, rest = split(asked, freed)
        state = pay(terms, state, paid)
        receipts[place] = _extend(receipts[place], paid, rest)
    return replace(state, receipts=tuple(receipts))


def _free(receipt: Receipt, instalment_no: int, at_most_minor: int) -> tuple[Receipt, int]:
    freed = 0
    parts = []
    for part in receipt.parts:
        if part.instalment_no == instalment_no:
            freed = min(part.paid.principal, at_most_minor)
            part = ReceiptPart(part.instalment_no, part.paid.minus(Parts(principal=freed)))
        parts.append(part)
    return replace(receipt, parts=tuple(parts)), freed


def _extend(receipt: Receipt, paid: dict[int, Parts], rest_minor: int) -> Receipt:
    parts = {part.instalment_no: part.paid for part in receipt.parts}
    for no, more in paid.items():
        parts[no] = parts[no].plus(more)
    return replace(
        receipt,
        parts=tuple(ReceiptPart(no, sums) for no, sums in parts.items() if sums.total),
        excess_minor=receipt.excess_minor + rest_minor,
    )
