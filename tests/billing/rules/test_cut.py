"""A statement's cut charges what is past due, and changes nothing else: not what is owed on any day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing.rules.advance import advance, charge_dates
from billing.rules.cut import charged_at_cut, is_cut, next_charging_cut
from billing.rules.decision import Drawdown
from billing.rules.explain import explain
from billing.rules.moves import advance_to
from billing.rules.replay import replay
from billing.rules.settle import charge_all, charged, unpaid
from billing.rules.state import next_event_on
from billing.rules.values import State
from products.rules.terms import Terms
from tests.billing.rules.scripts import Book, Step, a_terms, any_amount, any_story, any_terms
from tests.billing.rules.stories import a_parties, day, drawn

TERMS = a_terms(term_days=60, free_days=0, daily_rate=Decimal("0.0005"), grace_days=3, statement_day=1)
"""Drawn 9 January 2027, due 10 March, grace until the 13th; billed on the 1st."""

billed_terms = st.builds(
    lambda terms, of, more: replace(terms, statement_day=of, **more),
    any_terms,
    st.sampled_from([1, 5, 14, 28, "last"]),
    st.sampled_from([{}, {"after_due": "continues"}]),
)


def test_worked_by_hand() -> None:
    """On 1 April 22 nights are past due: 100.00 × 0.0006 × 22 = 1.32; on 1 May 52: 3.12 in all."""
    tale = drawn(10_000)
    assert [charged(tale.state(TERMS, on).instalments[0]).penalty for on in (81, 82, 111, 112)] == [
        0, 132, 132, 312,
    ]  # fmt: skip
    assert (day(82), day(112)) == (date(2027, 4, 1), date(2027, 5, 1))
    assert next_event_on(TERMS, tale.state(TERMS, 70)) == day(82)


def test_its_journal_counts_for_the_day_before() -> None:
    """Until 31 March: so it is on the statement of 1 April."""
    drawdown = Drawdown(
        key="d", terms=TERMS, parties=a_parties(TERMS), state=drawn(10_000).state(TERMS, 70), events=None
    )
    (journal,) = advance_to(drawdown, day(90)).journals
    assert (journal.kind, journal.effective_on) == ("statement_cut", date(2027, 3, 31))
    (charge,) = journal.charges
    assert (charge.kind, charge.amount_minor, charge.from_on, charge.to_on) == (
        "penalty", 132, day(60), day(82),
    )  # fmt: skip


def test_what_is_not_past_due_is_not_charged() -> None:
    terms = replace(TERMS, statement_day=12)
    assert charged(drawn(10_000).state(terms, 62).instalments[0]).penalty == 0, "within grace"
    assert next_charging_cut(terms, drawn(10_000).state(terms, 61)) == date(2027, 4, 12)
    paid = drawn(10_000).paid(10_300, 60).state(terms, 70)
    assert next_charging_cut(terms, paid) is None
    assert next_charging_cut(replace(TERMS, statement_day=None), drawn(10_000).state(TERMS, 70)) is None


def test_the_calendar_ends() -> None:
    state = advance(TERMS, drawn(10_000).state(TERMS, 70), date(2037, 1, 1))
    last = replace(state, as_of=date(9998, 12, 2))
    assert next_charging_cut(TERMS, last) == date(9999, 1, 1)
    assert advance(TERMS, last, date.max).as_of == date.max


@given(billed_terms, any_amount, any_story, st.lists(st.integers(0, 90), max_size=8))
def test_any_chain_of_advance_is_the_replay(
    terms: Terms, amount_minor: int, story: list[Step], stops: list[int]
) -> None:
    book = Book(terms, amount_minor, day_ends=False).play(story)
    end = book.today + timedelta(90)
    state = replay(terms, book.events, book.today)
    for stop in sorted(stops):
        state = advance(terms, state, book.today + timedelta(stop))
    assert advance(terms, state, end) == replay(terms, book.events, end)


@given(billed_terms, any_amount, any_story)
def test_the_books_are_the_same_with_day_ends_and_without(
    terms: Terms, amount_minor: int, story: list[Step]
) -> None:
    often, seldom = (
        Book(terms, amount_minor, day_ends=every).play(story).rest(70) for every in (True, False)
    )
    assert often.outcomes == seldom.outcomes
    assert often.state == seldom.state
    assert +often.balances == +seldom.balances
    assert often.charged == seldom.charged


@given(billed_terms, any_amount, any_story)
def test_what_is_owed_is_the_same_as_without_cuts(terms: Terms, amount_minor: int, story: list[Step]) -> None:
    """It is only charged earlier."""
    book = Book(terms, amount_minor, day_ends=False).play(story).rest(40)
    without = replay(replace(terms, statement_day=None), book.events, book.today)
    assert owed(terms, book.state) == owed(terms, without)


def owed(terms: Terms, state: State) -> list[tuple[int, int]]:
    return [(row.no, unpaid(charge_all(terms, row, state.as_of)).total) for row in state.instalments]


@given(billed_terms, any_amount, any_story)
def test_every_charge_is_explained(terms: Terms, amount_minor: int, story: list[Step]) -> None:
    book = Book(terms, amount_minor, day_ends=False).play(story).rest(40)
    told = explain(terms, book.events, book.today)
    assert [one.penalty.value for one in told] == [charged(row).penalty for row in book.state.instalments]


@given(billed_terms, any_amount, any_story)
def test_cuts_are_among_the_dates_and_charge_once(terms: Terms, amount_minor: int, story: list[Step]) -> None:
    book = Book(terms, amount_minor, day_ends=True).play(story)
    state, to = book.state, book.today + timedelta(70)
    stops = [on for on in charge_dates(terms, state, to) if is_cut(terms, on)]
    for on in stops:
        state = advance(terms, state, on)
        assert charged_at_cut(terms, state) == state
    assert all(later > sooner for sooner, later in pairwise(stops))
