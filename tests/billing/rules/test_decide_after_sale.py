"""Commands after the sale on values alone: refusals in their order; one and the same whether recorded late
or in time.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from billing.rules import decide_after_sale as decide
from billing.rules.decision import Drawdown, Moved, Refusal
from billing.rules.events import Authorised, Captured, Event
from billing.rules.replay import replay
from tests.billing.rules.plans import a_plan
from tests.billing.rules.stories import a_parties

FIRST = date(2027, 1, 1)
TERMS = a_plan(form="equal_principal", instalments=4, annual_rate=Decimal("0.12"))
EVENTS: tuple[Event, ...] = (
    Authorised(seq=1, effective_on=FIRST, amount_minor=1000_00, expires_on=date(2030, 1, 1)),
    Captured(seq=2, effective_on=FIRST, capture_no=1, amount_minor=1000_00, booked_on=FIRST),
)


def debt(on: date) -> Drawdown[str]:
    state = replay(TERMS, EVENTS, on)
    return Drawdown(key="d", terms=TERMS, parties=a_parties(TERMS), state=state, events=EVENTS)


def waiver(on: date, today: date, **parts: int) -> Moved[str] | Refusal:
    wanted = {"penalty_minor": 0, "fee_minor": 0, "interest_minor": 0} | parts
    return decide.waive(debt(today), waiver_id=UUID(int=5), instalment_no=1, on=on, today=today, **wanted)


def test_recorded_late_it_comes_to_the_same() -> None:
    """4.00 of the first month's 10.00 forgiven on 10 February, told on that day or a month later."""
    on, later = date(2027, 2, 10), date(2027, 3, 10)
    in_time, late = waiver(on, on, interest_minor=4_00), waiver(on, later, interest_minor=4_00)
    assert isinstance(in_time, Moved)
    assert isinstance(late, Moved)
    assert replay(TERMS, (*EVENTS, *in_time.events), later) == late.after
    assert late.after.instalments[0].waived.interest == 4_00


@pytest.mark.parametrize(
    ("on", "today", "parts", "code"),
    [
        (date(2027, 2, 11), date(2027, 2, 10), {}, "effective_in_future"),
        (date(2026, 12, 31), date(2027, 2, 10), {}, "before_capture"),
        (date(2027, 2, 10), date(2027, 2, 10), {}, "waiver_exceeds_owed"),
        (date(2027, 2, 10), date(2027, 2, 10), {"interest_minor": 10_01}, "waiver_exceeds_owed"),
        (date(2027, 1, 16), date(2027, 2, 10), {"interest_minor": 5_01}, "waiver_exceeds_owed"),
    ],
)
def test_a_waiver_is_judged_on_its_own_day(on: date, today: date, parts: dict[str, int], code: str) -> None:
    told = waiver(on, today, **parts)
    assert isinstance(told, Refusal)
    assert told.code == code


def test_terms_do_not_change_on_the_day_of_a_capture() -> None:
    asked: dict[str, Any] = {"from_no": 1, "days": 9, "interest": True, "fee_minor": 0}
    told = decide.extend(debt(FIRST), today=FIRST, **asked)
    assert isinstance(told, Refusal)
    assert told.code == "on_capture_day"
    moved = decide.extend(debt(date(2027, 1, 2)), today=date(2027, 1, 2), **asked)
    assert isinstance(moved, Moved)
    assert moved.after.instalments[0].due_on == date(2027, 2, 10)


def test_a_rate_above_the_laws_cap() -> None:
    capped = replace(
        debt(date(2027, 2, 10)), terms=replace(TERMS, cap_annual_rate=Decimal("0.24"), law_row="x")
    )
    told = decide.change_rate(capped, rate=Decimal("0.25"), on=date(2027, 2, 10), today=date(2027, 2, 10))
    assert told == Refusal("cap_exceeded", {"cap": "0.24", "rule": "x"})
