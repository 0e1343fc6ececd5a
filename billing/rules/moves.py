"""How a drawdown moves by one event: one step from the stored state, or a whole replay where it reaches back.

`today` is the business date of recording, `on` the day the command counts for. Both ways give the same state.
What the schedule brought before the command is posted first and by itself.
"""

from datetime import date, timedelta
from typing import TypeVar

from billing.rules.advance import advance, before_cut, charge_dates
from billing.rules.apply import apply
from billing.rules.changes import journal
from billing.rules.cut import charged_at_cut, is_cut
from billing.rules.decision import Drawdown, Journal, JournalKind, LineDelta, Moved
from billing.rules.events import Captured, Event, Received, ReversalReason, Voided
from billing.rules.replay import replayed
from billing.rules.reset import before_capture, next_reset_on, renumbered, reset_of
from billing.rules.state import MOVES, Move, credit_minor, next_event_on, outstanding_minor, remaining_minor
from billing.rules.values import State
from products.rules.terms import Terms

Key = TypeVar("Key")

_FIRST, _LATER = 1, 3
RANKS: dict[Move, int] = dict.fromkeys(MOVES, _LATER) | {
    "capture": Captured.rank,
    "void": Voided.rank,
    "receive": Received.rank,
    **dict.fromkeys(
        ("change_rate", "pause_interest", "extend", "move_due_date", "change_due_day", "restructure"), _FIRST
    ),
}


def needs_events(
    terms: Terms, state: State, kind: Move, *, on: date, today: date, reason: ReversalReason | None = None
) -> bool:
    """Whether the command needs all the drawdown's events: it reaches back, or its day lies behind."""
    if reason == "bounced" or (kind == "refund" and terms.refund_method == "from_capture"):
        return True
    return _is_behind(terms, state, RANKS[kind], on, today)


def _is_behind(terms: Terms, state: State, rank: int, on: date, today: date) -> bool:
    """Something comes after it: an event, the state's own day, or what the schedule brings until today."""
    if on < state.as_of or (on, rank) < (state.last_on, state.last_rank):
        return True
    if on >= today:  # what lies ahead is refused
        return False
    coming_on = next_event_on(terms, advance(terms, state, on))
    return coming_on is not None and coming_on <= today


def on_its_day(drawdown: Drawdown[Key], kind: Move, *, on: date, today: date) -> State | None:
    """The state on which a command of that day is judged; None: the drawdown did not exist then."""
    terms, state = drawdown.terms, drawdown.state
    if on < state.authorised_on:
        return None
    if _is_behind(terms, state, RANKS[kind], on, today):
        return replayed(terms, _events(drawdown), on)[0]
    return _through(drawdown, state, on)[0] if terms.rate_reset != "fixed" else advance(terms, state, on)


def move(drawdown: Drawdown[Key], event: Event, cause: JournalKind, *, today: date) -> Moved[Key]:
    """The event recorded today. Raises ValueError if it is out of place, or reaches back without events."""
    terms, stored = drawdown.terms, drawdown.state
    if event.reaches_back or _is_behind(terms, stored, event.rank, event.effective_on, today):
        base, brought, resets = _through(drawdown, stored, today)
        told = (*resets, *_own(terms, base, event, len(resets)))
        after, more = replayed(terms, (*_events(drawdown), *told), today)
        told = (*told, *more)
    else:
        base, brought, resets = _through(drawdown, stored, event.effective_on)
        own = _own(terms, base, event, len(resets))
        after = base
        for one in own:
            after = apply(terms, after, one)
        told = (*resets, *own)
    done = journal(cause, event.effective_on, terms, drawdown.parties, base, after)
    need = max(0, _use(after) - _use(base))
    coming_on = next_event_on(terms, after)
    later: tuple[Journal, ...] = ()
    if coming_on is not None and coming_on <= today:
        after, later, resets = _through(drawdown, after, today)
        told = (*told, *resets)
    return _moved(drawdown, after, told, (*brought, *done, *later), need)


def _own(terms: Terms, base: State, event: Event, by: int) -> tuple[Event, ...]:
    """The event behind `by` resets, and the reset with which a first period begins before it."""
    event = renumbered(event, by)
    first = before_capture(terms, base, event)
    return (*first, renumbered(event, len(first)))


def advance_to(drawdown: Drawdown[Key], today: date) -> Moved[Key]:
    """What the schedule brought until and on today; the same however many days are caught up at once."""
    after, brought, resets = _through(drawdown, drawdown.state, today)
    return _moved(drawdown, after, resets, brought, 0)


def _events(drawdown: Drawdown[Key]) -> tuple[Event, ...]:
    if drawdown.events is None:
        raise ValueError(f"drawdown {drawdown.key} must be replayed and came without its events")
    return drawdown.events


def _through(
    drawdown: Drawdown[Key], state: State, to: date
) -> tuple[State, tuple[Journal, ...], tuple[Event, ...]]:
    """Time until `to`, a floating rate set anew on its days."""
    terms = drawdown.terms
    journals: list[Journal] = []
    resets: list[Event] = []
    while (day := next_reset_on(terms, state)) is not None and day <= to:
        before, brought = _timed(drawdown, state, day)
        resets.append(reset_of(terms, day, before.last_seq + 1))
        state = apply(terms, before, resets[-1])
        journals += (*brought, *journal("rate_change", day, terms, drawdown.parties, before, state))
    state, brought = _timed(drawdown, state, to)
    return state, (*journals, *brought), tuple(resets)


def _timed(drawdown: Drawdown[Key], state: State, to: date) -> tuple[State, tuple[Journal, ...]]:
    """Advance; each charge date has its journal: reports by date are right however late.

    What a cut charges is of the nights before it, so it counts for the day before.
    """
    terms, parties = drawdown.terms, drawdown.parties
    journals: list[Journal] = []
    for day in charge_dates(terms, state, to):
        due = before_cut(terms, state, day)
        journals += journal("interest_due", day, terms, parties, state, due)
        state = charged_at_cut(terms, due) if is_cut(terms, day) else due
        journals += journal("statement_cut", day - timedelta(1), terms, parties, due, state)
    return advance(terms, state, to), tuple(journals)


def _use(state: State) -> int:
    return remaining_minor(state) + outstanding_minor(state)


def _moved(
    drawdown: Drawdown[Key], after: State, events: tuple[Event, ...], journals: tuple[Journal, ...], need: int
) -> Moved[Key]:
    before = drawdown.state
    return Moved(
        key=drawdown.key,
        before=before,
        after=after,
        events=events,
        journals=journals,
        line=LineDelta(
            held=remaining_minor(after) - remaining_minor(before),
            outstanding=outstanding_minor(after) - outstanding_minor(before),
            need=need,
        ),
        credit_minor=credit_minor(after) - credit_minor(before),
    )
