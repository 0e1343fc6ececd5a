"""What comes until a day if nobody does anything: the schedule, and credit that pays what falls due."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from billing.rules.accounts import Parties
from billing.rules.allocation import claims
from billing.rules.decide_receipt import receive
from billing.rules.decision import Drawdown, Journal, Moved, Refusal
from billing.rules.moves import advance_to
from billing.rules.state import next_event_on

Key = TypeVar("Key", bound=UUID)


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """The drawdowns on the last day, and whose journals there will be, in their order."""

    drawdowns: tuple[Drawdown[UUID], ...]
    journals: tuple[tuple[UUID, Journal], ...]
    credit_minor: int


def foresee(
    drawdowns: Sequence[Drawdown[UUID]], *, parties: Parties, credit_minor: int, today: date, until: date
) -> Foreseen:
    """From the end of `today` to that of `until`. `drawdowns`: all that their one buyer owes, as they stand
    today, in the order of their numbers; `parties`: to whose books the credit balance belongs.
    """
    now = list(drawdowns)
    journals: list[tuple[UUID, Journal]] = []
    day = today
    while (following := _next_day(now, credit_minor, day)) <= until:
        day = following
        for place, drawdown in enumerate(now):
            if drawdown.state.as_of < day:
                now[place] = _kept(drawdown, advance_to(drawdown, day), journals)
        usable_minor = min(credit_minor, sum(_due_minor(drawdown) for drawdown in now))
        if usable_minor:
            used = receive(
                now,
                parties=parties,
                receipt_id=UUID(int=day.toordinal()),  # of a receipt that is not there yet
                amount_minor=usable_minor,
                on=day,
                today=day,
                source="credit",
            )
            if isinstance(used, Refusal):
                raise ValueError(f"credit was refused: {used}")
            credit_minor += used.credit_minor
            moved = {one.key: one for one in used.moved}
            now = [_kept(one, moved[one.key], journals) if one.key in moved else one for one in now]
    for place, drawdown in enumerate(now):
        if drawdown.state.as_of < until:
            now[place] = _kept(drawdown, advance_to(drawdown, until), journals)
    return Foreseen(drawdowns=tuple(now), journals=tuple(journals), credit_minor=credit_minor)


def charges_at_cut(drawdown: Drawdown[UUID], cut_on: date) -> tuple[Journal, ...]:
    """What the cut of that day will charge of a drawdown that stands on the day before."""
    return tuple(one for one in advance_to(drawdown, cut_on).journals if one.effective_on < cut_on)


def _next_day(drawdowns: Sequence[Drawdown[UUID]], credit_minor: int, day: date) -> date:
    """The next one on which anything can happen; what was not used today pays tomorrow what is due."""
    dates = [next_event_on(one.terms, one.state) for one in drawdowns]
    if credit_minor and sum(_due_minor(one) for one in drawdowns):
        dates.append(day + timedelta(1))
    return min((on for on in dates if on is not None and on > day), default=date.max)


def _due_minor(drawdown: Drawdown[UUID]) -> int:
    return sum(claim.amount_minor for claim in claims(drawdown.terms, drawdown.state, advance=False))


def _kept(
    drawdown: Drawdown[UUID], moved: Moved[UUID], journals: list[tuple[UUID, Journal]]
) -> Drawdown[UUID]:
    journals += [(drawdown.key, journal) for journal in moved.journals]
    return replace(drawdown, state=moved.after, events=None)
