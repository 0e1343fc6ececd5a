"""Reading a state: allowed moves, what is left, totals, the projection that SQL may see, the next date."""

from datetime import date, timedelta
from typing import Literal

import msgspec

from billing.rules.cut import next_charging_cut
from billing.rules.interest import interest_on
from billing.rules.reset import next_reset_on
from billing.rules.rows import all_settled
from billing.rules.settle import charged, unpaid
from billing.rules.silence import silence_ends_on
from billing.rules.values import ENGINE_VERSION, NOTHING, Instalment, State, Status
from products.rules.terms import Terms

Move = Literal[
    "capture", "void", "refund", "receive", "reverse_receipt", "waive", "charge", "dispute",
    "resolve_dispute", "silence", "end_silence", "change_rate", "pause_interest", "extend",
    "move_due_date", "change_due_day", "restructure", "convert", "write_off",
]  # fmt: skip

_OWING: frozenset[Status] = frozenset({"captured"})

MOVES: dict[Move, frozenset[Status]] = {
    "capture": frozenset({"authorised", "captured"}),
    "void": frozenset({"authorised", "captured"}),
    "refund": frozenset({"captured", "closed"}),
    "receive": _OWING,
    "reverse_receipt": frozenset({"captured", "closed"}),
    "waive": _OWING,
    "charge": _OWING,
    "dispute": _OWING,
    "resolve_dispute": _OWING,
    "silence": _OWING,
    "end_silence": frozenset({"captured", "closed"}),
    "change_rate": _OWING,
    "pause_interest": _OWING,
    "extend": _OWING,
    "move_due_date": _OWING,
    "change_due_day": _OWING,
    "restructure": _OWING,
    "convert": _OWING,
    "write_off": _OWING,
}
"""The one table of moves: in which states a command is allowed. Expiry and closing follow by themselves."""


def captured_minor(state: State) -> int:
    return sum([capture.amount_minor for capture in state.captures])


def remaining_minor(state: State) -> int:
    """Still authorised: neither captured, nor voided, nor expired."""
    return state.authorised_minor - captured_minor(state) - state.voided_minor - state.expired_minor


def outstanding_minor(state: State) -> int:
    """Principal owed; this and `remaining_minor` use the line."""
    return sum([row.principal_minor - row.paid.principal - row.waived.principal for row in state.instalments])


def status_of(state: State) -> Status:
    """Follows from the amounts: voiding or expiry of a rest does not undo a capture."""
    live = remaining_minor(state) > 0
    if state.captures:
        return "captured" if live or not all_settled(state) else "closed"
    if live:
        return "authorised"
    return "expired" if state.expired_minor else "voided"


def unsettled(state: State) -> list[Instalment]:
    return [instalment for instalment in state.instalments if not instalment.settled_on]


def excess_minor(state: State) -> int:
    """Of this drawdown's receipts, what is the buyer's credit balance."""
    return sum(receipt.excess_minor for receipt in state.receipts)


def credit_minor(state: State) -> int:
    """What this drawdown gave to the buyer's credit balance, less what it took from it."""
    given = sum(r.excess_minor - (r.amount_minor if r.source == "credit" else 0) for r in state.receipts)
    return given + sum(capture.down_refunded_minor for capture in state.captures)


def next_event_on(terms: Terms, state: State) -> date | None:
    """The first date after the state's own on which the schedule brings something, if any."""
    dates = [state.expires_on] if remaining_minor(state) else []
    for row in state.instalments:
        if not row.settled_on and not row.disputed:
            dates += [row.charge_on, row.due_on, past_due_on(row)]
            if terms.interest_free == "if_closed_within":
                dates.append(interest_on(terms, state, row))
            if terms.non_accrual_days is not None and state.non_accrual_on is None:
                dates.append(max(row.due_on + timedelta(terms.non_accrual_days), past_due_on(row)))
    if (ends_on := silence_ends_on(state)) is not None:
        dates.append(ends_on)
    if (cut_on := next_charging_cut(terms, state)) is not None:
        dates.append(cut_on)
    if (reset_on := next_reset_on(terms, state)) is not None:
        dates.append(reset_on)
    return min((day for day in dates if day > state.as_of), default=None)


def past_due_on(row: Instalment) -> date:
    """The first day on which it is past due if still unpaid."""
    return row.grace_on + timedelta(1)


class InstalmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `instalment`. Interest, fee and penalty are what is charged."""

    no: int
    capture_no: int
    start_on: date
    nominal_on: date
    due_on: date
    past_due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    principal_paid_minor: int
    interest_paid_minor: int
    fee_paid_minor: int
    penalty_paid_minor: int
    principal_waived_minor: int
    interest_waived_minor: int
    fee_waived_minor: int
    penalty_waived_minor: int
    disputed: bool
    settled_on: date | None


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """What of a state SQL may see. `*_due_minor`: owed in the books, captured or charged and not yet paid."""

    status: Status
    authorised_minor: int
    captured_minor: int
    voided_minor: int
    refunded_minor: int
    principal_due_minor: int
    interest_due_minor: int
    fee_due_minor: int
    penalty_due_minor: int
    oldest_unpaid_due_on: date | None
    expires_on: date
    next_event_on: date | None
    engine_version: int
    instalments: tuple[InstalmentView, ...]


def _view(instalment: Instalment) -> InstalmentView:
    owing, paid, waived = charged(instalment), instalment.paid, instalment.waived
    return InstalmentView(
        no=instalment.no,
        capture_no=instalment.capture_no,
        start_on=instalment.start_on,
        nominal_on=instalment.nominal_on,
        due_on=instalment.due_on,
        past_due_on=past_due_on(instalment),
        principal_minor=owing.principal,
        interest_minor=owing.interest,
        fee_minor=owing.fee,
        penalty_minor=owing.penalty,
        principal_paid_minor=paid.principal,
        interest_paid_minor=paid.interest,
        fee_paid_minor=paid.fee,
        penalty_paid_minor=paid.penalty,
        principal_waived_minor=waived.principal,
        interest_waived_minor=waived.interest,
        fee_waived_minor=waived.fee,
        penalty_waived_minor=waived.penalty,
        disputed=instalment.disputed,
        settled_on=instalment.settled_on,
    )


def project(terms: Terms, state: State) -> Projection:
    """The columns of `drawdown` and the rows of `instalment`: always written from here, never by hand."""
    due = NOTHING
    for row in state.instalments:
        due = due.plus(unpaid(row))
    return Projection(
        status=state.status,
        authorised_minor=state.authorised_minor,
        captured_minor=captured_minor(state),
        voided_minor=state.voided_minor,
        refunded_minor=sum(c.refunded_minor for c in state.captures),
        principal_due_minor=due.principal,
        interest_due_minor=due.interest,
        fee_due_minor=due.fee,
        penalty_due_minor=due.penalty,
        oldest_unpaid_due_on=min((i.due_on for i in unsettled(state) if not i.disputed), default=None),
        expires_on=state.expires_on,
        next_event_on=next_event_on(terms, state),
        engine_version=ENGINE_VERSION,
        instalments=tuple(_view(instalment) for instalment in state.instalments),
    )
