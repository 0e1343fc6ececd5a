"""A drawdown's state as a pure function of its terms and events (DOMAIN.md §8)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from billing.rules.advance import advance
from billing.rules.apply import apply, begin, capture, noted
from billing.rules.events import Authorised, Captured, Event, ReceiptReversed, Received, Refunded
from billing.rules.values import State
from products.rules.terms import Terms


def replay(terms: Terms, events: Iterable[Event], as_of: date) -> State:
    """The state at `as_of`: all events effective until and on it, in order of day, rank and sequence.

    Raises ValueError if the first of them is no authorisation.
    """
    known = sorted(
        (event for event in events if event.effective_on <= as_of),
        key=lambda event: (event.effective_on, event.rank, event.seq),
    )
    if not known or not isinstance(known[0], Authorised):
        raise ValueError(f"no authorisation by {as_of}")
    returned, left_out = _reaching_back(known)
    state = begin(known[0])
    for event in known[1:]:
        state = advance(terms, state, event.effective_on)
        match event:
            case Captured(capture_no=no):
                state = noted(terms, capture(terms, state, event, returned[no]), event)
            case Refunded(method="from_capture"):
                state = noted(terms, state, event)
            case Received(receipt_id=id) | ReceiptReversed(receipt_id=id) if id in left_out:
                state = noted(terms, state, event)
            case _:
                state = apply(terms, state, event)
    return advance(terms, state, as_of)


def _reaching_back(known: list[Event]) -> tuple[dict[int, int], set[UUID]]:
    """What changes earlier days: goods that count as never delivered, receipts that never came.

    Taken by mistake and given back on the very day, a receipt never came either: there is no time between.
    """
    received_on = {event.receipt_id: event.effective_on for event in known if isinstance(event, Received)}
    returned: dict[int, int] = defaultdict(int)
    left_out: set[UUID] = set()
    for event in known:
        if isinstance(event, Refunded) and event.method == "from_capture":
            returned[event.capture_no] += event.amount_minor
        elif isinstance(event, ReceiptReversed) and (
            event.reason == "bounced" or received_on.get(event.receipt_id) == event.effective_on
        ):
            left_out.add(event.receipt_id)
    return returned, left_out
