"""Time alone: nights accrue, interest is charged at its due date, grace is lost, an authorisation expires."""

from datetime import date

from msgspec.structs import replace

from billing.rules import interest, penalty
from billing.rules.accrual import charge
from billing.rules.settle import settled
from billing.rules.state import remaining_minor, status_of, unsettled
from billing.rules.values import Instalment, State
from products.rules.terms import Terms


def advance(terms: Terms, state: State, to: date) -> State:
    """The state at the opening of `to`: the nights before it, and what the schedule brings until and on it.

    Any chain of steps gives the same state. Raises ValueError if `to` lies before the state's day.
    """
    if to < state.as_of:
        raise ValueError(f"a state of {state.as_of} does not go back to {to}: replay")
    if to == state.as_of:
        return state
    lapsed = remaining_minor(state) if state.expires_on <= to else 0
    later = replace(
        state,
        as_of=to,
        expired_minor=state.expired_minor + lapsed,
        instalments=tuple(
            instalment if instalment.settled_on else _advance(terms, instalment, state.as_of, to)
            for instalment in state.instalments
        ),
    )
    return replace(later, status=status_of(later))


def _advance(terms: Terms, instalment: Instalment, since: date, to: date) -> Instalment:
    """In this order, since an unpaid charge may bear penalty: interest, its charge, penalty, grace."""
    instalment = interest.accrue(terms, instalment, since, to)
    if since < instalment.nominal_on <= to:
        due = charge(instalment.interest, instalment.nominal_on, terms.rounding)
        instalment = settled(terms, replace(instalment, interest=due), instalment.nominal_on)
        if instalment.settled_on:
            return instalment
    instalment = penalty.accrue(terms, instalment, since, to)
    if to > instalment.grace_on and not instalment.past_due:
        instalment = replace(instalment, past_due=True)
    return instalment


def charge_dates(state: State, to: date) -> list[date]:
    """The dates after the state's own, until and on `to`, at which `advance` charges something, in order."""
    return sorted({i.nominal_on for i in unsettled(state) if state.as_of < i.nominal_on <= to})
