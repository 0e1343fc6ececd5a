"""A rate that changes on a day, and a pause of interest: from then on equal instalments are planned anew."""

from msgspec.structs import replace

from billing.rules.events import InterestPaused, RateChanged
from billing.rules.plan import HOW, How, replan
from billing.rules.rows import to_come
from billing.rules.values import State
from products.rules.terms import Terms, billionths


def change_rate(terms: Terms, state: State, event: RateChanged) -> State:
    """From the night of its day on; changes no charged amount (DOMAIN.md §3, floating rate)."""
    kept = tuple(rate for rate in state.rates if rate[0] != event.effective_on)
    state = replace(state, rates=(*kept, (event.effective_on, billionths(event.rate))))
    return planned_anew(terms, state, "solve")


def pause_interest(terms: Terms, state: State, event: InterestPaused) -> State:
    """No contract interest for these nights; the payment stays, or is solved anew, as for a prepayment."""
    state = replace(state, pauses=(*state.pauses, (event.effective_on, event.until_on)))
    return planned_anew(terms, state, HOW[terms.prepayment])


def planned_anew(terms: Terms, state: State, how: How) -> State:
    if terms.form != "equal_instalment":
        return state
    for capture in state.captures:
        if to_come(state, capture.no):
            state, _ = replan(terms, state, capture.no, how=how)
    return state
