"""A floating rate is set anew: on which days, and to what (DOMAIN.md §3).

Terms and events do not know what an index will be: each reset is an event that keeps the rate of its day. Who
moves a drawdown through such a day records it (moves.py), so nothing depends on who comes first.
"""

from datetime import date

from msgspec.structs import replace

from billing.rules.events import Captured, Event, RateChanged
from billing.rules.values import Instalment, State
from products.rules.due_dates import add_months
from products.rules.index_rates import published_on
from products.rules.lawful import most_annual
from products.rules.terms import Terms


def next_reset_on(terms: Terms, state: State) -> date | None:
    """The first day on which the rate is set anew and was not yet; None: never again.

    `period`: where a period begins while its row lives. `january`, `anniversary` of the authorisation.
    """
    if terms.rate_reset == "fixed":
        return None
    last_on = max((day for day, _ in state.rates), default=state.authorised_on)
    if terms.rate_reset == "period":
        starts = [row.start_on for row in state.instalments if row.start_on > last_on and _begins(row)]
        return min(starts, default=None)
    if state.status not in ("authorised", "captured"):
        return None
    if terms.rate_reset == "january":
        return date(last_on.year + 1, 1, 1)
    years = max(1, last_on.year - state.authorised_on.year)
    day = add_months(state.authorised_on, 12 * years)
    return day if day > last_on else add_months(state.authorised_on, 12 * (years + 1))


def _begins(row: Instalment) -> bool:
    """Its period begins with something to bear interest in it."""
    alive = row.settled_on is None or row.settled_on > row.start_on
    return alive and not row.is_charge and not row.disputed


def reset_of(terms: Terms, on: date, seq: int) -> RateChanged:
    """Index + spread, but never more than the law lets a contract of its day cost.

    3.00 % + 0.09, reset on 1 January 2026 with what was published by 2 December: 12.00 %.
    """
    assert terms.rate_index is not None
    published = published_on(terms.rate_index, on, terms.rate_lag_days)
    rate = published.rate + terms.spread_rate
    most = most_annual(terms.cap_annual_rate, terms.day_count)
    return RateChanged(
        seq=seq,
        effective_on=on,
        rate=rate if most is None else min(rate, most),
        reason="reset",
        index_rate=published.rate,
        published_on=published.on,
    )


def before_capture(terms: Terms, state: State, event: Event) -> tuple[RateChanged, ...]:
    """The reset with which a first period begins, on the day of its delivery."""
    if terms.rate_reset != "period" or not isinstance(event, Captured) or state.captures:
        return ()
    if event.effective_on == state.authorised_on:
        return ()
    return (reset_of(terms, event.effective_on, event.seq),)


def renumbered(event: Event, by: int) -> Event:
    return replace(event, seq=event.seq + by) if by else event
