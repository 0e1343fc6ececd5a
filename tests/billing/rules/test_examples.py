"""DOMAIN.md §7 to the cent: examples 1, 5, 6 and 7, written out by hand and told by the oracle as well."""

from decimal import Decimal

import pytest

from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff, quote
from products.rules.terms import Terms
from tests.billing.rules.oracle import Story
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import DAY_0, Tale, day, drawn

TERM = a_terms()
"""Example 1: 60 days, 40 of them free, 0.0005 a day; grace 3 days, penalty 0.0006 on overdue principal."""

GRACE = a_terms(free_days=60, penalty_daily_rate=Decimal("0.0005"))
"""Example 5: no interest; grace 3 days, penalty 0.0005 a day from the due date, 10 March."""


def owed(terms: Terms, tale: Tale, on: int) -> tuple[int, int, int]:
    """Principal, interest and penalty that close the drawdown on that day; the oracle must say the same."""
    parts = payoff(terms, tale.state(terms, on), day(on)).parts
    found = (parts.principal, parts.interest, parts.penalty)
    debts = [debt.owes() for debt in Story(terms, list(tale.events), day(on)).debts if not debt.settled]
    assert found == tuple(sum(debt[part] for debt in debts) for part in ("principal", "interest", "penalty"))
    return found


@pytest.mark.parametrize(
    ("on", "interest", "penalty"),
    [
        (0, 0, 0),
        (39, 0, 0),
        (40, 0, 0),
        (41, 5_00, 0),
        (50, 50_00, 0),
        (60, 100_00, 0),
        (63, 100_00, 0),
        (64, 100_00, 24_00),
        (65, 100_00, 30_00),
    ],
)
def test_example_1_term(on: int, interest: int, penalty: int) -> None:
    assert owed(TERM, drawn(10_000_00), on) == (10_000_00, interest, penalty)


def test_example_1_penalty_on_the_overdue_total() -> None:
    terms = a_terms(penalty_base="overdue_total")
    assert owed(terms, drawn(10_000_00), 65) == (10_000_00, 100_00, 30_30)


def test_example_1_paid_early_in_part() -> None:
    tale = drawn(10_000_00).paid(4_050_00, 50, advance=True)
    (instalment,) = tale.state(TERM, 50).instalments
    assert (instalment.paid.interest, instalment.paid.principal) == (50_00, 4_000_00)
    assert owed(TERM, tale, 60) == (6_000_00, 30_00, 0)
    assert tale.paid(6_030_00, 60, no=2).state(TERM, 60).status == "closed"


def test_example_1_as_quoted() -> None:
    quoted = quote(TERM, 10_000_00, DAY_0)
    (row,) = quoted.schedule
    assert (row.due_on, row.principal_minor, row.interest_minor) == (day(60), 10_000_00, 100_00)
    assert (row.total_minor, quoted.total_cost_minor) == (10_100_00, 100_00)
    assert quoted.irr_simple is not None
    assert quoted.irr_compound is not None
    assert round(quoted.irr_simple * 100, 2) == Decimal("6.08")
    assert round(quoted.irr_compound * 100, 2) == Decimal("6.24")


@pytest.mark.parametrize(
    ("on", "penalty", "past_due"), [(60, 0, 0), (63, 0, 0), (64, 2_00, 4), (65, 2_50, 5), (70, 5_00, 10)]
)
def test_example_5_grace(on: int, penalty: int, past_due: int) -> None:
    """Day 60 is 10 March, day 63 the last of grace."""
    tale = drawn(1_000_00)
    assert owed(GRACE, tale, on) == (1_000_00, 0, penalty)
    assert days_past_due(tale.state(GRACE, on), day(on)) == past_due
    assert days_past_due(tale.state(GRACE, 0), day(on)) == past_due


def test_example_5_paid_within_grace_leaves_no_trace() -> None:
    tale = drawn(1_000_00).paid(1_000_00, 63)
    state = tale.state(GRACE, 90)
    assert state.status == "closed"
    assert (state.instalments[0].settled_on, state.instalments[0].penalty.charged_minor) == (day(63), 0)
    assert days_past_due(state, day(90)) == 0


def test_example_5_from_the_end_of_grace() -> None:
    assert owed(a_terms(**changed(GRACE), penalty_start="grace_end"), drawn(1_000_00), 64) == (
        1_000_00,
        0,
        50,
    )


def changed(terms: Terms) -> dict[str, object]:
    return {"free_days": terms.free_days, "penalty_daily_rate": terms.penalty_daily_rate}


def test_example_5_paid_in_part_within_grace() -> None:
    """2 nights on 1,000.00 and 2 nights on 100.00 at 0.0005: 1.10."""
    tale = drawn(1_000_00).paid(900_00, 62)
    assert owed(GRACE, tale, 63) == (100_00, 0, 0)
    assert owed(GRACE, tale, 64) == (100_00, 0, 1_10)
    assert tale.paid(101_10, 64, no=2).state(GRACE, 64).status == "closed"


@pytest.mark.parametrize(("method", "interest"), [("from_capture", 60_00), ("from_refund", 80_00)])
def test_example_6_refund(method: str, interest: int) -> None:
    tale = drawn(10_000_00).refunded(4_000_00, 50, method)  # type: ignore[arg-type]
    assert owed(TERM, tale, 60) == (6_000_00, interest, 0)


def test_example_7_one_rounding() -> None:
    """33.33 × 0.0005 × 4 = 0.06666: 0.07 once, and still 0.07 when receipts charge it night by night."""
    terms = a_terms(**changed(GRACE), grace_days=0)
    assert owed(terms, drawn(33_33), 64) == (33_33, 0, 7)
    nightly = drawn(33_33).paid(2, 61).paid(1, 62, no=2).paid(2, 63, no=3)
    assert [nightly.state(terms, on).instalments[0].penalty.charged_minor for on in (61, 62, 63)] == [2, 3, 5]
    assert nightly.state(terms, 63).instalments[0].paid.penalty == 5
    assert owed(terms, nightly, 64) == (33_33, 0, 2)
