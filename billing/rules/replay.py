"""A drawdown's state as a pure function of its terms and events (DOMAIN.md §8)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from billing.rules.advance import advance, charge_dates
from billing.rules.apply import apply, begin, capture, noted
from billing.rules.events import (
    Authorised,
    Captured,
    Disputed,
    DisputeResolved,
    Event,
    RateChanged,
    ReceiptReversed,
    Received,
    Refunded,
)
from billing.rules.reset import next_reset_on, reset_of
from billing.rules.values import State
from products.rules.terms import Terms


class Step(NamedTuple):
    """One stop of a replay: time alone until `on` (no event), or one event of that day."""

    on: date
    event: Event | None
    before: State
    after: State


def replay(terms: Terms, events: Iterable[Event], as_of: date) -> State:
    """The state at `as_of`: all events effective until and on it, in order of day, rank and sequence.

    Raises ValueError if the first of them is no authorisation.
    """
    told = _Told(events, as_of)
    state = begin(told.first)
    for event in told.others:
        state = told.happens(terms, advance(terms, state, event.effective_on), event)
    return advance(terms, state, as_of)


def replayed(terms: Terms, events: Iterable[Event], as_of: date) -> tuple[State, tuple[RateChanged, ...]]:
    """The state at `as_of`, and the resets until then that were not among the events."""
    told = tuple(events)
    known = len(told)
    state = replay(terms, told, as_of)
    while (day := next_reset_on(terms, state)) is not None and day <= as_of:
        told = (*told, reset_of(terms, day, max(event.seq for event in told) + 1))
        state = replay(terms, told, as_of)
    return state, tuple(event for event in told[known:] if isinstance(event, RateChanged))


def timeline(terms: Terms, events: Iterable[Event], as_of: date) -> Iterator[Step]:
    """The same, stop by stop: each event, and before it each date at which time alone charges something.

    What reaches back counts from its own day: this is what is true at `as_of`, not what was believed before.
    """
    told = _Told(events, as_of)
    state = begin(told.first)
    for event in told.others:
        for step in _time(terms, state, event.effective_on):
            yield step
            state = step.after
        after = told.happens(terms, state, event)
        yield Step(event.effective_on, event, state, after)
        state = after
    yield from _time(terms, state, as_of)


def _time(terms: Terms, state: State, to: date) -> Iterator[Step]:
    while state.as_of < to:
        stops = charge_dates(terms, state, to)
        on = stops[0] if stops else to
        after = advance(terms, state, on)
        yield Step(on, None, state, after)
        state = after


class _Told:
    """The events until a day in their order, and what of them changes earlier days: goods that count as never
    delivered (those in dispute first, which then never was about them), receipts that never came.

    Taken by mistake and given back on the very day, a receipt never came either: there is no time between.
    """

    def __init__(self, events: Iterable[Event], as_of: date) -> None:
        known = sorted(
            (event for event in events if event.effective_on <= as_of),
            key=lambda event: (event.effective_on, event.rank, event.seq),
        )
        if not known or not isinstance(known[0], Authorised):
            raise ValueError(f"no authorisation by {as_of}")
        self.first: Authorised = known[0]
        self.others = known[1:]
        received_on = {event.receipt_id: event.effective_on for event in known if isinstance(event, Received)}
        self.returned: dict[int, int] = defaultdict(int)
        self.left_out: set[UUID] = set()
        for event in known:
            if isinstance(event, Refunded) and event.reaches_back:
                self.returned[event.capture_no] += event.amount_minor
            elif isinstance(event, ReceiptReversed) and (
                event.reaches_back or received_on.get(event.receipt_id) == event.effective_on
            ):
                self.left_out.add(event.receipt_id)
        self.in_dispute = _delivered(known)

    def happens(self, terms: Terms, state: State, event: Event) -> State:
        match event:
            case Captured(capture_no=no):
                return noted(terms, capture(terms, state, event, self.returned[no]), event)
            case Refunded(reaches_back=True):
                return noted(terms, state, event)
            case Received(receipt_id=id) | ReceiptReversed(receipt_id=id) if id in self.left_out:
                return noted(terms, state, event)
            case Disputed(dispute_id=id):
                return apply(terms, state, replace(event, amount_minor=self.in_dispute[id]))
            case _:
                return apply(terms, state, event)


def _delivered(known: list[Event]) -> dict[UUID, int]:
    """By dispute, what of its goods does not count as never delivered.

    A `from_capture` refund takes what is in dispute first: open still, or won and waiting for its refund.
    """
    found: dict[UUID, int] = {}
    waiting: dict[UUID, int] = {}
    for event in known:
        match event:
            case Disputed():
                found[event.dispute_id] = event.amount_minor
                waiting[event.dispute_id] = event.capture_no
            case DisputeResolved(verdict="lost"):
                waiting.pop(event.dispute_id, None)
            case Refunded(reaches_back=True):
                left_minor = event.amount_minor
                for dispute_id in [one for one, no in waiting.items() if no == event.capture_no]:
                    taken_minor = min(left_minor, found[dispute_id])
                    found[dispute_id] -= taken_minor
                    left_minor -= taken_minor
            case _:
                pass
    return found
