"""Commands after the sale: what each would do, or why it is refused; refusals in the order written here.

`today` is the business date of recording, `on` the day the command counts for.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeVar
from uuid import UUID

from billing.rules.decide import moved_or_not, no_capture, not_judged, rate_above_cap
from billing.rules.decision import Drawdown, Moved, Refusal
from billing.rules.dispute import disputable_minor
from billing.rules.events import (
    ChargeAdded,
    Disputed,
    DisputeResolved,
    InterestPaused,
    RateChanged,
    Silenced,
    SilenceEnded,
    Waived,
    WrittenOff,
)
from billing.rules.later_dates import dated
from billing.rules.moves import on_its_day
from billing.rules.rows import find_row
from billing.rules.settle import owed, unpaid
from products.rules.calendar import EVERY_DAY, Calendar

Key = TypeVar("Key")


def waive(
    drawdown: Drawdown[Key], *, waiver_id: UUID, instalment_no: int, penalty_minor: int, fee_minor: int,
    interest_minor: int, on: date, today: date,
) -> Moved[Key] | Refusal:  # fmt: skip
    """Forgive charges of one row, at most what it owes that day; principal is never waived."""
    if refusal := not_judged(drawdown, "waive", on, today):
        return refusal
    state = on_its_day(drawdown, "waive", on=on, today=today)
    row = find_row(state, instalment_no) if state else None
    if state is None or row is None:
        return Refusal("instalment_not_found", {"instalment_no": instalment_no})
    asked = owed(drawdown.terms, state, row)
    wanted = (penalty_minor, fee_minor, interest_minor)
    if not any(wanted) or any(
        w > a for w, a in zip(wanted, (asked.penalty, asked.fee, asked.interest), strict=True)
    ):
        left = {"penalty_minor": asked.penalty, "fee_minor": asked.fee, "interest_minor": asked.interest}
        return Refusal("waiver_exceeds_owed", dict(left))
    event = Waived(
        seq=drawdown.state.last_seq + 1,
        effective_on=on,
        waiver_id=waiver_id,
        instalment_no=instalment_no,
        penalty_minor=penalty_minor,
        fee_minor=fee_minor,
        interest_minor=interest_minor,
    )
    return moved_or_not(drawdown, event, "waiver", today)


def add_charge(
    drawdown: Drawdown[Key], *, charge_id: UUID, capture_no: int, amount_minor: int, due_on: date,
    today: date, calendar: Calendar = EVERY_DAY,
) -> Moved[Key] | Refusal:  # fmt: skip
    """An explicit fee, charged today and due on its own date; its grace ends on a working day."""
    if refusal := not_judged(drawdown, "charge", today, today):
        return refusal
    if refusal := no_capture(drawdown, capture_no):
        return refusal
    if due_on < today:
        return Refusal("due_in_past", {"today": str(today)})
    event = ChargeAdded(
        seq=drawdown.state.last_seq + 1,
        effective_on=today,
        charge_id=charge_id,
        capture_no=capture_no,
        amount_minor=amount_minor,
        due_on=due_on,
    )
    return moved_or_not(drawdown, dated(drawdown.terms, drawdown.state, event, calendar), "charge", today)


def open_dispute(
    drawdown: Drawdown[Key], *, dispute_id: UUID, capture_no: int, amount_minor: int, on: date, today: date
) -> Moved[Key] | Refusal:
    """Goods in dispute: only their amount stops. One open dispute a capture."""
    if refusal := not_judged(drawdown, "dispute", on, today):
        return refusal
    if refusal := no_capture(drawdown, capture_no):
        return refusal
    if any(dispute.capture_no == capture_no for dispute in drawdown.state.disputes):
        return Refusal("dispute_open", {"capture_no": capture_no})
    state = on_its_day(drawdown, "dispute", on=on, today=today)
    open_minor = disputable_minor(state, capture_no) if state else 0
    if not 0 < amount_minor <= open_minor:
        return Refusal("dispute_exceeds_open", {"open_minor": open_minor})
    event = Disputed(
        seq=drawdown.state.last_seq + 1,
        effective_on=on,
        dispute_id=dispute_id,
        capture_no=capture_no,
        amount_minor=amount_minor,
    )
    return moved_or_not(drawdown, event, "dispute", today)


def resolve_dispute(
    drawdown: Drawdown[Key], *, dispute_id: UUID, verdict: Literal["won", "lost"], today: date,
    calendar: Calendar = EVERY_DAY,
) -> Moved[Key] | Refusal:  # fmt: skip
    """Lost by the buyer, its amount is due again; won, a refund follows."""
    if refusal := not_judged(drawdown, "resolve_dispute", today, today):
        return refusal
    if not any(dispute.dispute_id == dispute_id for dispute in drawdown.state.disputes):
        return Refusal("dispute_not_open")
    event = DisputeResolved(
        seq=drawdown.state.last_seq + 1, effective_on=today, dispute_id=dispute_id, verdict=verdict
    )
    return moved_or_not(drawdown, dated(drawdown.terms, drawdown.state, event, calendar), "dispute", today)


def pause_interest(
    drawdown: Drawdown[Key], *, from_on: date, until_on: date, today: date
) -> Moved[Key] | Refusal:
    """No contract interest for the nights from `from_on` (not in the future) to `until_on`, both
    inclusive.
    """
    if refusal := not_judged(drawdown, "pause_interest", from_on, today):
        return refusal
    if not from_on <= until_on <= today + timedelta(366):
        return Refusal("pause_out_of_range", {"from_on": str(from_on)})
    event = InterestPaused(seq=drawdown.state.last_seq + 1, effective_on=from_on, until_on=until_on)
    return moved_or_not(drawdown, event, "rate_change", today)


def change_rate(drawdown: Drawdown[Key], *, rate: Decimal, on: date, today: date) -> Moved[Key] | Refusal:
    """From the night of `on` on, of the terms' own kind; never above the law's cap."""
    if refusal := not_judged(drawdown, "change_rate", on, today):
        return refusal
    terms = drawdown.terms
    if terms.rate_reset != "fixed":
        return Refusal("rate_floats", {"index": terms.rate_index})
    if refusal := rate_above_cap(terms, rate):
        return refusal
    event = RateChanged(seq=drawdown.state.last_seq + 1, effective_on=on, rate=rate)
    return moved_or_not(drawdown, event, "rate_change", today)


def write_off(drawdown: Drawdown[Key], *, today: date) -> Moved[Key] | Refusal:
    """Changes the books; the buyer owes the same, and the line is still used."""
    if refusal := not_judged(drawdown, "write_off", today, today):
        return refusal
    if drawdown.state.write_off is not None:
        return Refusal("written_off_already", {"on": str(drawdown.state.write_off.on)})
    event = WrittenOff(seq=drawdown.state.last_seq + 1, effective_on=today)
    return moved_or_not(drawdown, event, "write_off", today)


def silence(
    drawdown: Drawdown[Key], *, silence_id: UUID, amount_minor: int, until_on: date, on: date, today: date
) -> Moved[Key] | Refusal:
    """From the night of `on` to that of `until_on` penalty on so much of what is owed is held back. One at a
    time: penalties noted apart are told of together.
    """
    if refusal := not_judged(drawdown, "silence", on, today):
        return refusal
    last_on = on + timedelta(drawdown.terms.silence_days - 1)
    if not on <= until_on <= last_on:
        return Refusal("silence_out_of_range", {"from_on": str(on), "last_on": str(last_on)})
    state = on_its_day(drawdown, "silence", on=on, today=today)
    if state is None or state.silences or _silenced_later(drawdown, on, until_on):
        return Refusal("silence_open")
    owed_minor = sum(unpaid(row).total for row in state.instalments if not row.disputed)
    if not 0 < amount_minor <= owed_minor:
        return Refusal("silence_exceeds_owed", {"owed_minor": owed_minor})
    event = Silenced(
        seq=drawdown.state.last_seq + 1,
        effective_on=on,
        silence_id=silence_id,
        amount_minor=amount_minor,
        until_on=until_on,
    )
    return moved_or_not(drawdown, event, "silence", today)


def end_silence(
    drawdown: Drawdown[Key], *, silence_id: UUID, outcome: Literal["charged", "falls_away"], today: date
) -> Moved[Key] | Refusal:
    """Before its last day: the penalty held back is charged, or falls away."""
    if refusal := not_judged(drawdown, "end_silence", today, today):
        return refusal
    state = on_its_day(drawdown, "end_silence", on=today, today=today)
    if state is None or not any(silence.silence_id == silence_id for silence in state.silences):
        return Refusal("silence_not_open")
    event = SilenceEnded(
        seq=drawdown.state.last_seq + 1, effective_on=today, silence_id=silence_id, outcome=outcome
    )
    return moved_or_not(drawdown, event, "silence", today)


def _silenced_later(drawdown: Drawdown[Key], on: date, until_on: date) -> bool:
    """Whether one recorded already begins within these nights."""
    return any(
        on <= event.effective_on <= until_on for event in drawdown.events or () if isinstance(event, Silenced)
    )
