"""A dispute that the buyer lost: its part is owed on a date of its own, and the plan goes on without it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.quote import payoff
from billing.rules.state import outstanding_minor
from billing.rules.values import State
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import Tale, day, drawn

TERMS = a_terms(dispute_days=7)


def lost() -> Tale:
    """Due on day 60; 30.00 of it lost on day 58, so due 7 days later."""
    return drawn(10_000_00).disputed(30_00, 50).resolved("lost", 58)


def owed_on(state: State) -> list[tuple[date, int]]:
    return [(row.due_on, row.open_minor) for row in state.instalments]


def test_lost_it_is_due_some_days_after_the_verdict() -> None:
    assert owed_on(lost().state(TERMS, 58)) == [(day(60), 9_970_00), (day(65), 30_00)]


def test_a_part_paid_early_leaves_each_its_date() -> None:
    """Interest until day 59: 11 nights × 5.00, and 8 × 4.985 while 30.00 were in dispute: 94.88. The rest is
    principal, of what is due on day 60.
    """
    state = lost().paid(194_88, 59, advance=True).state(TERMS, 59)
    assert owed_on(state) == [(day(60), 9_870_00), (day(65), 30_00)]


def test_a_refund_leaves_each_its_date() -> None:
    state = lost().refunded(970_00, 59, "from_refund").state(TERMS, 59)
    assert owed_on(state) == [(day(60), 9_000_00), (day(65), 30_00)]


def test_a_second_dispute_takes_from_the_plan() -> None:
    state = lost().disputed(70_00, 59, no=2).state(TERMS, 59)
    assert sorted(owed_on(state)) == [(day(60), 70_00), (day(60), 9_900_00), (day(65), 30_00)]


def test_paid_early_whole_it_is_all_closed() -> None:
    """All but 1.00 is paid on day 59, the plan first: what is left is owed with the lost part."""
    state = lost().paid(10_093_88, 59, advance=True).state(TERMS, 59)
    assert owed_on(state) == [(day(60), 0), (day(65), 1_00)]
    assert outstanding_minor(lost().paid(10_094_88, 59, advance=True).state(TERMS, 59)) == 0


def test_level_payments_are_solved_without_it() -> None:
    """No interest, 1,200.00 in 4 payments, 100.00 of the last lost; 240.00 paid in advance: what is left of
    1,100.00 is planned in four equal parts of 215.00, the lost 100.00 stay where they were.
    """
    terms = a_terms(
        form="equal_instalment", instalments=4, due_rule="periods", daily_rate=Decimal(0),
        prepayment="lower_payment",
    )  # fmt: skip
    state = (
        drawn(1_200_00).disputed(100_00, 1).resolved("lost", 2).paid(240_00, 3, advance=True).state(terms, 3)
    )
    assert [(row.no, row.open_minor) for row in state.instalments] == [
        (1, 215_00), (2, 215_00), (3, 215_00), (4, 215_00), (104, 100_00),
    ]  # fmt: skip


def test_won_and_refunded_whole_nothing_is_left_of_the_part() -> None:
    """4,000.00 won and refunded on day 9; 6,000.00 in the free nights close the rest."""
    won = drawn(10_000_00).disputed(4_000_00, 5).resolved("won", 8).refunded(4_000_00, 9, "from_refund")
    assert won.state(TERMS, 9).status == "captured"
    assert won.paid(6_000_00, 20, advance=True).state(TERMS, 20).status == "closed"


def test_refunded_while_in_dispute_the_verdict_finds_nothing() -> None:
    tale = drawn(10_000_00).disputed(4_000_00, 5).refunded(4_000_00, 9, "from_refund").resolved("lost", 12)
    assert outstanding_minor(tale.state(TERMS, 12)) == 6_000_00
    assert tale.paid(6_000_00, 20, advance=True).state(TERMS, 20).status == "closed"


@pytest.mark.parametrize("how", [{"early_interest": "whole_period"}, {"prepayment": "next"}])
def test_a_part_that_came_back_is_not_asked_what_its_row_bears(how: dict[str, Any]) -> None:
    """Lost on day 10, paid whole on day 20: 20 nights of 10,000.00 at 0.0005 of the term, 100.00, once."""
    terms = a_terms(**how)
    tale = drawn(10_000_00).disputed(30_00, 10).resolved("lost", 10)
    assert payoff(terms, tale.state(terms, 20), day(20)).total_minor == 10_100_00
    state = tale.paid(10_100_00, 20, advance=True).state(terms, 20)
    assert (state.status, state.receipts[0].excess_minor) == ("closed", 0)
    assert sum(row.interest.charged_minor for row in state.instalments) == 100_00


@pytest.mark.parametrize("how", [{"early_interest": "whole_period"}, {"prepayment": "next"}])
def test_and_neither_when_a_little_is_left_to_pay(how: dict[str, Any]) -> None:
    """One fen less than all: it is principal that is left, and on its due date nothing has come to it."""
    terms = a_terms(**how)
    tale = drawn(10_000_00).disputed(30_00, 10).resolved("lost", 10).paid(10_099_99, 20, advance=True)
    state = tale.state(terms, 60)
    assert payoff(terms, state, day(60)).total_minor == 1
    assert sum(row.interest.charged_minor for row in state.instalments) == 100_00


@pytest.mark.parametrize(("how", "on"), [("next", 6), ("next", 35), ("shorten", 35)])
def test_of_one_due_date_the_part_whose_period_began_first_is_paid_first(how: str, on: int) -> None:
    """900.00 in three periods: 500.00 and then 400.00 lost, all due on day 45. 600.00 ahead pay what is of
    the first two periods, as scheduled or when these are over.
    """
    terms = a_terms(
        prepayment=how, form="equal_principal", instalments=3, due_rule="periods", period_unit="day",
        period_length=10, daily_rate=Decimal(0), dispute_days=40,
    )  # fmt: skip
    tale = drawn(900_00).disputed(500_00, 1).resolved("lost", 5)
    tale = tale.disputed(400_00, 5, no=2).resolved("lost", 5, no=2).paid(600_00, on, advance=True)
    paid = {row.no: row.paid.principal for row in tale.state(terms, on).instalments if row.paid.principal}
    assert paid == {101: 300_00, 102: 200_00, 202: 100_00}
