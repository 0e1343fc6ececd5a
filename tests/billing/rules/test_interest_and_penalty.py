"""The closed forms of interest and penalty: any cut of the time gives what the nights one by one give."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing.rules import interest, penalty
from billing.rules.accrual import charge, closed, nights
from billing.rules.schedule import last_grace_day
from billing.rules.settle import charge_all, owed, settled
from billing.rules.values import Accrual, Instalment, Parts, State
from products.rules.terms import Terms
from tests.billing.rules.scripts import a_terms, any_terms
from tests.billing.rules.stories import DAY_0, Tale, day

TERMS = a_terms()
UNIT = TERMS.denominator


def drawn(terms: Terms, amount: int = 10_000_00, booked: int = 0) -> State:
    return Tale(amount).captured(amount, booked=booked).state(terms, 0)


def one(terms: Terms, amount: int = 10_000_00, booked: int = 0) -> Instalment:
    (row,) = drawn(terms, amount, booked).instalments
    return row


def test_the_schedule_of_one_payment() -> None:
    row = one(TERMS)
    assert (row.no, row.capture_no) == (1, 1)
    assert (row.start_on, row.nominal_on, row.due_on) == (DAY_0, day(60), day(60))
    assert row.grace_on == last_grace_day(TERMS, day(60)) == day(63)
    assert one(a_terms(min_notice_days=60), booked=3).due_on == day(63)


@pytest.mark.parametrize(("until", "exact"), [(40, 0), (41, 5_00), (60, 100_00), (61, 100_00), (99, 100_00)])
def test_interest_from_the_first_night_that_is_not_free_to_the_due_date(until: int, exact: int) -> None:
    state = drawn(TERMS)
    accrued = interest.accrue(TERMS, state, state.instalments[0], DAY_0, day(until))
    assert accrued.interest.exact == exact * UNIT
    assert interest.first_night(TERMS, state, accrued) == day(40)


@pytest.mark.parametrize(("start", "first", "exact"), [("due_date", 60, 24_00), ("grace_end", 63, 6_00)])
def test_penalty_from_the_due_date_or_the_last_day_of_grace(start: str, first: int, exact: int) -> None:
    terms = a_terms(penalty_start=start)
    accrued = penalty.accrue(terms, one(terms), DAY_0, day(64))
    assert penalty.first_night(terms, accrued) == day(first)
    assert accrued.penalty.exact == exact * UNIT


def test_the_base_is_what_is_unpaid() -> None:
    row = replace(
        one(TERMS),
        paid=Parts(interest=30_00, principal=4_000_00),
        interest=Accrual(0, 100_00, 0, day(60)),
    )
    assert penalty.base_minor(TERMS, row) == 6_000_00
    assert penalty.base_minor(a_terms(penalty_base="overdue_total"), row) == 6_070_00


@given(any_terms, st.integers(1, 10**7), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_any_cut_of_the_time_is_the_sum_of_its_nights(terms: Terms, amount: int, cuts: list[int]) -> None:
    state = drawn(terms, amount)
    whole = by_pieces = one(terms, amount)
    stops = [0, *sorted(cuts)]
    for since, to in pairwise(stops):
        by_pieces = interest.accrue(terms, state, by_pieces, day(since), day(to))
        by_pieces = penalty.accrue(terms, by_pieces, day(since), day(to))
    for night in range(stops[-1]):
        whole = interest.accrue(terms, state, whole, day(night), day(night + 1))
        whole = penalty.accrue(terms, whole, day(night), day(night + 1))
    assert by_pieces == whole


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8), st.sampled_from(["half_up", "half_even"]))
def test_parts_of_an_accrual_add_up_to_the_rounded_whole(grown: list[int], mode: str) -> None:
    terms = a_terms(rounding=mode)
    accrual, parts = Accrual(), 0
    for number, more in enumerate(grown):
        accrual = Accrual(accrual.exact + more, accrual.run_minor, accrual.run_exact, accrual.run_on)
        before = accrual.charged_minor
        accrual = charge(terms, accrual, day(number))
        parts += accrual.charged_minor - before
    assert parts == charge(terms, Accrual(sum(grown)), DAY_0).charged_minor
    assert closed(accrual) == Accrual(earlier_minor=parts)


def test_nights() -> None:
    assert [nights(DAY_0, DAY_0 + timedelta(number)) for number in (-2, 0, 1, 9)] == [0, 0, 1, 9]


def test_settled_when_nothing_is_owed_and_not_before() -> None:
    terms = a_terms(daily_rate=Decimal("0.000001"), free_days=0)
    state = replace(drawn(terms), as_of=day(60))
    accrued = interest.accrue(terms, state, state.instalments[0], DAY_0, day(60))  # 60 fen
    assert owed(terms, state, accrued) == Parts(interest=60, principal=10_000_00)
    paid = replace(accrued, paid=Parts(principal=10_000_00))
    assert settled(terms, state, paid, day(60)) is paid
    whole = replace(
        accrued, paid=Parts(interest=60, principal=10_000_00), penalty=Accrual(5 * terms.denominator)
    )
    done = settled(terms, state, whole, day(60))
    assert (done.settled_on, done.interest.charged_minor) == (day(60), 60)
    assert done.penalty == Accrual(), "never past due, its penalty nights are forgotten"


def test_only_what_is_past_due_is_charged_penalty() -> None:
    within = replace(one(TERMS), penalty=Accrual(5 * UNIT))
    late = replace(within, past_due=True)
    assert charge_all(TERMS, within, day(62)).penalty.charged_minor == 0
    assert charge_all(TERMS, late, day(64)).penalty.charged_minor == 5
