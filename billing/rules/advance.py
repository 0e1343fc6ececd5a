"""Time alone: nights accrue, interest is charged at its due date, grace is lost, an authorisation expires."""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules import interest, penalty
from billing.rules.books import non_accrual_from
from billing.rules.cut import charged_at_cut, cut_after, next_charging_cut
from billing.rules.fees import charge_planned, lacking_minor, with_fee
from billing.rules.grace import lose_grace
from billing.rules.rows import all_settled, grows_elsewhere, is_disputed_part, is_last, with_borne, with_rows
from billing.rules.settle import charge_interest, settled
from billing.rules.silence import silence_ends_on, silent_share, without_ended
from billing.rules.state import remaining_minor, status_of
from billing.rules.values import Instalment, State
from products.rules.terms import Terms


def advance(terms: Terms, state: State, to: date) -> State:
    """The state at the opening of `to`: the nights before it, and what the schedule brings until and on it.

    Any chain of steps gives the same state. Raises ValueError if `to` lies before the state's day.
    """
    if to < state.as_of:
        raise ValueError(f"a state of {state.as_of} does not go back to {to}: replay")
    while (cut_on := next_charging_cut(terms, state)) is not None and cut_on <= to:
        state = charged_at_cut(terms, before_cut(terms, state, cut_on))
    return before_cut(terms, state, to)


def before_cut(terms: Terms, state: State, to: date) -> State:
    """The same, where no cut lies between; without what a cut on `to` itself charges."""
    while state.silences and state.as_of < to:
        stop = min((day for day in _silent_stops(state) if day > state.as_of), default=to)
        state = without_ended(terms, _through(terms, state, min(stop, to)))
    return _through(terms, state, to) if state.as_of < to else state


def _silent_stops(state: State) -> list[date]:
    """Where the share of each row in a silence changes: it is over, or something more falls due."""
    ends_on = [] if (day := silence_ends_on(state)) is None else [day]
    due = [day for row in state.instalments if not row.settled_on for day in (row.due_on, row.charge_on)]
    return ends_on + due + [row.grace_on + timedelta(1) for row in state.instalments if not row.settled_on]


def _through(terms: Terms, state: State, to: date) -> State:
    lapsed = remaining_minor(state) if state.expires_on <= to else 0
    since = state.as_of
    if not all_settled(state):
        state = replace(_interest(terms, state, since, to), as_of=to)
        state = _past_due(terms, lose_grace(terms, state, since, to), since, to)
    state = replace(state, as_of=to, expired_minor=state.expired_minor + lapsed)
    return replace(state, status=status_of(state), non_accrual_on=non_accrual_from(terms, state))


def _interest(terms: Terms, state: State, since: date, to: date) -> State:
    """Interest of the periods that run between the two days, its charge, and fees with it."""
    running = [
        row
        for row in state.instalments
        if not row.settled_on
        and row.start_on < to
        and not row.disputed
        and (since < row.nominal_on or since < interest.interest_on(terms, state, row))
    ]
    if terms.minimum_charge_minor:
        running.sort(key=lambda row: (row.charge_on, not is_disputed_part(row.no), row.no))
    changed = []
    ahead = []
    before = state
    for row in running:
        falls = since < row.charge_on <= to
        if not (row.is_accrued or row.is_charge or grows_elsewhere(before, row)):
            whole = falls and row.charge_on < row.nominal_on
            row = interest.accrue(terms, state, row, since, row.nominal_on if whole else to)
            if whole:  # a `preceding` shift asks for the nights until the nominal date too
                row = replace(row, through_on=row.nominal_on)
                ahead.append(row)
        if falls:
            row = _fall_due(terms, state, row)
        on = interest.interest_on(terms, state, row)
        if since < on <= to:
            row = charge_interest(terms, row, on)
            row = settled(terms, state, row, max(on, row.charge_on))
        changed.append(row)
        if terms.minimum_charge_minor:  # the last of the plan adds up what the others were charged before
            state = with_rows(state, [row])
    state = with_rows(state, changed)
    for row in ahead:
        state = with_rows(state, with_borne(state, row)[1:])
    return state


def _fall_due(terms: Terms, state: State, row: Instalment) -> Instalment:
    """Its period's fee; the last row answers for the minimum charge."""
    row = charge_planned(terms, row)
    if terms.minimum_charge_minor and is_last(state, row):
        charged = charge_interest(terms, row, row.charge_on)
        row = with_fee(terms, row, lacking_minor(terms, state, row.capture_no, charged))
    return row


def _past_due(terms: Terms, state: State, since: date, to: date) -> State:
    """The nights of what is due and unpaid; in order, since silence covers the oldest first."""
    late = [row for row in state.instalments if row.due_on < to and not row.settled_on and not row.disputed]
    if left_minor := silent_share(state):
        late.sort(key=lambda row: (row.due_on, row.no))
    changed = []
    for row in late:
        from_on = max(since, row.due_on)
        silent_minor = min(left_minor, penalty.base_minor(terms, row)) if left_minor else 0
        left_minor -= silent_minor
        row = interest.accrue_late(terms, state, row, from_on, to)
        row = penalty.accrue(terms, row, from_on, to, silent_minor)
        if to > row.grace_on and not row.past_due:
            row = replace(row, past_due=True)
        changed.append(row)
    return with_rows(state, changed)


def charge_dates(terms: Terms, state: State, to: date) -> list[date]:
    """The dates after the state's own, until and on `to`, at which `advance` changes the books, in order."""
    found: set[date] = set()
    for row in state.instalments:
        if row.settled_on:
            continue
        found.update((row.charge_on, interest.interest_on(terms, state, row)))
        if terms.shortfall_tolerance_minor:
            found.add(row.grace_on + timedelta(1))
        if terms.non_accrual_days is not None:
            found.add(row.due_on + timedelta(terms.non_accrual_days))
    if (ends_on := silence_ends_on(state)) is not None:
        found.add(ends_on)
    cut_on = next_charging_cut(terms, state)
    while cut_on is not None and cut_on <= to:
        found.add(cut_on)
        cut_on = cut_after(terms, cut_on)
    return sorted(day for day in found if state.as_of < day <= to)
