"""The naive model against the worked numbers of DOMAIN §7, and others by hand: it has to be right itself."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.events import Authorised, Captured
from products.rules.terms import RefundMethod, Terms
from tests.billing.rules.naive import Buyer
from tests.billing.rules.naive_debt import Story
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import DAY_0, Tale, day, drawn, receipt

TERMS = a_terms()


def told(tale: Tale, on: int, terms: Terms = TERMS) -> Story:
    return Story(terms, tale.events, day(on))


def payoff(story: Story) -> int:
    """What closes all rows today."""
    return sum(sum(row.owes().values()) for row in story.rows)


@pytest.mark.parametrize(("on", "interest"), [(39, 0), (40, 0), (41, 5_00), (60, 100_00)])
def test_1_term(on: int, interest: int) -> None:
    assert payoff(told(drawn(10_000_00), on)) == 10_000_00 + interest


def test_1_paid_early_in_part() -> None:
    tale = drawn(10_000_00).paid(4_050_00, 50, advance=True)
    (row,) = told(tale, 50).rows
    assert row.paid == {"penalty": 0, "fee": 0, "interest": 50_00, "principal": 4_000_00}
    assert payoff(told(tale, 60)) == 6_030_00


@pytest.mark.parametrize(("base", "penalty"), [("overdue_principal", 30_00), ("overdue_total", 30_30)])
def test_1_past_due(base: str, penalty: int) -> None:
    (row,) = told(drawn(10_000_00), 65, a_terms(penalty_base=base)).rows
    assert row.owes() == {"penalty": penalty, "fee": 0, "interest": 100_00, "principal": 10_000_00}


def test_1_past_due_and_interest_continues() -> None:
    """5 nights × 10,000.00 × 0.0005 = 25.00 of interest more; within grace nothing."""
    terms = a_terms(after_due="continues")
    assert [payoff(told(drawn(10_000_00), on, terms)) for on in (63, 65)] == [10_100_00, 10_155_00]


def a_plan(form: str) -> Story:
    terms = a_terms(
        form=form, instalments=12, due_rule="periods", daily_rate=None, annual_rate=Decimal("0.18"),
        free_days=0,
    )  # fmt: skip
    on = date(2027, 1, 15)
    events = [
        Authorised(seq=1, effective_on=on, amount_minor=12_000_00, expires_on=date(2027, 2, 1)),
        Captured(seq=2, effective_on=on, capture_no=1, amount_minor=12_000_00, booked_on=on),
    ]
    return Story(terms, events, on)


def interests(story: Story) -> list[int]:
    """Of each row, if each is paid when due: the plan as quoted."""
    return [story.interest_to_come(row) for row in story.rows]


def test_2_equal_instalment_under_an_actual_count() -> None:
    story = a_plan("equal_instalment")
    paid = [row.principal + more for row, more in zip(story.rows, interests(story), strict=True)]
    assert set(paid) == {1_099_73}
    assert (interests(story)[0], sum(interests(story))) == (183_45, 1_196_76)


def test_3_equal_principal() -> None:
    """Interest of 31 days on 12,000.00 and of 28 on 11,000.00, a year of 365 days at 18 %."""
    story = a_plan("equal_principal")
    assert {row.principal for row in story.rows} == {1_000_00}
    assert interests(story)[:2] == [183_45, 151_89]


@pytest.mark.parametrize(
    ("start", "paid", "on", "penalty", "past_due"),
    [
        ("due_date", (), 63, 0, 0),
        ("due_date", (), 64, 2_00, 4),
        ("grace_end", (), 64, 50, 4),
        ("due_date", ((900_00, 62),), 64, 1_10, 4),
    ],
)
def test_5_grace(start: str, paid: tuple[tuple[int, int], ...], on: int, penalty: int, past_due: int) -> None:
    terms = a_terms(
        daily_rate=Decimal(0), penalty_daily_rate=Decimal("0.0005"), penalty_start=start, grace_days=3
    )
    tale = drawn(1_000_00)
    for amount, when in paid:
        tale = tale.paid(amount, when)
    story = told(tale, on, terms)
    assert day(60) == date(2027, 3, 10)
    assert (story.rows[0].owes()["penalty"], story.days_past_due) == (penalty, past_due)


@pytest.mark.parametrize(("method", "interest"), [("from_capture", 60_00), ("from_refund", 80_00)])
def test_6_refund(method: RefundMethod, interest: int) -> None:
    story = told(drawn(10_000_00).refunded(4_000_00, 50, method), 60)
    assert payoff(story) == 6_000_00 + interest


def test_7_one_rounding() -> None:
    """33.33 × 0.0005 × 4 nights = 0.06666."""
    terms = a_terms(daily_rate=Decimal(0), penalty_daily_rate=Decimal("0.0005"), grace_days=0)
    assert told(drawn(33_33), 64, terms).rows[0].owes()["penalty"] == 7


def test_a_bounced_receipt_never_came_and_a_mistake_reopens() -> None:
    """Paid on day 60, known on day 70 to be none: 10 nights of 6.00; or nothing, and a grace until day 73."""
    paid = [drawn(10_000_00).paid(10_100_00, 60) for _ in range(3)]
    assert told(paid[0], 70).status == "closed"
    bounced = told(paid[1].reversed("bounced", 70), 70)
    assert (payoff(bounced), bounced.days_past_due) == (10_160_00, 10)
    mistaken = paid[2].reversed("our_mistake", 70)
    assert (payoff(told(mistaken, 73)), told(mistaken, 73).days_past_due) == (10_100_00, 0)
    assert (payoff(told(mistaken, 74)), told(mistaken, 74).days_past_due) == (10_124_00, 4)


@pytest.mark.parametrize(("verdict", "asked"), [("won", 6_080_00), ("lost", 10_080_00)])
def test_a_dispute_stops_its_amount_alone(verdict: Any, asked: int) -> None:
    """Free for 40 nights, then 10 nights of 5.00; 4,000.00 in dispute: 10 of 3.00. Nothing for the pause."""
    tale = drawn(10_000_00).disputed(4_000_00, 50)
    story = told(tale, 60)
    assert (payoff(story), story.outstanding) == (6_080_00, 10_000_00)
    assert payoff(told(tale.resolved(verdict, 60), 60)) == asked


def a_buyer(limit: int, **changes: Any) -> Buyer:
    buyer = Buyer(a_terms(**changes), DAY_0)
    assert buyer.decide_limit("grant", limit) == set()
    return buyer


def test_the_three_amounts_of_a_line() -> None:
    buyer = a_buyer(1_000_00)
    assert buyer.authorise("a", 600_00) == set()
    assert (buyer.available, buyer.held, buyer.outstanding) == (400_00, 600_00, 0)
    assert buyer.capture("a", 500_00, DAY_0) == set()
    assert (buyer.available, buyer.held, buyer.outstanding) == (400_00, 100_00, 500_00)
    assert buyer.authorise("b", 400_01) == {"limit_exceeded"}
    assert buyer.void("a", None) == set()
    assert (buyer.available, buyer.held, buyer.outstanding) == (500_00, 0, 500_00)
    assert buyer.decide_limit("cut", 300_00) == set()
    assert (buyer.available, buyer.outstanding) == (0, 500_00)


def test_a_hold_expires_and_a_live_one_is_honoured() -> None:
    buyer = a_buyer(1_000_00, authorisation_days=6)
    buyer.authorise("a", 600_00)
    assert buyer.decide_limit("freeze", None) == set()
    assert buyer.capture("a", 200_00, DAY_0) == set()
    buyer.today = day(6)
    assert buyer.capture("a", 400_00, day(6)) == {"authorisation_expired"}
    assert (buyer.held, buyer.outstanding) == (0, 200_00)


def test_the_grid_over_drawdowns() -> None:
    """a: 100.00 past due since day 60 with 4 × 0.06 and interest 1.00; b due today, interest 1.00; c
    later."""
    buyer = a_buyer(1_000_00)
    for key, on in (("a", 0), ("b", 4), ("c", 10)):
        buyer.today = day(on)
        assert buyer.authorise(key, 100_00) | buyer.capture(key, None, day(on)) == set()
    buyer.today = day(64)
    assert buyer.due_now == 101_24 + 101_00
    money: dict[str, Any] = {"advance": False, "named": None, "source": "cash"}
    assert buyer.receive(receipt(1), 210_00, day(64), **money) == set()
    assert buyer.standing[receipt(1)].allotted == {"a": 101_24, "b": 101_00}
    assert buyer.credit == 7_76
    assert buyer.reverse(receipt(1), "bounced") == (set(), [receipt(1)])
    assert (buyer.due_now, buyer.credit) == (202_24, 0)
