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
from billing.rules import decide_dates
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
    told = decide_dates.extend(debt(FIRST), today=FIRST, **asked)
    assert isinstance(told, Refusal)
    assert told.code == "on_capture_day"
    moved = decide_dates.extend(debt(date(2027, 1, 2)), today=date(2027, 1, 2), **asked)
    assert isinstance(moved, Moved)
    assert moved.after.instalments[0].due_on == date(2027, 2, 10)


def test_a_rate_above_the_laws_cap() -> None:
    capped = replace(
        debt(date(2027, 2, 10)), terms=replace(TERMS, cap_annual_rate=Decimal("0.24"), law_row="x")
    )
    told = decide.change_rate(capped, rate=Decimal("0.25"), on=date(2027, 2, 10), today=date(2027, 2, 10))
    assert told == Refusal("cap_exceeded", {"cap": "0.24", "rule": "x"})


@pytest.mark.parametrize(
    ("kind", "rate", "passes"),
    [
        ({"annual_rate": Decimal("0.18"), "day_count": "actual/365"}, "0.24", True),
        ({"annual_rate": Decimal("0.18"), "day_count": "actual/360"}, "0.236712328", True),
        ({"annual_rate": Decimal("0.18"), "day_count": "actual/360"}, "0.236712329", False),
        ({"annual_rate": None, "daily_rate": Decimal("0.0005"), "day_count": "actual/360"}, "0.000657", True),
        (
            {"annual_rate": None, "daily_rate": Decimal("0.0005"), "day_count": "actual/360"},
            "0.000658",
            False,
        ),
    ],
)
def test_a_new_rate_meets_the_cap_by_the_year(kind: dict[str, Any], rate: str, passes: bool) -> None:
    """0.2368 by actual/360 is 24.01 % a year; 0.000657 a day is 23.98 %, whatever the count."""
    on = date(2027, 2, 10)
    terms = replace(TERMS, cap_annual_rate=Decimal("0.24"), law_row="x", **kind)
    capped = replace(debt(on), terms=terms, state=replay(terms, EVENTS, on))
    told = decide.change_rate(capped, rate=Decimal(rate), on=on, today=on)
    planned = decide_dates.restructure(
        capped, capture_no=1, form="one_payment", instalments=1, period_unit="month", period_length=2,
        rate=Decimal(rate), capitalise=False, today=on,
    )  # fmt: skip
    if passes:
        assert isinstance(told, Moved)
        assert isinstance(planned, Moved)
    else:
        assert told == planned == Refusal("cap_exceeded", {"cap": "0.24", "rule": "x"})


def silence(on: date, today: date, until_on: date, amount_minor: int = 250_00) -> Moved[str] | Refusal:
    asked: dict[str, Any] = {"silence_id": UUID(int=6), "amount_minor": amount_minor, "until_on": until_on}
    return decide.silence(debt(today), on=on, today=today, **asked)


def test_a_silence_told_of_late_comes_to_the_same() -> None:
    on, later = date(2027, 2, 5), date(2027, 2, 20)
    in_time, late = silence(on, on, date(2027, 2, 14)), silence(on, later, date(2027, 2, 14))
    assert isinstance(in_time, Moved)
    assert isinstance(late, Moved)
    assert replay(TERMS, (*EVENTS, *in_time.events), later) == late.after
    assert late.after.silences == ()


@pytest.mark.parametrize(
    ("until_on", "amount_minor", "code"),
    [
        (date(2027, 2, 4), 1, "silence_out_of_range"),
        (date(2027, 2, 15), 1, "silence_out_of_range"),
        (date(2027, 2, 14), 0, "silence_exceeds_owed"),
        (date(2027, 2, 14), 1010_01, "silence_exceeds_owed"),
    ],
)
def test_a_silence_is_refused(until_on: date, amount_minor: int, code: str) -> None:
    told = silence(date(2027, 2, 5), date(2027, 2, 5), until_on, amount_minor)
    assert isinstance(told, Refusal)
    assert told.code == code


def test_one_silence_at_a_time() -> None:
    """Recorded for 5 to 9 February and over; one that would reach into it is refused, one after it is not."""
    first = silence(date(2027, 2, 5), date(2027, 2, 5), date(2027, 2, 9))
    assert isinstance(first, Moved)
    today = date(2027, 2, 20)
    events = (*EVENTS, *first.events)
    later = replace(debt(today), state=replay(TERMS, events, today), events=events)
    asked: dict[str, Any] = {"silence_id": UUID(int=7), "amount_minor": 1, "today": today}
    for on, until_on in ((3, 6), (9, 12)):
        told = decide.silence(later, on=date(2027, 2, on), until_on=date(2027, 2, until_on), **asked)
        assert told == Refusal("silence_open")
    told = decide.silence(later, on=date(2027, 2, 10), until_on=date(2027, 2, 12), **asked)
    assert isinstance(told, Moved)
    told = decide.end_silence(later, silence_id=UUID(int=6), outcome="charged", today=today)
    assert told == Refusal("silence_not_open")
