"""Each night bears once on what was in dispute, wherever its row has gone meanwhile: 10,000.00 due on day 60
at 0.0005 a night, 30.00 of it in dispute. What the part may bear by itself is 0.015 a night.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from billing.rules.events import Captured, Disputed, DueDate, DueDayChanged, Extended, Restructured
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.state import outstanding_minor
from billing.rules.values import State
from tests.billing.rules.plans import a_plan
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import Tale, day, drawn

TERMS = a_terms(free_days=0)
NEXT = a_terms(free_days=0, prepayment="next")


def interest(state: State) -> dict[int, int]:
    return {row.no: row.interest.charged_minor for row in state.instalments}


def extended(tale: Tale, on: int, days: int) -> Tale:
    return tale.then(Extended(seq=next(tale.seq), effective_on=day(on), from_no=1, days=days))


def test_a_preceding_shift_asks_for_the_nights_to_come_once() -> None:
    """Due on day 58, before the nominal day 60: 60 nights of 5.00, asked on day 58."""
    tale = drawn(10_000_00).disputed(30_00, 10).resolved("lost", 10)
    shifted = (DueDate(day(60), day(58), day(61)),)
    tale.events = tuple(replace(e, dates=shifted) if isinstance(e, Captured) else e for e in tale.events)
    state = tale.state(TERMS, 58)
    assert interest(state) == {1: 300_00, 101: 0}
    assert payoff(TERMS, state, day(58)).total_minor == 10_300_00


def test_a_part_of_a_row_paid_whole_has_paid_its_nights() -> None:
    """`next`: on day 20 all 300.00 of the term and 5,000.00 are paid; then 30.00 are in dispute, and lost."""
    tale = drawn(10_000_00).paid(5_300_00, 20, advance=True).disputed(30_00, 25).resolved("lost", 26)
    assert payoff(NEXT, tale.state(NEXT, 26), day(26)).total_minor == 5_000_00
    tale = tale.paid(4_970_00, 27, no=2, advance=True)
    assert interest(tale.state(NEXT, 60)) == {1: 300_00, 101: 0}
    assert outstanding_minor(tale.paid(30_00, 60, no=3).state(NEXT, 60)) == 0


def test_in_dispute_while_its_row_was_paid_whole_it_bears_alone() -> None:
    """In dispute from day 10, lost on day 25: `next` paid 10 nights of 5.00 and 50 of 4.985 on day 20, and
    principal; what came back bears 35 nights of 0.015, 0.525, whether its row is still owed or not.
    """
    tale = drawn(10_000_00).disputed(30_00, 10).paid(299_25 + 5_000_00, 20, advance=True)
    lost = tale.resolved("lost", 25)
    assert interest(lost.state(NEXT, 60)) == {1: 299_25, 101: 53}
    assert interest(lost.paid(4_970_00, 30, no=2, advance=True).state(NEXT, 60)) == {1: 299_25, 101: 53}


def test_extended_while_in_dispute_the_part_goes_with_its_row() -> None:
    """Lost on day 20: 10 nights of 5.00, 10 of 4.985, 50 of 5.00 until the new nominal day 70."""
    tale = extended(drawn(10_000_00).disputed(30_00, 10), 15, 10).resolved("lost", 20)
    state = tale.state(TERMS, 70)
    assert interest(state) == {1: 349_85, 101: 0}
    assert {(row.nominal_on, row.due_on) for row in state.instalments} == {(day(70), day(70))}


@pytest.mark.parametrize(
    ("how", "paid", "nights"),
    [({"prepayment": "next"}, 5_300_00, 350_00), ({"early_interest": "whole_period"}, 10_299_00, 300_01)],
)
def test_extended_what_was_paid_ahead_is_paid(how: dict[str, Any], paid: int, nights: int) -> None:
    """All 300.00 of the term were paid on day 20. Ten days more are 50.00 where nothing is saved; of the
    1.00 that is left 0.005.
    """
    terms = a_terms(free_days=0, **how)
    tale = extended(drawn(10_000_00).paid(paid, 20, advance=True), 25, 10)
    assert interest(tale.state(terms, 70)) == {1: nights}


def test_after_a_new_plan_the_part_bears_alone() -> None:
    """The rest is planned anew on day 15, the part lost on day 20: 40 nights of 0.015 until its own day."""
    tale = drawn(10_000_00).disputed(30_00, 10)
    plan = Restructured(
        seq=next(tale.seq), effective_on=day(15), capture_no=1, form="one_payment", instalments=1,
        period_length=3,
    )  # fmt: skip
    state = tale.then(plan).resolved("lost", 20).state(TERMS, 120)
    assert interest(state) == {1: 74_93, 101: 60, 1001: 448_65}


def test_with_another_due_day_the_part_goes_with_its_row() -> None:
    """The last of four monthly rows in dispute while the due day moves from the 20th to the 10th."""
    terms = a_plan(
        form="equal_principal", instalments=4, due_rule="bill_day", bill_day=1, due_day=20,
        annual_rate=Decimal("0.12"),
    )  # fmt: skip
    tale = drawn(1_000_00)
    on = day(5)
    events = (
        *tale.events,
        Disputed(seq=3, effective_on=on, dispute_id=UUID(int=7), capture_no=1, amount_minor=100_00),
        DueDayChanged(seq=4, effective_on=day(6), due_day=10),
    )
    by_no = {row.no: row for row in replay(terms, events, day(6)).instalments}
    assert (by_no[104].start_on, by_no[104].nominal_on) == (by_no[4].start_on, by_no[4].nominal_on)
    assert by_no[104].due_on == date(2027, 6, 10)


def test_taken_back_what_paid_one_part_wakes_no_row_of_which_nothing_is_left() -> None:
    """900.00 in three periods of ten days, all in dispute and lost at once; paid whole on day 1, `next`: 4.50
    + 3.00 + 1.50 of interest. On day 12 the first 50.00 were a mistake: they are owed again, and no more.
    """
    terms = a_terms(
        free_days=0, prepayment="next", form="equal_principal", instalments=3, due_rule="periods",
        period_unit="day", period_length=10,
    )  # fmt: skip
    tale = drawn(900_00).disputed(900_00, 0).resolved("lost", 0)
    tale = tale.paid(50_00, 1, advance=True).paid(859_00, 1, no=2, advance=True)
    assert tale.state(terms, 1).status == "closed"
    state = tale.reversed("our_mistake", 12).state(terms, 14)
    assert sum(row.interest.charged_minor for row in state.instalments) == 9_00
    assert payoff(terms, state, day(14)).total_minor == 50_00
    assert tale.paid(50_00, 14, no=3).state(terms, 30).status == "closed"
