"""Commands on all drawdowns that one receipt reaches: shared out by the grid, or reversed."""

from collections.abc import Hashable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from billing.rules.accounts import Parties, post
from billing.rules.allocation import share
from billing.rules.decide import moved_or_not, wrong_state
from billing.rules.decision import Drawdown, Moved, Refusal, Settlement
from billing.rules.events import ReceiptReversed, Received, ReversalReason, Source
from billing.rules.moves import on_its_day
from billing.rules.values import Totals

Key = TypeVar("Key", bound=Hashable)


def receive(
    drawdowns: Sequence[Drawdown[Key]],
    *,
    parties: Parties,
    receipt_id: UUID,
    amount_minor: int,
    on: date,
    today: date,
    advance: bool = False,
    named: Key | None = None,
    source: Source = "cash",
) -> Settlement[Key] | Refusal:
    """Money of one buyer shared out on its day over the drawdowns, given in the order of their numbers.

    What reaches none is credit balance, booked for `parties`. Raises ValueError unless the amount is above 0.
    """
    if amount_minor <= 0:
        raise ValueError(f"not an amount to receive: {amount_minor}")
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    by_key = {drawdown.key: drawdown for drawdown in drawdowns}
    if named is not None:
        if refusal := wrong_state(by_key[named], "receive", on=on, today=today):
            return refusal
        if advance and by_key[named].terms.early_payment == "refused":
            return Refusal("early_payment_refused")
    states = [(d.key, d.terms, on_its_day(d, "receive", on=on, today=today)) for d in drawdowns]
    existing = [(key, terms, state) for key, terms, state in states if state is not None]
    allotted, rest_minor = share(existing, amount_minor, advance=advance, named=named)
    moved = []
    for key, part_minor in allotted:
        event = Received(
            seq=by_key[key].state.last_seq + 1,
            effective_on=on,
            receipt_id=receipt_id,
            amount_minor=part_minor,
            advance=advance or key == named,
            source=source,
        )
        told = moved_or_not(by_key[key], event, "receipt", today)
        if isinstance(told, Refusal):
            return told
        moved.append(told)
    return _settlement(moved, rest_minor, source, parties)


def reverse_receipt(
    drawdowns: Sequence[Drawdown[Key]],
    *,
    parties: Parties,
    receipt_id: UUID,
    reason: ReversalReason,
    rest_minor: int,
    source: Source = "cash",
    on: date,
    today: date,
) -> Settlement[Key] | Refusal:
    """Take a receipt out of all the drawdowns it was allotted to, and its rest out of the credit balance."""
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    for drawdown in drawdowns:
        standing = next((r for r in drawdown.state.receipts if r.receipt_id == receipt_id), None)
        if standing is None:
            return Refusal("receipt_not_standing")
        if on < standing.received_on:
            return Refusal("before_receipt", {"received_on": str(standing.received_on)})
        if refusal := wrong_state(drawdown, "reverse_receipt", on=on, today=today):
            return refusal
    moved = []
    for drawdown in drawdowns:
        event = ReceiptReversed(
            seq=drawdown.state.last_seq + 1, effective_on=on, receipt_id=receipt_id, reason=reason
        )
        told = moved_or_not(drawdown, event, "receipt_reversed", today)
        if isinstance(told, Refusal):
            return told
        moved.append(told)
    return _settlement(moved, -rest_minor, source, parties)


def _settlement(
    moved: list[Moved[Key]], rest_minor: int, source: Source, parties: Parties
) -> Settlement[Key]:
    """A rest of the credit balance has never left it; a rest of cash is booked there."""
    booked_minor = rest_minor if source == "cash" else 0
    return Settlement(
        moved=tuple(moved),
        rest_minor=rest_minor,
        rest_postings=post(
            Totals(), Totals(received_cash=booked_minor, excess=booked_minor), parties=parties
        ),
        credit_minor=booked_minor + sum(one.credit_minor for one in moved),
    )
