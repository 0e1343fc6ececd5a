"""Commands that move dates after the sale, or make new ones; refusals in the order written here.

`calendar` is that of the terms on the day of recording: it shifts the new dates, which travel in the event.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from billing.rules.decide import (
    moved_or_not,
    no_capture,
    not_judged,
    on_capture_day,
    rate_above_cap,
)
from billing.rules.decision import Drawdown, Moved, Refusal
from billing.rules.dispute import disputable_minor
from billing.rules.events import DueDateChanged, DueDayChanged, Extended, Restructured
from billing.rules.extension import extendable, is_monthly, movable, new_nominal_dates
from billing.rules.later_dates import dated
from billing.rules.moves import on_its_day
from billing.rules.rows import find_row
from billing.rules.schedule import last_grace_day
from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.terms import Form, MonthDay, PeriodUnit

Key = TypeVar("Key")

FARTHEST_DAYS = 366
"""How far one due date may move."""


def extend(
    drawdown: Drawdown[Key], *, from_no: int, days: int, interest: bool, fee_minor: int, today: date,
    calendar: Calendar = EVERY_DAY,
) -> Moved[Key] | Refusal:  # fmt: skip
    """All unsettled rows of the plan from `from_no` on move by as many days, into the future."""
    if refusal := not_judged(drawdown, "extend", today, today):
        return refusal
    if refusal := on_capture_day(drawdown, today):
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
    return moved_or_not(drawdown, dated(drawdown.terms, state, event, calendar), "extension", today)


def restructure(
    drawdown: Drawdown[Key], *, capture_no: int, form: Form, instalments: int, period_unit: PeriodUnit,
    period_length: int, rate: Decimal | None, capitalise: bool, today: date,
    calendar: Calendar = EVERY_DAY,
) -> Moved[Key] | Refusal:  # fmt: skip
    """The open principal of one capture gets a new plan from today on."""
    if refusal := not_judged(drawdown, "restructure", today, today):
        return refusal
    if refusal := no_capture(drawdown, capture_no):
        return refusal
    if refusal := on_capture_day(drawdown, today):
        return refusal
    if form == "flat_fee" or (form == "one_payment") != (instalments == 1):
        return Refusal("form_not_possible", {"form": form, "instalments": instalments})
    if rate is not None and (refusal := rate_above_cap(drawdown.terms, rate)):
        return refusal
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
    return moved_or_not(
        drawdown, dated(drawdown.terms, drawdown.state, event, calendar), "restructure", today
    )


def move_due_date(
    drawdown: Drawdown[Key], *, instalment_no: int, due_on: date, today: date, calendar: Calendar = EVERY_DAY
) -> Moved[Key] | Refusal:
    """One row falls due later, on a working day where the product shifts; its interest does not change."""
    if refusal := not_judged(drawdown, "move_due_date", today, today):
        return refusal
    if refusal := on_capture_day(drawdown, today):
        return refusal
    terms, state = drawdown.terms, on_its_day(drawdown, "move_due_date", on=today, today=today)
    row = find_row(state, instalment_no) if state else None
    if state is None or row is None:
        return Refusal("instalment_not_found", {"instalment_no": instalment_no})
    if not movable(row):
        return Refusal("due_date_not_movable", {"instalment_no": instalment_no})
    last_on = row.due_on + timedelta(FARTHEST_DAYS)
    if not row.due_on < due_on <= last_on:
        return Refusal("due_date_out_of_range", {"due_on": str(row.due_on), "last_on": str(last_on)})
    event = DueDateChanged(
        seq=drawdown.state.last_seq + 1,
        effective_on=today,
        instalment_no=instalment_no,
        due_on=due_on,
        grace_on=last_grace_day(terms, due_on),
    )
    return moved_or_not(drawdown, dated(terms, state, event, calendar), "due_date_change", today)


def change_due_day(
    drawdown: Drawdown[Key], *, due_day: MonthDay, offered: Sequence[MonthDay], today: date,
    calendar: Calendar = EVERY_DAY,
) -> Moved[Key] | Refusal:  # fmt: skip
    """The coming rows of all captures fall due on that day of the month, one of those `offered`; a capture
    that follows has the day of the terms.
    """
    if refusal := not_judged(drawdown, "change_due_day", today, today):
        return refusal
    if refusal := on_capture_day(drawdown, today):
        return refusal
    terms, state = drawdown.terms, on_its_day(drawdown, "change_due_day", on=today, today=today)
    if terms.due_rule != "bill_day" or state is None:
        return Refusal("due_day_not_possible")
    if due_day not in offered:
        return Refusal("due_day_not_offered", {"offered": ", ".join(map(str, offered))})
    captures = [capture.no for capture in state.captures]
    if not all(is_monthly(state, no) for no in captures):
        return Refusal("due_day_not_possible")
    new = [pair for no in captures for pair in new_nominal_dates(state, no, due_day).items()]
    if all(old_on == new_on for old_on, new_on in new):
        return Refusal("nothing_to_move")
    event = DueDayChanged(seq=drawdown.state.last_seq + 1, effective_on=today, due_day=due_day)
    return moved_or_not(drawdown, dated(terms, state, event, calendar), "due_date_change", today)
