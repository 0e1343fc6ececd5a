"""Silence while unsure: penalty on what something unmatched may explain is computed, not charged
(DOMAIN.md §11).
"""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.accrual import charge, closed, grown
from billing.rules.events import Silenced, SilenceEnded
from billing.rules.schedule import last_grace_day
from billing.rules.values import Accrual, Instalment, Silence, State
from products.rules.terms import Terms


def begin_silence(terms: Terms, state: State, event: Silenced) -> State:
    silence = Silence(event.silence_id, event.amount_minor, event.until_on)
    return replace(state, silences=(*state.silences, silence))


def end_silence(terms: Terms, state: State, event: SilenceEnded) -> State:
    """Raises ValueError if no such silence lasts."""
    if not any(silence.silence_id == event.silence_id for silence in state.silences):
        raise ValueError(f"silence {event.silence_id} does not last")
    left = tuple(s for s in state.silences if s.silence_id != event.silence_id)
    return _told(terms, replace(state, silences=left), charged=event.outcome == "charged")


def silence_ends_on(state: State) -> date | None:
    """The opening at which the first silence is over by itself: the day after its last."""
    return min((s.until_on + timedelta(1) for s in state.silences), default=None)


def without_ended(terms: Terms, state: State) -> State:
    """What is over by itself is charged."""
    left = tuple(s for s in state.silences if s.until_on >= state.as_of)
    return state if left == state.silences else _told(terms, replace(state, silences=left), charged=True)


def silent_share(state: State) -> int:
    """How much of what is past due is covered, all silences together."""
    return sum(silence.amount_minor for silence in state.silences)


def _told(terms: Terms, state: State, *, charged: bool) -> State:
    """Once the last silence is over, the penalty noted apart joins the rest, or falls away."""
    if state.silences:
        return state
    return replace(
        state,
        instalments=tuple(
            _joined(terms, row, state.as_of, charged=charged) if row.silent_exact else row
            for row in state.instalments
        ),
    )


def _joined(terms: Terms, row: Instalment, on: date, *, charged: bool) -> Instalment:
    """A row that was paid meanwhile owes the penalty alone, from this day and with grace of its own."""
    noted, row = row.silent_exact, replace(row, silent_exact=0)
    if not charged:
        return row
    if row.settled_on is None:
        return replace(row, penalty=grown(row.penalty, noted))
    penalty = charge(terms, Accrual(noted, earlier_minor=row.penalty.charged_minor), on)
    if not penalty.run_minor:
        return row
    return replace(
        row,
        penalty=closed(penalty),
        settled_on=None,
        reopened_on=on,
        due_on=on,
        grace_on=last_grace_day(terms, on),
    )
