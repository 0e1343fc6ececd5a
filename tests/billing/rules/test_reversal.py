"""The two reversals by worked numbers. ¥1,000.00 due on day 60, grace 3 days, penalty 0.0005."""

from decimal import Decimal

import pytest

from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff
from tests.billing.rules.oracle import Story
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import Tale, day, drawn

TERMS = a_terms(free_days=60, penalty_daily_rate=Decimal("0.0005"))


def stands(tale: Tale, on: int) -> tuple[int, int]:
    """What closes it on that day, and its days past due; the oracle says the same."""
    state = tale.state(TERMS, on)
    story = Story(TERMS, list(tale.events), day(on))
    found = payoff(TERMS, state, day(on)).total_minor, days_past_due(state, day(on))
    owed = sum(sum(debt.owes().values()) for debt in story.debts if not debt.settled)
    assert found == (owed, story.days_past_due)
    return found


@pytest.mark.parametrize(
    ("on", "closes", "past_due"),
    [
        (69, 0, 0),
        (70, 1_000_00, 0),  # the notice: due on this day
        (73, 1_000_00, 0),  # the last day of the new grace
        (74, 1_002_00, 4),  # nights 70 to 73
        (75, 1_002_50, 5),
    ],
)
def test_our_mistake_gives_a_new_grace(on: int, closes: int, past_due: int) -> None:
    tale = drawn(1_000_00).paid(1_000_00, 60).reversed("our_mistake", 70)
    assert stands(tale, on) == (closes, past_due)


@pytest.mark.parametrize(
    ("on", "closes", "past_due"),
    [
        (65, 1_002_50, 5),
        (70, 0, 0),
        (75, 1_005_00, 0),  # 10 nights from 60 to 69 stay owed
        (78, 1_005_00, 0),
        (79, 1_007_00, 4),  # and the nights 75 to 78
    ],
)
def test_our_mistake_after_past_due_keeps_the_old_penalty(on: int, closes: int, past_due: int) -> None:
    tale = drawn(1_000_00).paid(1_005_00, 70).reversed("our_mistake", 75)
    assert stands(tale, on) == (closes, past_due)


def test_our_mistake_while_a_rest_is_past_due_ends_its_run() -> None:
    """500.00 of principal and 5.00 of penalty paid on day 70; to day 74 four nights on 500.00 add 1.00."""
    tale = drawn(1_000_00).paid(505_00, 70).reversed("our_mistake", 74)
    assert stands(tale, 73) == (500_75, 13)
    assert stands(tale, 74) == (1_006_00, 0)
    assert stands(tale, 78) == (1_008_00, 4)


@pytest.mark.parametrize(("on", "closes", "past_due"), [(69, 0, 0), (70, 1_005_00, 10), (75, 1_007_50, 15)])
def test_bounced_is_as_if_it_never_came(on: int, closes: int, past_due: int) -> None:
    tale = drawn(1_000_00).paid(1_000_00, 60).reversed("bounced", 70)
    assert stands(tale, on) == (closes, past_due)


def test_before_the_due_date_only_the_nights_between_are_lost() -> None:
    """100.00 paid in advance on day 50 and reopened on day 55: 5 nights of 0.0005 on 100.00 less."""
    terms = a_terms()
    paid = drawn(10_000_00).paid(150_00, 50, advance=True).reversed("our_mistake", 55)
    assert payoff(terms, paid.state(terms, 60), day(60)).parts.interest == 100_00 - 25
    never = drawn(10_000_00).paid(150_00, 50, advance=True).reversed("bounced", 55)
    assert payoff(terms, never.state(terms, 60), day(60)).parts.interest == 100_00
    assert paid.state(terms, 60).instalments[0].due_on == day(60)


def test_taken_and_given_back_on_one_day_it_never_came() -> None:
    mistake = drawn(1_000_00).paid(1_000_00, 70).reversed("our_mistake", 70)
    assert stands(mistake, 70) == (1_005_00, 10)
    assert mistake.state(TERMS, 75).instalments == drawn(1_000_00).state(TERMS, 75).instalments


def test_what_paid_nothing_reopens_nothing() -> None:
    tale = drawn(1_000_00).paid(1_000_00, 60).paid(50_00, 61, no=2).reversed("our_mistake", 70, no=2)
    assert tale.state(TERMS, 60).status == tale.state(TERMS, 70).status == "closed"
    assert stands(tale, 90) == (0, 0)


def test_the_debt_reopens_the_drawdown() -> None:
    tale = drawn(1_000_00).paid(1_000_00, 60).reversed("our_mistake", 70)
    assert [tale.state(TERMS, on).status for on in (60, 69, 70)] == ["closed", "closed", "captured"]
