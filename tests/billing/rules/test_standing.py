"""What a debt is made of at a cut, by hand-written numbers, and that it is always the whole debt."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from msgspec.structs import replace

from billing.rules.advance import advance
from billing.rules.settle import unpaid
from billing.rules.standing import Due, Standing, amounts_at, dues, standing
from products.rules.terms import Terms
from tests.billing.rules.scripts import Book, Step, a_terms, any_amount, any_story, any_terms
from tests.billing.rules.stories import Tale, day, drawn

TERMS = a_terms(term_days=60, free_days=0, daily_rate=Decimal("0.0005"), grace_days=3)
"""Drawn on day 0, due on day 60 with 3.00 of interest on 100.00; grace until day 63."""


def stands(tale: Tale, on: int, next_on: int, terms: Terms = TERMS) -> Standing:
    before = tale.state(terms, on - 1)
    return standing(dues(amounts_at(terms, before, day(on)), advance(terms, before, day(on)), day(next_on)))


def test_before_the_due_date() -> None:
    assert stands(drawn(10_000), 20, 50) == Standing(
        not_yet_due_minor=10_000,
        due_dates=(Due(due_on=day(60), when="not_yet_due", amount_minor=10_000),),
    )


def test_due_before_the_next_cut() -> None:
    """What falls due on the day of the next cut is that one's."""
    assert stands(drawn(10_000), 40, 60).due_minor == 0
    assert stands(drawn(10_000), 40, 61).due_minor == 10_000


def test_in_grace_it_is_due_with_its_interest_and_not_overdue() -> None:
    assert stands(drawn(10_000), 63, 90).due_minor == 10_300
    told = stands(drawn(10_000), 64, 90)
    assert (told.overdue_minor, told.due_minor) == (10_300, 0)
    assert told.due_dates == (Due(due_on=day(60), when="overdue", amount_minor=10_300),)


def test_interest_charged_on_the_cuts_own_day_is_in_none() -> None:
    assert stands(drawn(10_000), 60, 90).total_minor == 10_000


def test_what_the_cut_charges_of_past_due_is_in_it() -> None:
    """Day 64 is 14 March, the bill day: 4 nights at 0.0006 on 100.00: 0.24 of penalty."""
    terms = replace(TERMS, statement_day=14)
    assert stands(drawn(10_000), 64, 90, terms).overdue_minor == 10_324


def test_what_is_disputed_is_asked_by_nobody() -> None:
    told = stands(drawn(10_000).disputed(4_000, 10), 64, 90)
    assert (told.overdue_minor, told.disputed_minor) == (6_200, 4_000)


def test_paid_is_gone() -> None:
    assert stands(drawn(10_000).paid(10_300, 60), 64, 90) == Standing()


@given(any_terms, any_amount, any_story)
def test_it_is_always_the_whole_debt(terms: Terms, amount_minor: int, story: list[Step]) -> None:
    book = Book(terms, amount_minor, day_ends=True).play(story)
    state = advance(terms, book.state, book.today)
    cut_on = book.today + timedelta(1)
    found = dues(amounts_at(terms, state, cut_on), advance(terms, state, cut_on), date.max)
    assert sum(one.amount_minor for one in found) == sum(unpaid(row).total for row in state.instalments)
