"""Dates after the sale on values alone: shifted by the calendar where they are decided, the same whenever
they are replayed.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from billing.rules import decide_after_sale, decide_dates
from billing.rules.decision import Drawdown, Moved, Refusal
from billing.rules.events import Authorised, Captured, Event, Extended
from billing.rules.extension import new_nominal_dates
from billing.rules.later_dates import dated
from billing.rules.replay import replay
from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.terms import Terms
from tests.billing.rules.plans import a_plan
from tests.billing.rules.stories import a_parties

FIRST = date(2027, 1, 1)
NEXT = date(2027, 1, 2)
TERMS = a_plan(
    form="equal_principal", instalments=4, annual_rate=Decimal("0.12"), grace_days=3, shift="following"
)
WEEKENDS = Calendar(weekend=frozenset({6, 7}))
EVENTS: tuple[Event, ...] = (
    Authorised(seq=1, effective_on=FIRST, amount_minor=1000_00, expires_on=date(2030, 1, 1)),
    Captured(seq=2, effective_on=FIRST, capture_no=1, amount_minor=1000_00, booked_on=FIRST),
)


def debt(on: date, terms: Terms = TERMS, events: tuple[Event, ...] = EVENTS) -> Drawdown[str]:
    state = replay(terms, events, on)
    return Drawdown(key="d", terms=terms, parties=a_parties(terms), state=state, events=events)


def done(told: Moved[str] | Refusal) -> Moved[str]:
    assert isinstance(told, Moved), told
    return told


def due(moved: Moved[str]) -> list[tuple[date, date, date]]:
    return [(row.nominal_on, row.due_on, row.grace_on) for row in moved.after.instalments]


def test_extended_dates_are_shifted_and_travel_in_the_event() -> None:
    """1 February + 12 days is Saturday the 13th: due on Monday the 15th, grace until Thursday the 18th."""
    asked: dict[str, Any] = {"from_no": 1, "days": 12, "interest": True, "fee_minor": 0, "today": NEXT}
    moved = done(decide_dates.extend(debt(NEXT), **asked, calendar=WEEKENDS))
    assert due(moved)[0] == (date(2027, 2, 13), date(2027, 2, 15), date(2027, 2, 18))
    assert replay(TERMS, (*EVENTS, *moved.events), NEXT) == moved.after
    plain = done(decide_dates.extend(debt(NEXT), **asked))
    assert due(plain)[0] == (date(2027, 2, 13), date(2027, 2, 13), date(2027, 2, 16))
    assert [row.interest for row in moved.after.instalments] == [
        row.interest for row in plain.after.instalments
    ]


def test_nothing_that_moves_is_due_today() -> None:
    """Past due since 1 February; on Friday the 12th extended by 12 days, `preceding`: not Friday itself."""
    terms = replace(TERMS, shift="preceding")
    today = date(2027, 2, 12)
    asked: dict[str, Any] = {"from_no": 1, "days": 12, "interest": True, "fee_minor": 0, "today": today}
    moved = done(decide_dates.extend(debt(today, terms), **asked, calendar=WEEKENDS))
    assert due(moved)[0] == (date(2027, 2, 13), date(2027, 2, 15), date(2027, 2, 18))


def test_what_opens_again_has_shifted_dates_too() -> None:
    """Row 1 is settled when the debt is extended: its dates are in the event all the same."""
    today = date(2027, 1, 5)
    event = Extended(seq=3, effective_on=today, from_no=1, days=12)
    made = dated(TERMS, debt(today).state, event, WEEKENDS)
    assert isinstance(made, Extended)
    assert [on.due_on for on in made.dates] == [
        date(2027, 2, 15),
        date(2027, 3, 15),
        date(2027, 4, 13),
        date(2027, 5, 13),
    ]
    assert dated(TERMS, debt(today).state, event, EVERY_DAY) is event


def test_a_new_plan_is_shifted() -> None:
    """From Wednesday 6 January every three days: Saturday the 9th is Monday the 11th; then the 12th."""
    today = date(2027, 1, 6)
    moved = done(
        decide_dates.restructure(
            debt(today), capture_no=1, form="equal_principal", instalments=2, period_unit="day",
            period_length=3, rate=None, capitalise=False, today=today, calendar=WEEKENDS,
        )
    )  # fmt: skip
    assert due(moved)[-2:] == [
        (date(2027, 1, 9), date(2027, 1, 11), date(2027, 1, 14)),
        (date(2027, 1, 12), date(2027, 1, 12), date(2027, 1, 15)),
    ]


def test_grace_of_a_charge_ends_on_a_working_day() -> None:
    moved = done(
        decide_after_sale.add_charge(
            debt(NEXT), charge_id=UUID(int=5), capture_no=1, amount_minor=500, due_on=date(2027, 1, 6),
            today=NEXT, calendar=WEEKENDS,
        )
    )  # fmt: skip
    assert due(moved)[-1] == (date(2027, 1, 6), date(2027, 1, 6), date(2027, 1, 11))


def test_a_lost_dispute_is_due_on_a_working_day() -> None:
    terms = replace(TERMS, dispute_days=30)
    opened = done(
        decide_after_sale.open_dispute(
            debt(NEXT, terms), dispute_id=UUID(int=7), capture_no=1, amount_minor=100_00, on=NEXT, today=NEXT
        )
    )
    later = date(2027, 4, 1)
    lost = done(
        decide_after_sale.resolve_dispute(
            debt(later, terms, (*EVENTS, *opened.events)), dispute_id=UUID(int=7), verdict="lost",
            today=later, calendar=WEEKENDS,
        )
    )  # fmt: skip
    row = next(row for row in lost.after.instalments if row.no == 104)
    assert (row.due_on, row.grace_on) == (date(2027, 5, 3), date(2027, 5, 6))


def test_every_second_month_stays_so_and_parts_go_with_their_row() -> None:
    terms = replace(TERMS, due_rule="bill_day", bill_day=1, due_day=20, period_length=2)
    opened = done(
        decide_after_sale.open_dispute(
            debt(NEXT, terms), dispute_id=UUID(int=7), capture_no=1, amount_minor=300_00, on=NEXT, today=NEXT
        )
    )
    events = (*EVENTS, *opened.events)
    lost = done(
        decide_after_sale.resolve_dispute(
            debt(NEXT, terms, events), dispute_id=UUID(int=7), verdict="lost", today=NEXT
        )
    )
    later = date(2027, 1, 3)
    before = debt(later, terms, (*events, *lost.events))
    assert new_nominal_dates(before.state, 1, 10) == {
        date(2027, 2, 20): date(2027, 3, 10),
        date(2027, 4, 20): date(2027, 5, 10),
        date(2027, 6, 20): date(2027, 7, 10),
        date(2027, 8, 20): date(2027, 9, 10),
    }
    moved = done(decide_dates.change_due_day(before, due_day=10, offered=[10, 20], today=later))
    by_no = {row.no: row for row in moved.after.instalments}
    assert by_no[104].nominal_on == by_no[4].nominal_on == date(2027, 9, 10)
    assert (by_no[2].start_on, by_no[2].months, by_no[1].months) == (date(2027, 3, 10), 2, 0)


@pytest.mark.parametrize(
    ("due_day", "terms", "code"),
    [
        (10, {}, "due_day_not_possible"),
        (11, {"due_rule": "bill_day"}, "due_day_not_offered"),
        (10, {"due_rule": "bill_day", "due_day": 10}, "nothing_to_move"),
    ],
)
def test_a_due_day_is_refused(due_day: int, terms: dict[str, Any], code: str) -> None:
    before = debt(NEXT, replace(TERMS, **terms))
    told = decide_dates.change_due_day(before, due_day=due_day, offered=[10, 20], today=NEXT)
    assert isinstance(told, Refusal)
    assert told.code == code
