"""Reversal of a receipt by `our_mistake`: the debt reopens from the notice (DOMAIN.md §9).

For `bounced` see replay.py.
"""

from msgspec.structs import replace

from billing.rules.accrual import closed
from billing.rules.events import ReceiptReversed
from billing.rules.schedule import last_grace_day
from billing.rules.settle import charge_penalty
from billing.rules.values import Instalment, Parts, State
from products.rules.terms import Terms


def reopen(terms: Terms, state: State, event: ReceiptReversed) -> State:
    """What the receipt had paid is open again from the event's day; nothing accrued for the time between.

    Raises ValueError if the receipt does not stand.
    """
    receipt = next((r for r in state.receipts if r.receipt_id == event.receipt_id), None)
    if receipt is None:
        raise ValueError(f"receipt {event.receipt_id} does not stand")
    unpaid = {part.instalment_no: part.paid for part in receipt.parts}
    return replace(
        state,
        receipts=tuple(r for r in state.receipts if r is not receipt),
        instalments=tuple(
            _reopen(terms, i, unpaid[i.no], event) if i.no in unpaid else i for i in state.instalments
        ),
    )


def _reopen(terms: Terms, instalment: Instalment, unpaid: Parts, event: ReceiptReversed) -> Instalment:
    """Once the due date has passed, the notice takes its place: for grace, penalty and days past due.

    A penalty run ends there: what it came to stays owed, in a new grace nothing is added to it.
    """
    notice_on = event.effective_on
    late = notice_on > instalment.due_on
    instalment = replace(
        instalment, paid=instalment.paid.minus(unpaid), settled_on=None, reopened_on=notice_on
    )
    if not late:
        return instalment
    return replace(
        instalment,
        penalty=closed(charge_penalty(terms, instalment, notice_on).penalty),
        past_due=False,
        due_on=notice_on,
        grace_on=last_grace_day(terms, notice_on),
    )
