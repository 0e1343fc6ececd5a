"""Money for what is not due yet: a whole payoff, a part, or the coming rows as scheduled (DOMAIN.md §3,
§9).
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from billing.rules.fees import charge_planned, lacking_minor, with_fee
from billing.rules.interest import accrue, free_until
from billing.rules.plan import HOW, replan
from billing.rules.rows import grows_elsewhere, is_last, row_of, to_come, with_borne, with_rows
from billing.rules.settle import charge_all, charge_interest, charge_past_due, owed, settle, share_of
from billing.rules.values import NOTHING, Instalment, Parts, State
from products.rules.terms import RATE_SCALE, Terms, billionths


class Paid(NamedTuple):
    """What was booked on each row, by number; prepayment fees that fell due by it; what was not needed."""

    state: State
    parts: Mapping[int, Parts]
    fees: tuple[tuple[int, int], ...]
    rest_minor: int


def ahead(state: State, capture_no: int) -> list[Instalment]:
    """The capture's rows that are not due, the oldest first: of the plan, and explicit charges."""
    rows = [row for row in state.instalments if row.capture_no == capture_no and _is_ahead(state, row)]
    return sorted(rows, key=_age)


def _age(row: Instalment) -> tuple[date, date, int]:
    return row.due_on, row.start_on, row.no


def _is_ahead(state: State, row: Instalment) -> bool:
    return row.due_on > state.as_of and not (row.settled_on or row.disputed or row.past_due)


def captures_ahead(state: State) -> list[int]:
    """The captures that have something not yet due, in the order in which it falls due."""
    rows = sorted((row for row in state.instalments if _is_ahead(state, row)), key=_age)
    return list(dict.fromkeys([row.capture_no for row in rows]))


def payoff_of(terms: Terms, state: State, capture_no: int) -> dict[int, Parts]:
    """What closes all that is not due of the capture on the state's day, row by row."""
    closing, _ = _closing(terms, state, capture_no)
    return {row.no: part for row in closing if (part := owed(terms, state, row)).total}


def pay_ahead(terms: Terms, state: State, capture_no: int, amount_minor: int) -> Paid:
    """Money for one capture's rows that are not due."""
    if terms.prepayment == "next":
        return _next(terms, state, capture_no, amount_minor)
    closing, fees = _closing(terms, state, capture_no)
    asked = {row.no: owed(terms, state, row) for row in closing}
    if amount_minor >= (total := sum(part.total for part in asked.values())):
        state = _book(terms, with_rows(state, closing), asked)
        return Paid(state, asked, fees, amount_minor - total)
    return _part(terms, state, capture_no, amount_minor)


def _closing(
    terms: Terms, state: State, capture_no: int
) -> tuple[list[Instalment], tuple[tuple[int, int], ...]]:
    """The rows with all that a payoff charges, and the prepayment fee among it."""
    rows = ahead(state, capture_no)
    if terms.prepayment == "next":
        return [charge_planned(terms, row) for row in _accrued_whole(terms, state, rows)], ()
    principal_minor = sum(row.open_minor for row in rows if row.charge_on > state.as_of)
    done = [
        charge_planned(terms, row) if row.start_on <= state.as_of or terms.early_fees == "charged" else row
        for row in _with_period(terms, state, rows)
    ]
    if not principal_minor:
        return done, ()
    if terms.minimum_charge_minor:
        done = [_with_minimum(terms, state, row, done) if is_last(state, row) else row for row in done]
    fee_minor = share_of(principal_minor, billionths(terms.prepayment_fee_rate), terms)
    done[0] = replace(done[0], fee_minor=done[0].fee_minor + fee_minor)
    return done, ((done[0].no, fee_minor),) if fee_minor else ()


def _with_minimum(terms: Terms, state: State, last: Instalment, rows: list[Instalment]) -> Instalment:
    """What interest and fees of the capture lack, if it closes today; nothing where closing is free."""
    free_on = free_until(terms, state, last)
    if free_on is not None and state.as_of <= free_on:
        return last
    charged = {row.no: charge_interest(terms, replace(row, planned_fee_minor=0), state.as_of) for row in rows}
    closed = with_rows(state, charged.values())
    return with_fee(terms, last, lacking_minor(terms, closed, last.capture_no, charged[last.no]))


def _with_period(terms: Terms, state: State, rows: list[Instalment]) -> list[Instalment]:
    """Where the whole period is asked for: those that run, with all its interest."""
    if terms.early_interest != "whole_period":
        return rows
    running = _accrued_whole(terms, state, [row for row in rows if row.start_on <= state.as_of])
    return sorted([*running, *(row for row in rows if row.start_on > state.as_of)], key=_age)


def _accrued_whole(terms: Terms, state: State, rows: list[Instalment]) -> list[Instalment]:
    """With the interest of the whole of their periods, each night once: a part that came back from a dispute
    has it in the row that it was split from.
    """
    found = {row.no: row for row in rows}
    for no in sorted(found):
        row = found[no]
        free_on = free_until(terms, state, row)
        if row.is_accrued or row.is_charge or grows_elsewhere(state, row):
            continue
        if free_on is not None and state.as_of <= free_on:
            continue
        asked, row = row, accrue(terms, state, row, max(state.as_of, row.start_on), row.nominal_on)
        if row == asked and terms.prepayment != "next":
            continue  # all the nights to come are free: nothing is paid ahead
        borne = with_borne(state, replace(row, through_on=row.nominal_on))
        found |= {one.no: one for one in borne if one.no in found}
    return list(found.values())


def _reaching(state: State, row: Instalment) -> list[Instalment]:
    """The row, and what its interest holds from now on if it is accrued to its end by this payment."""
    now = row.is_accrued and not row_of(state, row.no).is_accrued
    return with_borne(state, row) if now else [row]


def _part(terms: Terms, state: State, capture_no: int, amount_minor: int) -> Paid:
    """Charges and accrued interest first, then principal; the plan is made anew for what is left."""
    left = amount_minor
    rows = ahead(state, capture_no)
    charges: dict[int, Parts] = {}
    for row in _with_interest_first(terms, state, rows, amount_minor):
        taken = _out_of(left, replace(owed(terms, state, row), principal=0))
        left -= taken.total
        if taken.total:
            charges[row.no] = taken
            state = with_rows(state, _reaching(state, row))
    state = _book(terms, state, charges, closing=False)
    parts = dict(charges)
    for row in ahead(state, capture_no):
        if row.charge_on <= state.as_of and (taken_minor := min(left, row.open_minor)):
            left -= taken_minor
            parts[row.no] = parts.get(row.no, NOTHING).plus(Parts(principal=taken_minor))
            state = _book(terms, state, {row.no: Parts(principal=taken_minor)}, closing=False)
    open_minor = sum(row.open_minor for row in ahead(state, capture_no))
    principal_minor, fee_minor = with_prepayment_fee(terms, left, open_minor)
    if not principal_minor:
        return Paid(_settled(terms, state, capture_no), parts, (), left)
    state, booked = _pay_plan(terms, state, capture_no, principal_minor)
    for no, amount in booked.items():
        parts[no] = parts.get(no, NOTHING).plus(Parts(principal=amount))
    fees: tuple[tuple[int, int], ...] = ()
    if fee_minor:
        first = ahead(state, capture_no)[0]
        paid = replace(first.paid, fee=first.paid.fee + fee_minor)
        state = with_rows(state, [replace(first, fee_minor=first.fee_minor + fee_minor, paid=paid)])
        parts[first.no] = parts.get(first.no, NOTHING).plus(Parts(fee=fee_minor))
        fees = ((first.no, fee_minor),)
    return Paid(_settled(terms, state, capture_no), parts, fees, left - principal_minor - fee_minor)


def _pay_plan(
    terms: Terms, state: State, capture_no: int, principal_minor: int
) -> tuple[State, dict[int, int]]:
    """The plan's rows to come first, then what is planned no more: a part that was in dispute, a row whose
    interest is accrued already.
    """
    plan_minor = min(principal_minor, sum(row.open_minor for row in to_come(state, capture_no)))
    booked: dict[int, int] = {}
    if plan_minor:
        how = HOW[terms.prepayment]
        state, booked = replan(terms, state, capture_no, paid_minor=plan_minor, how=how)
    left = principal_minor - plan_minor
    for row in sorted(ahead(state, capture_no), key=lambda row: -row.no):
        if taken := min(left, row.open_minor):
            left -= taken
            booked[row.no] = booked.get(row.no, 0) + taken
            state = with_rows(
                state, [replace(row, paid=replace(row.paid, principal=row.paid.principal + taken))]
            )
    return state, booked


def _settled(terms: Terms, state: State, capture_no: int) -> State:
    return settle(terms, state, ahead(state, capture_no))


def _with_interest_first(
    terms: Terms, state: State, rows: list[Instalment], amount_minor: int
) -> list[Instalment]:
    """`whole_period`: a part that would leave no principal pays the rest of the period's interest first."""
    to_day = sum(owed(terms, state, row).total for row in rows)
    return rows if amount_minor < to_day else _with_period(terms, state, rows)


def with_prepayment_fee(terms: Terms, amount_minor: int, open_minor: int) -> tuple[int, int]:
    """Principal X and its fee with X + round(X × rate) within the amount; never all that is open.

    1 % of it out of ¥101.00: ¥100.00 and ¥1.00.
    """
    rate = billionths(terms.prepayment_fee_rate)
    principal = min(open_minor, amount_minor * RATE_SCALE // (RATE_SCALE + rate) + 1)
    while principal > 0 and principal + share_of(principal, rate, terms) > amount_minor:
        principal -= 1
    return principal, share_of(principal, rate, terms)


def _next(terms: Terms, state: State, capture_no: int, amount_minor: int) -> Paid:
    """Coming rows as scheduled, oldest first: fee and whole interest, then principal; nothing is saved."""
    parts: dict[int, Parts] = {}
    for row in ahead(state, capture_no):
        if not amount_minor:
            break
        (row,) = _accrued_whole(terms, state, [row_of(state, row.no)])
        row = charge_planned(terms, row)
        taken = _out_of(amount_minor, owed(terms, state, row))
        amount_minor -= taken.total
        if taken.total:
            parts[row.no] = taken
            state = _book(terms, with_rows(state, _reaching(state, row)), {row.no: taken})
    return Paid(state, parts, (), amount_minor)


def _out_of(amount_minor: int, asked: Parts) -> Parts:
    """What of `asked` the amount pays, charges before principal."""
    penalty = min(amount_minor, asked.penalty)
    fee = min(amount_minor - penalty, asked.fee)
    interest = min(amount_minor - penalty - fee, asked.interest)
    return Parts(penalty, fee, interest, min(amount_minor - penalty - fee - interest, asked.principal))


def _book(terms: Terms, state: State, parts: Mapping[int, Parts], *, closing: bool = True) -> State:
    """The parts on their rows: what is touched is charged; then what is whole is settled."""
    changed = [book(terms, state, row, parts[row.no]) for row in state.instalments if row.no in parts]
    state = with_rows(state, changed)
    return settle(terms, state, state.instalments) if closing else state


def book(terms: Terms, state: State, row: Instalment, part: Parts) -> Instalment:
    until = free_until(terms, state, row)
    if until is not None and state.as_of <= until:
        row = charge_past_due(terms, row, state.as_of)
    else:
        row = charge_all(terms, row, state.as_of)
    return replace(row, paid=row.paid.plus(part))
