"""A refund that counts from its own day: `from_refund` (DOMAIN.md §3). For `from_capture` see replay.py.

Principal leaves on the refund's day: what is in dispute first, then out of the coming rows by the product's
order, then out of those due, the newest first. Where more was paid than is left, the surplus pays what
else that capture owes; what then remains is credit balance.
"""

from msgspec.structs import replace

from billing.rules.allocation import IN_ADVANCE, Claim, charge_penalties, class_of, component_order, split
from billing.rules.early import book
from billing.rules.events import Refunded
from billing.rules.fees import period_fee
from billing.rules.merchant_fee import with_merchant_fee
from billing.rules.plan import HOW_REFUND, replan
from billing.rules.rows import capture_of, to_come, with_capture, with_rows, without_paid
from billing.rules.settle import owed, settle_captures
from billing.rules.values import NOTHING, Instalment, Parts, Receipt, ReceiptPart, State
from products.rules.terms import COMPONENTS, Terms


def refund(terms: Terms, state: State, event: Refunded) -> State:
    """Raises ValueError if the capture is unknown or less than the refund is left of it."""
    capture = next((c for c in state.captures if c.no == event.capture_no), None)
    if capture is None:
        raise ValueError(f"refund {event.refund_id} exceeds capture {event.capture_no}")
    financed_minor = min(event.amount_minor, capture.amount_minor - capture.refunded_minor)
    down_minor = event.amount_minor - financed_minor
    if down_minor > capture.down_minor - capture.down_refunded_minor:
        raise ValueError(f"refund {event.refund_id} exceeds capture {event.capture_no}")
    capture = replace(
        capture,
        refunded_minor=capture.refunded_minor + financed_minor,
        down_refunded_minor=capture.down_refunded_minor + down_minor,
    )
    state = with_capture(state, with_merchant_fee(terms, capture))
    state, left_minor = _out_of(state, _disputed(state, capture.no), financed_minor)
    state, left_minor = _out_of_coming(terms, state, capture.no, left_minor)
    state, left_minor = _out_of(state, _due(state, capture.no), left_minor)
    state = settle_captures(terms, state, [capture.no])
    return out_of_paid(terms, state, capture.no, left_minor) if left_minor else state


def _disputed(state: State, capture_no: int) -> list[Instalment]:
    return [row for row in state.instalments if row.capture_no == capture_no and row.disputed]


def _due(state: State, capture_no: int) -> list[Instalment]:
    """What is due or past due of it, the newest first."""
    coming = {row.no for row in to_come(state, capture_no)}
    rows = [row for row in state.instalments if row.capture_no == capture_no and row.no not in coming]
    return sorted((row for row in rows if not row.settled_on and not row.disputed), key=lambda row: -row.no)


def _out_of(state: State, rows: list[Instalment], amount_minor: int) -> tuple[State, int]:
    changed = []
    for row in rows:
        taken = min(amount_minor, row.open_minor)
        amount_minor -= taken
        changed.append(replace(row, principal_minor=row.principal_minor - taken))
    return with_rows(state, changed), amount_minor


def _out_of_coming(terms: Terms, state: State, capture_no: int, amount_minor: int) -> tuple[State, int]:
    rows = to_come(state, capture_no)
    taken = min(amount_minor, sum(row.open_minor for row in rows))
    if not taken:
        return state, amount_minor
    state, _ = replan(terms, state, capture_no, less_minor=taken, how=HOW_REFUND[terms.refund_order])
    if terms.form == "flat_fee" and terms.refund_fees:
        state = _with_lower_fees(terms, state, capture_no)
    return state, amount_minor - taken


def _with_lower_fees(terms: Terms, state: State, capture_no: int) -> State:
    """Of periods not yet begun, on what is left of the original principal."""
    capture = capture_of(state, capture_no)
    financed_minor = capture.amount_minor - capture.refunded_minor
    return with_rows(
        state,
        [
            replace(row, planned_fee_minor=period_fee(terms, financed_minor, terms.free_periods + 1))
            for row in to_come(state, capture_no)
            if row.start_on > state.as_of and row.planned_fee_minor
        ],
    )


def out_of_paid(terms: Terms, state: State, capture_no: int, surplus_minor: int) -> State:
    """Take the surplus out of the latest receipts' principal and let each pay what the capture still owes."""
    state = charge_penalties(terms, state)
    receipts = list(state.receipts)
    for place in range(len(receipts) - 1, -1, -1):
        receipts[place], freed = _free(state, receipts[place], capture_no, surplus_minor)
        state = without_paid(state, freed)
        freed_minor = sum(freed.values())
        surplus_minor -= freed_minor
        asked = _charges(terms, state, capture_no)
        paid, rest_minor = split(asked, freed_minor)
        rows = [book(terms, state, row, paid[row.no]) for row in state.instalments if row.no in paid]
        state = with_rows(state, rows)
        receipts[place] = _extend(receipts[place], paid, rest_minor)
    if surplus_minor:
        raise ValueError(f"no receipt paid what came back of capture {capture_no}")
    return settle_captures(terms, replace(state, receipts=tuple(receipts)), [capture_no])


def _charges(terms: Terms, state: State, capture_no: int) -> list[Claim]:
    """What the capture owes beside principal, oldest first, each row's components in the order of its
    class.
    """
    found = []
    for row in sorted(state.instalments, key=lambda row: (row.due_on, row.start_on, row.no)):
        if row.capture_no != capture_no or row.settled_on or row.disputed:
            continue
        asked, kind = owed(terms, state, row), class_of(row, state.as_of)
        order = COMPONENTS if kind == IN_ADVANCE else component_order(terms, state, kind)
        found += [
            Claim(kind, row.due_on, row.start_on, row.no, component, amount)
            for component in order
            if component != "principal" and (amount := asked.of(component))
        ]
    return found


def _is_of(state: State, no: int, capture_no: int) -> bool:
    return any(row.no == no and row.capture_no == capture_no for row in state.instalments)


def _free(
    state: State, receipt: Receipt, capture_no: int, at_most_minor: int
) -> tuple[Receipt, dict[int, int]]:
    """Principal that the receipt paid on the capture's rows, the latest rows first."""
    freed: dict[int, int] = {}
    parts = {part.instalment_no: part.paid for part in receipt.parts}
    for no in sorted(parts, reverse=True):
        if _is_of(state, no, capture_no) and (taken := min(parts[no].principal, at_most_minor)):
            freed[no] = taken
            at_most_minor -= taken
            parts[no] = parts[no].minus(Parts(principal=taken))
    kept = tuple(ReceiptPart(no, paid) for no, paid in parts.items())
    return replace(receipt, parts=kept), freed


def _extend(receipt: Receipt, paid: dict[int, Parts], rest_minor: int) -> Receipt:
    parts = {part.instalment_no: part.paid for part in receipt.parts}
    for no, more in paid.items():
        parts[no] = parts.get(no, NOTHING).plus(more)
    return replace(
        receipt,
        parts=tuple(ReceiptPart(no, sums) for no, sums in sorted(parts.items()) if sums.total),
        excess_minor=receipt.excess_minor + rest_minor,
    )
