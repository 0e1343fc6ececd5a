"""One event on a state that stands on the event's day."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from billing.rules import events
from billing.rules.allocation import receive
from billing.rules.books import non_accrual_from, write_off
from billing.rules.conversion import convert_out
from billing.rules.dispute import dispute, resolve
from billing.rules.explicit_charge import add_charge
from billing.rules.extension import change_due_day, extend, move_due_date
from billing.rules.fees import drawdown_fee
from billing.rules.merchant_fee import with_merchant_fee
from billing.rules.rate_change import change_rate, pause_interest
from billing.rules.refund import refund
from billing.rules.restructure import restructure
from billing.rules.reversal import reopen
from billing.rules.schedule import capture_rows
from billing.rules.settle import settle_captures
from billing.rules.silence import begin_silence, end_silence
from billing.rules.state import remaining_minor, status_of
from billing.rules.values import Capture, State
from billing.rules.waiver import waive
from products.rules.terms import Terms


def begin(event: events.Authorised) -> State:
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


def apply(terms: Terms, state: State, event: events.Event) -> State:
    """The state after the event. Raises ValueError if it is not the event's turn, or if it reaches back."""
    if event.effective_on != state.as_of or (event.effective_on, event.rank) < (
        state.last_on,
        state.last_rank,
    ):
        raise ValueError(f"not its turn on {state.as_of}: {event}")
    rule = RULES.get(type(event))
    if rule is None or event.reaches_back:
        raise ValueError(f"reaches back, or begins a drawdown: {event}")
    return noted(terms, rule(terms, state, event), event)


def noted(terms: Terms, state: State, event: events.Event) -> State:
    """The event is behind the state: a later one of an earlier day or rank needs a replay."""
    return replace(
        state,
        status=status_of(state),
        non_accrual_on=non_accrual_from(terms, state),
        last_on=event.effective_on,
        last_rank=event.rank,
        last_seq=max(state.last_seq, event.seq),
    )


def capture(terms: Terms, state: State, event: events.Captured, returned_minor: int = 0) -> State:
    """The debt begins. `returned_minor` counts as never delivered: captured and refunded at once."""
    if event.amount_minor > remaining_minor(state):
        raise ValueError(f"more than is authorised: {event}")
    financed_minor = max(0, event.amount_minor - returned_minor)
    fee_of = financed_minor if terms.refund_fees else event.amount_minor
    taken = Capture(
        event.capture_no,
        event.effective_on,
        event.amount_minor,
        refunded_minor=event.amount_minor - financed_minor,
        down_minor=event.down_payment_minor,
        down_refunded_minor=max(0, returned_minor - event.amount_minor),
        merchant_share_minor=drawdown_fee(terms, fee_of)[1],
        conversion=event.source == "conversion",
    )
    state = replace(state, captures=(*state.captures, with_merchant_fee(terms, taken)))
    return settle_captures(terms, capture_rows(terms, state, event, financed_minor), [event.capture_no])


def _void(terms: Terms, state: State, event: events.Voided) -> State:
    if event.amount_minor > remaining_minor(state):
        raise ValueError(f"more than is authorised: {event}")
    return replace(state, voided_minor=state.voided_minor + event.amount_minor)


RULES: dict[type, Callable[[Terms, State, Any], State]] = {
    events.RateChanged: change_rate,
    events.DueDateChanged: move_due_date,
    events.InterestPaused: pause_interest,
    events.Extended: extend,
    events.DueDayChanged: change_due_day,
    events.Restructured: restructure,
    events.Captured: capture,
    events.Voided: _void,
    events.Refunded: refund,
    events.ReceiptReversed: reopen,
    events.Waived: waive,
    events.ChargeAdded: add_charge,
    events.Disputed: dispute,
    events.DisputeResolved: resolve,
    events.Silenced: begin_silence,
    events.SilenceEnded: end_silence,
    events.Converted: convert_out,
    events.WrittenOff: write_off,
    events.Received: receive,
}
"""What each event does. An authorisation begins a drawdown; what reaches back is resolved by `replay`."""
