"""Reversal of a receipt by `our_mistake`: the debt reopens from the notice (DOMAIN.md §9).

For `bounced` see replay.py.
"""

from datetime import date

from msgspec.structs import replace

from billing.rules.events import ReceiptReversed
from billing.rules.fees import charge_planned
from billing.rules.plan import HOW, replan
from billing.rules.rows import to_come, with_rows
from billing.rules.schedule import last_grace_day
from billing.rules.settle import charge_past_due, run_ended, settle_captures
from billing.rules.values import Instalment, Parts, Receipt, State
from products.rules.terms import Terms


def reopen(terms: Terms, state: State, event: ReceiptReversed) -> State:
    """What the receipt had paid is open again from the event's day; nothing accrued for the time between.

    Coming rows are planned anew as if the money had not come; those of which nothing is left stay settled.
    Raises ValueError if the receipt does not stand.
    """
    receipt = next((r for r in state.receipts if r.receipt_id == event.receipt_id), None)
    if receipt is None:
        raise ValueError(f"receipt {event.receipt_id} does not stand")
    state = replace(state, receipts=tuple(r for r in state.receipts if r is not receipt))
    unpaid = {part.instalment_no: part.paid for part in receipt.parts}
    fees = dict(receipt.prepayment_fees)
    touched = [row for row in state.instalments if row.no in unpaid]
    state = with_rows(
        state,
        [_reopen(terms, row, unpaid[row.no], fees.get(row.no, 0), event.effective_on) for row in touched],
    )
    for capture_no in {row.capture_no for row in touched if _was_ahead(row, receipt)}:
        state = _awake(terms, state, capture_no, event.effective_on)
        if to_come(state, capture_no) and terms.prepayment != "next":
            state, _ = replan(terms, state, capture_no, how=HOW[terms.prepayment])
    return settle_captures(terms, state, {row.capture_no for row in touched})


def _was_ahead(row: Instalment, receipt: Receipt) -> bool:
    return receipt.received_on < row.charge_on


def _awake(terms: Terms, state: State, capture_no: int, on: date) -> State:
    """Rows that the receipt had closed by closing the capture are alive again; fees of periods past are
    due.
    """
    woken = []
    for row in state.instalments:
        if row.capture_no != capture_no or not (row.settled_on or row.planned_fee_minor):
            continue
        if row.charge_on > on:
            row = replace(row, settled_on=None)
        elif row.planned_fee_minor:
            row = _late(terms, charge_planned(terms, replace(row, settled_on=None, reopened_on=on)), on)
        woken.append(row)
    return with_rows(state, woken)


def _reopen(terms: Terms, row: Instalment, unpaid: Parts, fee_minor: int, notice_on: date) -> Instalment:
    row = replace(
        row,
        paid=row.paid.minus(unpaid),
        fee_minor=row.fee_minor - fee_minor,
        settled_on=None,
        reopened_on=notice_on,
    )
    return _late(terms, row, notice_on)


def _late(terms: Terms, row: Instalment, notice_on: date) -> Instalment:
    """Once the due date has passed, the notice takes its place: for grace, penalty and days past due.

    A penalty run ends there: what it came to stays owed, in a new grace nothing is added to it.
    """
    if notice_on <= row.due_on:
        return row
    return replace(
        run_ended(charge_past_due(terms, row, notice_on)),
        due_on=notice_on,
        grace_on=last_grace_day(terms, notice_on),
    )
