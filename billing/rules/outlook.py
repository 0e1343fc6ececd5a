"""The schedule as the buyer sees it: what each row asks for when it falls due, if nothing else happens."""

from datetime import date

import msgspec

from billing.rules.advance import advance
from billing.rules.interest import interest_on
from billing.rules.settle import charge_all, charged
from billing.rules.values import NOTHING, Instalment, Parts, State
from products.rules.terms import Terms


class OutlookRow(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units. Of a row to come, interest and fee are those it will have on its due date.

    `outstanding_minor` = all four − paid − waived.
    """

    no: int
    capture_no: int
    start_on: date
    nominal_on: date
    due_on: date
    grace_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    paid: Parts
    waived: Parts
    outstanding_minor: int
    past_due: bool
    disputed: bool
    settled_on: date | None


def outlook(terms: Terms, state: State) -> tuple[OutlookRow, ...]:
    """Rows that have fallen due as they stand on the state's day, the others as they will fall due.

    ¥12,000.00 in 12 equal instalments at 18 %: the last row shows ¥1,083.93 + ¥16.26.
    """
    later = {row.no: row for row in _at_the_end(terms, state).instalments}
    return tuple(_row(terms, state, row, later[row.no]) for row in state.instalments)


def _at_the_end(terms: Terms, state: State) -> State:
    ends_on = max(
        (
            max(row.charge_on, interest_on(terms, state, row))
            for row in state.instalments
            if not row.settled_on
        ),
        default=state.as_of,
    )
    return advance(terms, state, max(ends_on, state.as_of))


def _row(terms: Terms, state: State, row: Instalment, later: Instalment) -> OutlookRow:
    if row.settled_on or row.disputed:
        asked = charged(row)
    elif interest_on(terms, state, row) <= state.as_of:
        asked = charged(charge_all(terms, row, state.as_of))
    else:
        ahead = charged(later)
        now = charged(charge_all(terms, row, state.as_of)) if row.past_due else NOTHING
        asked = Parts(now.penalty, ahead.fee, ahead.interest, row.principal_minor)
    return OutlookRow(
        no=row.no,
        capture_no=row.capture_no,
        start_on=row.start_on,
        nominal_on=row.nominal_on,
        due_on=row.due_on,
        grace_on=row.grace_on,
        principal_minor=asked.principal,
        interest_minor=asked.interest,
        fee_minor=asked.fee,
        penalty_minor=asked.penalty,
        paid=row.paid,
        waived=row.waived,
        outstanding_minor=asked.minus(row.paid).minus(row.waived).total,
        past_due=row.past_due,
        disputed=row.disputed,
        settled_on=row.settled_on,
    )
