"""One event on a state that stands on the event's day."""

from msgspec.structs import replace

from billing.rules.allocation import receive
from billing.rules.events import Authorised, Captured, Event, ReceiptReversed, Received, Refunded, Voided
from billing.rules.merchant_fee import with_fee
from billing.rules.refund import refund
from billing.rules.reversal import reopen
from billing.rules.schedule import instalments
from billing.rules.settle import settled
from billing.rules.state import remaining_minor, status_of
from billing.rules.values import Capture, State
from products.rules.terms import Terms


def begin(event: Authorised) -> State:
    """The state on the day of the authorisation."""
    return State(
        status="authorised",
        as_of=event.effective_on,
        authorised_on=event.effective_on,
        expires_on=event.expires_on,
        authorised_minor=event.amount_minor,
        last_on=event.effective_on,
        last_rank=event.rank,
        last_seq=event.seq,
    )


def apply(terms: Terms, state: State, event: Event) -> State:
    """The state after the event. Raises ValueError if it is not the event's turn, or if it reaches back."""
    if event.effective_on != state.as_of or (event.effective_on, event.rank) < (
        state.last_on,
        state.last_rank,
    ):
        raise ValueError(f"not its turn on {state.as_of}: {event}")
    match event:
        case Captured():
            moved = capture(terms, state, event)
        case Voided():
            moved = _void(state, event)
        case Refunded(method="from_refund"):
            moved = refund(terms, state, event)
        case ReceiptReversed(reason="our_mistake"):
            moved = reopen(terms, state, event)
        case Received():
            moved = receive(terms, state, event)
        case _:
            raise ValueError(f"reaches back, or begins a drawdown: {event}")
    return noted(moved, event)


def noted(state: State, event: Event) -> State:
    """The event is behind the state: a later one of an earlier day or rank needs a replay."""
    return replace(
        state,
        status=status_of(state),
        last_on=event.effective_on,
        last_rank=event.rank,
        last_seq=max(state.last_seq, event.seq),
    )


def capture(terms: Terms, state: State, event: Captured, returned_minor: int = 0) -> State:
    """The debt begins. `returned_minor` counts as never delivered: captured and refunded at once."""
    if event.amount_minor > remaining_minor(state):
        raise ValueError(f"more than is authorised: {event}")
    taken = Capture(event.capture_no, event.effective_on, event.amount_minor, returned_minor)
    schedule = instalments(terms, event, event.amount_minor - returned_minor)
    return replace(
        state,
        captures=(*state.captures, with_fee(terms, taken)),
        instalments=(*state.instalments, *(settled(terms, i, event.effective_on) for i in schedule)),
    )


def _void(state: State, event: Voided) -> State:
    if event.amount_minor > remaining_minor(state):
        raise ValueError(f"more than is authorised: {event}")
    return replace(state, voided_minor=state.voided_minor + event.amount_minor)
