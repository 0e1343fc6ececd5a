"""Commands after the sale: what each would do, or why it is refused; refusals in the order written here.

`today` is the business date of recording, `on` the day the command counts for.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeVar
from uuid import UUID

from billing.rules.decide import wrong_state
from billing.rules.decision import Drawdown, JournalKind, Moved, Refusal
from billing.rules.dispute import disputable_minor
from billing.rules.events import (
    ChargeAdded,
    Disputed,
    DisputeResolved,
    Event,
    Extended,
    InterestPaused,
    RateChanged,
    Restructured,
    Waived,
    WrittenOff,
)
from billing.rules.extension import extendable
from billing.rules.moves import move, on_its_day
from billing.rules.settle import owed
from billing.rules.state import Move
from products.rules.terms import Form, PeriodUnit

Key = TypeVar("Key")


def waive(
    drawdown: Drawdown[Key], *, waiver_id: UUID, instalment_no: int, penalty_minor: int, fee_minor: int,
    interest_minor: int, on: date, today: date,
) -> Moved[Key] | Refusal:  # fmt: skip
    """Forgive charges of one row, at most what it owes that day; principal is never waived."""
    if refusal := _early(drawdown, "waive", on, today):
        return refusal
    state = on_its_day(drawdown, "waive", on=on, today=today)
    row = next((r for r in state.instalments if r.no == instalment_no), None) if state else None
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
    return _moved(drawdown, event, "waiver", today)


def add_charge(
    drawdown: Drawdown[Key], *, charge_id: UUID, capture_no: int, amount_minor: int, due_on: date, today: date
) -> Moved[Key] | Refusal:
    """An explicit fee, charged today and due on its own date."""
    if refusal := _early(drawdown, "charge", today, today):
        return refusal
    if refusal := _no_capture(drawdown, capture_no):
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
    return _moved(drawdown, event, "charge", today)


def open_dispute(
    drawdown: Drawdown[Key], *, dispute_id: UUID, capture_no: int, amount_minor: int, on: date, today: date
) -> Moved[Key] | Refusal:
    """Goods in dispute: only their amount stops. One open dispute a capture."""
    if refusal := _early(drawdown, "dispute", on, today):
        return refusal
    if refusal := _no_capture(drawdown, capture_no):
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
    return _moved(drawdown, event, "dispute", today)


def resolve_dispute(
    drawdown: Drawdown[Key], *, dispute_id: UUID, verdict: Literal["won", "lost"], today: date
) -> Moved[Key] | Refusal:
    """Lost by the buyer, its amount is due again; won, a refund follows."""
    if refusal := _early(drawdown, "resolve_dispute", today, today):
        return refusal
    if not any(dispute.dispute_id == dispute_id for dispute in drawdown.state.disputes):
        return Refusal("dispute_not_open")
    event = DisputeResolved(
        seq=drawdown.state.last_seq + 1, effective_on=today, dispute_id=dispute_id, verdict=verdict
    )
    return _moved(drawdown, event, "dispute", today)


def pause_interest(
    drawdown: Drawdown[Key], *, from_on: date, until_on: date, today: date
) -> Moved[Key] | Refusal:
    """No contract interest for the nights from `from_on` (not in the future) to `until_on`, both
    inclusive.
    """
    if refusal := _early(drawdown, "pause_interest", from_on, today):
        return refusal
    if not from_on <= until_on <= today + timedelta(366):
        return Refusal("pause_out_of_range", {"from_on": str(from_on)})
    event = InterestPaused(seq=drawdown.state.last_seq + 1, effective_on=from_on, until_on=until_on)
    return _moved(drawdown, event, "rate_change", today)


def change_rate(drawdown: Drawdown[Key], *, rate: Decimal, on: date, today: date) -> Moved[Key] | Refusal:
    """From the night of `on` on, of the terms' own kind; never above the law's cap."""
    if refusal := _early(drawdown, "change_rate", on, today):
        return refusal
    terms = drawdown.terms
    yearly = rate * (365 if terms.is_daily else 1)
    if terms.cap_annual_rate is not None and yearly > terms.cap_annual_rate:
        return Refusal("cap_exceeded", {"cap": f"{terms.cap_annual_rate:f}", "rule": terms.law_row})
    event = RateChanged(seq=drawdown.state.last_seq + 1, effective_on=on, rate=rate)
    return _moved(drawdown, event, "rate_change", today)


def extend(
    drawdown: Drawdown[Key], *, from_no: int, days: int, interest: bool, fee_minor: int, today: date
) -> Moved[Key] | Refusal:
    """All unsettled rows of the plan from `from_no` on move by as many days, into the future."""
    if refusal := _early(drawdown, "extend", today, today):
        return refusal
    if refusal := _capture_day(drawdown, today):
        return refusal
    state = on_its_day(drawdown, "extend", on=today, today=today)
    if state is None or not extendable(state, from_no, days):
        return Refusal("nothing_to_extend", {"instalment_no": from_no})
    event = Extended(
        seq=drawdown.state.last_seq + 1,
        effective_on=today,
        from_no=from_no,
        days=days,
        interest=interest,
        fee_minor=fee_minor,
    )
    return _moved(drawdown, event, "extension", today)


def restructure(
    drawdown: Drawdown[Key], *, capture_no: int, form: Form, instalments: int, period_unit: PeriodUnit,
    period_length: int, rate: Decimal | None, capitalise: bool, today: date,
) -> Moved[Key] | Refusal:  # fmt: skip
    """The open principal of one capture gets a new plan from today on."""
    if refusal := _early(drawdown, "restructure", today, today):
        return refusal
    if refusal := _no_capture(drawdown, capture_no):
        return refusal
    if refusal := _capture_day(drawdown, today):
        return refusal
    if form == "flat_fee" or (form == "one_payment") != (instalments == 1):
        return Refusal("form_not_possible", {"form": form, "instalments": instalments})
    if not disputable_minor(drawdown.state, capture_no):
        return Refusal("nothing_to_restructure", {"capture_no": capture_no})
    event = Restructured(
        seq=drawdown.state.last_seq + 1,
        effective_on=today,
        capture_no=capture_no,
        form=form,
        instalments=instalments,
        period_unit=period_unit,
        period_length=period_length,
        rate=rate,
        capitalise=capitalise,
    )
    return _moved(drawdown, event, "restructure", today)


def write_off(drawdown: Drawdown[Key], *, today: date) -> Moved[Key] | Refusal:
    """Changes the books; the buyer owes the same, and the line is still used."""
    if refusal := _early(drawdown, "write_off", today, today):
        return refusal
    if drawdown.state.write_off is not None:
        return Refusal("written_off_already", {"on": str(drawdown.state.write_off.on)})
    event = WrittenOff(seq=drawdown.state.last_seq + 1, effective_on=today)
    return _moved(drawdown, event, "write_off", today)


def _early(drawdown: Drawdown[Key], kind: Move, on: date, today: date) -> Refusal | None:
    """What is asked of every command: its day, the first capture behind it, the state of that day."""
    if on > today:
        return Refusal("effective_in_future", {"today": str(today)})
    first_on = min((capture.captured_on for capture in drawdown.state.captures), default=on)
    if on < first_on:
        return Refusal("before_capture", {"captured_on": str(first_on)})
    return wrong_state(drawdown, kind, on=on, today=today)


def _capture_day(drawdown: Drawdown[Key], today: date) -> Refusal | None:
    """Changes of terms count before what else a day brings: on its own day a capture has nothing to
    change.
    """
    latest = max(capture.captured_on for capture in drawdown.state.captures)
    return Refusal("on_capture_day", {"captured_on": str(latest)}) if today <= latest else None


def _no_capture(drawdown: Drawdown[Key], capture_no: int) -> Refusal | None:
    if any(capture.no == capture_no for capture in drawdown.state.captures):
        return None
    return Refusal("capture_not_found", {"capture_no": capture_no})


def _moved(drawdown: Drawdown[Key], event: Event, cause: JournalKind, today: date) -> Moved[Key] | Refusal:
    """A day that lies before what was recorded since may leave nothing of it possible: refused, not half
    done.
    """
    try:
        return move(drawdown, event, cause, today=today)
    except ValueError:
        if drawdown.events is None:
            raise
        return Refusal("not_possible_any_more", {"on": str(event.effective_on)})
