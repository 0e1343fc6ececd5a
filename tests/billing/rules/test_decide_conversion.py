"""Conversion on values alone: what leaves one drawdown is what the other begins with, and it stays so
whatever is told of later.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from billing.rules.accounts import Posting
from billing.rules.conversion import convert_out
from billing.rules.decide import refund
from billing.rules.decide_conversion import Conversion, convert
from billing.rules.decide_receipt import receive
from billing.rules.decision import Drawdown, Moved, Refusal, Settlement
from billing.rules.events import Authorised, Captured, Converted, Event
from billing.rules.replay import replay
from billing.rules.state import outstanding_minor, project
from products.rules.terms import Terms
from tests.billing.rules.plans import a_plan
from tests.billing.rules.stories import a_parties

FIRST, DAY = date(2027, 1, 1), date(2027, 1, 16)
TERMS = a_plan(form="equal_principal", instalments=4, annual_rate=Decimal("0.12"), day_count="30/360")
INTO = a_plan(form="equal_instalment", instalments=6, annual_rate=Decimal("0.18"), day_count="30/360")
OLD, NEW = UUID(int=1), UUID(int=2)
EVENTS: tuple[Event, ...] = (
    Authorised(seq=1, effective_on=FIRST, amount_minor=1000_00, expires_on=date(2030, 1, 1)),
    Captured(seq=2, effective_on=FIRST, capture_no=1, amount_minor=1000_00, booked_on=FIRST),
)


def debt(on: date, terms: Terms = TERMS, events: tuple[Event, ...] = EVENTS) -> Drawdown[UUID]:
    state = replay(terms, events, on)
    return Drawdown(key=OLD, terms=terms, parties=a_parties(terms), state=state, events=events)


def converted(before: Drawdown[UUID], today: date = DAY, **asked: Any) -> Conversion | Refusal:
    whole: dict[str, Any] = {"conversion_id": NEW, "terms": INTO, "dates": (), "nos": None, "today": today}
    return convert(before, **(whole | asked))


def done(told: Conversion | Refusal) -> Conversion:
    assert isinstance(told, Conversion), told
    return told


def clearing(moved: Moved[UUID]) -> int:
    """What the movement leaves on the account between the two."""

    def of(posting: Posting) -> int:
        sides = (posting.debit_account, posting.credit_account)
        return posting.amount_minor * (
            (sides[0] == "conversion_clearing") - (sides[1] == "conversion_clearing")
        )

    return sum(of(posting) for journal in moved.journals for posting in journal.postings)


def test_what_leaves_is_what_begins() -> None:
    """Rows 2 and 3 of 250.00 become six payments of 87.76 at 18 %: 500.00 × 0.015 ÷ (1 − 1.015⁻⁶)."""
    told = done(converted(debt(DAY), nos=[3, 2]))
    assert told.amount_minor == 500_00
    assert [row.open_minor for row in told.out.after.instalments] == [250_00, 0, 0, 250_00]
    assert [event.instalment_no for event in told.out.events if isinstance(event, Converted)] == [2, 3]
    assert (clearing(told.out), clearing(told.into)) == (500_00, -500_00)
    assert (told.out.line.outstanding, told.into.line.outstanding) == (-500_00, 500_00)
    assert told.out.line.held == told.into.line.held == told.out.line.need == told.into.line.need == 0
    (captured,) = told.into.after.captures
    assert (captured.conversion, captured.merchant_fee_minor, captured.payment_minor) == (True, 0, 87_76)
    assert [event.seq for event in told.into.events] == [1, 2]
    for moved, terms, events in (
        (told.out, TERMS, (*EVENTS, *told.out.events)),
        (told.into, INTO, told.into.events),
    ):
        assert replay(terms, events, DAY) == moved.after
        assert project(terms, moved.after).principal_due_minor == outstanding_minor(moved.after)


def test_after_a_receipt_of_the_same_day_it_is_replayed() -> None:
    paid = receive(
        [debt(DAY)], parties=a_parties(TERMS), receipt_id=UUID(int=9), amount_minor=100_00, on=DAY, today=DAY,
        advance=True,
    )  # fmt: skip
    assert isinstance(paid, Settlement)
    before = debt(DAY, events=(*EVENTS, *paid.moved[0].events))
    told = done(converted(before))
    assert told.amount_minor == 1000_00 - 95_00  # 5.00 were interest
    assert replay(TERMS, (*EVENTS, *paid.moved[0].events, *told.out.events), DAY) == told.out.after


def test_a_receipt_of_an_earlier_day_never_fails_on_it() -> None:
    """All was paid on the 10th, 3.00 interest with it; the 500.00 that moved on the 16th are free again."""
    told = done(converted(debt(DAY), nos=[1, 2]))
    after = debt(DAY, events=(*EVENTS, *told.out.events))
    paid = receive(
        [after], parties=a_parties(TERMS), receipt_id=UUID(int=9), amount_minor=1003_00,
        on=date(2027, 1, 10), today=DAY, advance=True,
    )  # fmt: skip
    assert isinstance(paid, Settlement)
    (moved,) = paid.moved
    assert (outstanding_minor(moved.after), moved.credit_minor) == (0, 500_00)


def test_more_goods_than_are_left_come_back_to_the_conversion() -> None:
    told = done(converted(debt(DAY), nos=[1, 2]))
    after = debt(DAY, events=(*EVENTS, *told.out.events))
    asked: dict[str, Any] = {"refund_id": UUID(int=8), "capture_no": 1, "on": DAY, "today": DAY}
    assert refund(after, amount_minor=500_01, **asked) == Refusal("refund_converted", {"capture_no": 1})
    assert isinstance(refund(after, amount_minor=500_00, **asked), Moved)
    with pytest.raises(ValueError, match="no receipt paid"):
        convert_out(
            TERMS,
            after.state,
            Converted(seq=9, effective_on=DAY, conversion_id=NEW, instalment_no=3, amount_minor=500_01),
        )


@pytest.mark.parametrize(
    ("terms", "today", "asked", "code"),
    [
        ({}, date(2027, 2, 2), {}, "past_due"),
        ({"grace_days": 5}, date(2027, 2, 2), {}, "instalment_not_convertible"),
        ({}, DAY, {"nos": [1, 5]}, "instalment_not_found"),
        ({}, DAY, {"nos": []}, "nothing_to_convert"),
        ({}, DAY, {"terms": replace(INTO, drawdown_minimum_minor=1000_01)}, "drawdown_below_minimum"),
        ({}, DAY, {"terms": replace(INTO, cap_annual_rate=Decimal("0.1"), law_row="x")}, "cap_exceeded"),
        ({"interest_free": "if_closed_within", "free_days": 15}, DAY, {}, "instalment_not_convertible"),
    ],
)
def test_refusals(terms: dict[str, Any], today: date, asked: dict[str, Any], code: str) -> None:
    told = converted(debt(today, replace(TERMS, **terms)), today, **asked)
    assert isinstance(told, Refusal)
    assert told.code == code
