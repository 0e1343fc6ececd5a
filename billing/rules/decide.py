"""Commands on one drawdown: what each would do, or why it is refused; refusals in the order written here.

`today` is the business date of recording, `on` the day the command counts for.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from billing.rules.apply import begin
from billing.rules.decision import Drawdown, JournalKind, LineDelta, Moved, Refusal
from billing.rules.events import Authorised, Captured, DueDate, Event, Refunded, Voided
from billing.rules.moves import move, on_its_day
from billing.rules.quote import above_cap
from billing.rules.state import MOVES, Move, captured_minor, remaining_minor
from products.rules.lawful import most_annual
from products.rules.terms import Terms

Key = TypeVar("Key")


def authorise(key: Key, terms: Terms, *, amount_minor: int, today: date) -> Moved[Key] | Refusal:
    """Hold the amount on the line. What is not captured expires at the opening of `expires_on`."""
    if amount_minor < max(1, terms.drawdown_minimum_minor):
        return Refusal("drawdown_below_minimum", {"minimum_minor": max(1, terms.drawdown_minimum_minor)})
    if terms.drawdown_maximum_minor is not None and amount_minor > terms.drawdown_maximum_minor:
        return Refusal("drawdown_above_maximum", {"maximum_minor": terms.drawdown_maximum_minor})
    if (cap := above_cap(terms, amount_minor, today)) is not None:
        return Refusal("cap_exceeded", {"cap": f"{cap:f}", "rule": terms.law_row})
    event = Authorised(
        seq=1,
        effective_on=today,
        amount_minor=amount_minor,
        expires_on=today + timedelta(terms.authorisation_days),
    )
    line = LineDelta(held=amount_minor, need=amount_minor)
    return Moved(key=key, before=None, after=begin(event), events=(event,), line=line)


def rate_above_cap(terms: Terms, rate: Decimal) -> Refusal | None:
    """A contract rate of the terms' own kind that is above the law's cap by the year: 0.24 by actual/360 is
    24.33 %.
    """
    most = most_annual(terms.cap_annual_rate, "actual/365" if terms.is_daily else terms.day_count)
    if most is None or rate * (365 if terms.is_daily else 1) <= most:
        return None
    return Refusal("cap_exceeded", {"cap": f"{terms.cap_annual_rate:f}", "rule": terms.law_row})


def capture(
    drawdown: Drawdown[Key],
    *,
    amount_minor: int | None,
    on: date,
    today: date,
    dates: tuple[DueDate, ...] = (),
) -> Moved[Key] | Refusal:
    """The debt begins on the day of shipment; `dates` are its rows', shifted. No amount: all that is not
    yet captured or voided.
    """
    terms, state = drawdown.terms, drawdown.state
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    if (today - on).days > terms.capture_backdating_days:
        return Refusal("backdated_too_far", {"days": terms.capture_backdating_days})
    if on < state.authorised_on:
        return Refusal("before_authorisation", {"authorised_on": str(state.authorised_on)})
    if refusal := wrong_state(drawdown, "capture", on=on, today=today):
        return refusal
    if on >= state.expires_on:
        return Refusal("authorisation_expired", {"expires_on": str(state.expires_on)})
    left_minor = state.authorised_minor - captured_minor(state) - state.voided_minor
    wanted_minor = left_minor if amount_minor is None else amount_minor
    if not 0 < wanted_minor <= left_minor:
        return Refusal("capture_exceeds_authorised", {"authorised_minor": left_minor})
    if wanted_minor < left_minor and not terms.partial_capture:
        return Refusal("partial_capture_not_allowed", {"authorised_minor": left_minor})
    event = Captured(
        seq=state.last_seq + 1,
        effective_on=on,
        capture_no=len(state.captures) + 1,
        amount_minor=wanted_minor,
        booked_on=today,
        dates=dates,
    )
    return move(drawdown, event, "capture", today=today)


def void(drawdown: Drawdown[Key], *, amount_minor: int | None, today: date) -> Moved[Key] | Refusal:
    """Release what is held, today. No amount: all that is left."""
    if refusal := wrong_state(drawdown, "void", on=today, today=today):
        return refusal
    state = drawdown.state
    expired = today >= state.expires_on
    left_minor = 0 if expired else remaining_minor(state)
    wanted_minor = left_minor if amount_minor is None else amount_minor
    if not 0 < wanted_minor <= left_minor:
        return Refusal("void_exceeds_authorised", {"authorised_minor": left_minor})
    event = Voided(seq=state.last_seq + 1, effective_on=today, amount_minor=wanted_minor)
    return move(drawdown, event, "void", today=today)


def refund(
    drawdown: Drawdown[Key], *, refund_id: UUID, capture_no: int, amount_minor: int, on: date, today: date
) -> Moved[Key] | Refusal:
    """Goods of one capture come back; by the terms they count as never delivered, or leave on this day."""
    state = drawdown.state
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    captured = next((c for c in state.captures if c.no == capture_no), None)
    if captured is None:
        return Refusal("capture_not_found", {"capture_no": capture_no})
    if on < captured.captured_on:
        return Refusal("refund_before_capture", {"captured_on": str(captured.captured_on)})
    if refusal := wrong_state(drawdown, "refund", on=on, today=today):
        return refusal
    refundable_minor = captured.amount_minor + captured.down_minor
    refundable_minor -= captured.refunded_minor + captured.down_refunded_minor
    if not 0 < amount_minor <= refundable_minor:
        return Refusal("refund_exceeds_capture", {"refundable_minor": refundable_minor})
    event = Refunded(
        seq=state.last_seq + 1,
        effective_on=on,
        refund_id=refund_id,
        capture_no=capture_no,
        amount_minor=amount_minor,
        method=drawdown.terms.refund_method,
    )
    try:
        return move(drawdown, event, "refund", today=today)
    except ValueError:
        if not state.converted_minor:
            raise
        return Refusal("refund_converted", {"capture_no": capture_no})


def wrong_state(drawdown: Drawdown[Key], kind: Move, *, on: date, today: date) -> Refusal | None:
    """By the one table of moves, on the state of the command's own day."""
    state = on_its_day(drawdown, kind, on=on, today=today)
    if state is not None and state.status in MOVES[kind]:
        return None
    return Refusal("wrong_state", {"status": state.status if state else None, "move": kind})


def not_judged(drawdown: Drawdown[Key], kind: Move, on: date, today: date) -> Refusal | None:
    """What is asked of every command after the sale: its day, the first capture behind it, the state of that
    day.
    """
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    first_on = min((capture.captured_on for capture in drawdown.state.captures), default=on)
    if on < first_on:
        return Refusal("before_capture", {"captured_on": str(first_on)})
    return wrong_state(drawdown, kind, on=on, today=today)


def on_capture_day(drawdown: Drawdown[Key], today: date) -> Refusal | None:
    """Changes of terms count before what else a day brings: on its own day a capture has nothing to
    change.
    """
    latest = max(capture.captured_on for capture in drawdown.state.captures)
    return Refusal("on_capture_day", {"captured_on": str(latest)}) if today <= latest else None


def no_capture(drawdown: Drawdown[Key], capture_no: int) -> Refusal | None:
    if any(capture.no == capture_no for capture in drawdown.state.captures):
        return None
    return Refusal("capture_not_found", {"capture_no": capture_no})


def moved_or_not(
    drawdown: Drawdown[Key], event: Event, cause: JournalKind, today: date
) -> Moved[Key] | Refusal:
    """A day that lies before what was recorded since may leave nothing of it possible: refused, not half
    done.
    """
    try:
        return move(drawdown, event, cause, today=today)
    except ValueError:
        if drawdown.events is None:
            raise
        return Refusal("not_possible_any_more", {"on": str(event.effective_on)})
