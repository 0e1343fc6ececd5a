"""The grid: class, drawdown, instalment, component; the same claims over drawdowns and inside one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.allocation import claims, share, split
from billing.rules.apply import apply
from billing.rules.events import Received
from billing.rules.values import Parts, State
from products.rules.terms import Component, Terms
from tests.billing.rules.scripts import Book, Step, a_terms, any_amount, any_story, any_terms
from tests.billing.rules.stories import Tale, day, receipt

TERMS = a_terms()


def three_captures() -> Tale:
    """1,000.00 each on days 0, 10 and 30: on day 70 past due, due and not yet due."""
    return Tale(3_000_00).captured(1_000_00).captured(1_000_00, 10, no=2).captured(1_000_00, 30, no=3)


def order(terms: Terms, *, advance: bool) -> list[tuple[int, Component, int]]:
    found = claims(terms, three_captures().state(terms, 70), advance=advance)
    return [(claim.instalment_no, claim.component, claim.amount_minor) for claim in found]


def test_past_due_then_due_then_in_advance() -> None:
    """Past due: 10 nights at 0.0006 and 20 at 0.0005 on 1,000.00. Not yet due: still in its free nights."""
    assert order(TERMS, advance=True) == [
        (1, "penalty", 6_00),
        (1, "interest", 10_00),
        (1, "principal", 1_000_00),
        (10_001, "interest", 10_00),
        (10_001, "principal", 1_000_00),
        (20_001, "principal", 1_000_00),
    ]
    assert order(TERMS, advance=False) == order(TERMS, advance=True)[:5]


def test_the_configured_order_holds_for_what_is_due() -> None:
    terms = a_terms(allocation_order=("principal", "interest", "fee", "penalty"), free_days=20)
    assert [component for _, component, _ in order(terms, advance=True)] == [
        "principal", "interest", "penalty",
        "principal", "interest",
        "interest", "principal",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "paid", "rest"),
    [
        (5_00, {1: Parts(penalty=5_00)}, 0),
        (16_00, {1: Parts(penalty=6_00, interest=10_00)}, 0),
        (1_020_00, {1: Parts(6_00, 0, 10_00, 1_000_00), 10_001: Parts(interest=4_00)}, 0),
        (2_100_00, {1: Parts(6_00, 0, 10_00, 1_000_00), 10_001: Parts(0, 0, 10_00, 1_000_00)}, 74_00),
    ],
)
def test_split(amount: int, paid: dict[int, Parts], rest: int) -> None:
    asked = claims(TERMS, three_captures().state(TERMS, 70), advance=False)
    assert split(asked, amount) == (paid, rest)


@pytest.mark.parametrize(("surplus", "rest"), [("credit", 74_00), ("prepay", 0)])
def test_surplus_as_the_product_says(surplus: str, rest: int) -> None:
    terms = a_terms(surplus=surplus)
    state = three_captures().paid(2_100_00, 70).state(terms, 70)
    assert state.receipts[0].excess_minor == rest


def single(captured_on: int, amount: int = 100_00, seen_on: int = 70) -> State:
    return Tale(amount).captured(amount, captured_on).state(TERMS, seen_on)


def test_the_oldest_due_date_then_the_oldest_capture_then_the_number() -> None:
    noticed = Tale(100_00).captured(100_00, 5, booked=7).state(a_terms(min_notice_days=58), 70)
    drawdowns = [
        ("due 69", TERMS, single(9)),
        ("due 65, second", TERMS, single(5)),
        ("due 65, third", TERMS, single(5)),
        ("due 65, first captured", a_terms(min_notice_days=58), noticed),
        ("due 62", TERMS, single(2)),
    ]
    parts, rest = share(drawdowns, 10_000_00)
    assert [key for key, _ in parts] == [
        "due 62",
        "due 65, second",
        "due 65, third",
        "due 65, first captured",
        "due 69",
    ]
    assert rest == 10_000_00 - sum(amount for _, amount in parts)


def test_a_drawdown_that_owes_in_two_classes_is_asked_twice() -> None:
    """`mixed` is past due with its first capture and not yet due with its second; `due` comes between."""
    mixed = Tale(200_00).captured(100_00).captured(100_00, 30, no=2).state(TERMS, 70)
    drawdowns = [("mixed", TERMS, mixed), ("due", TERMS, single(9))]
    owed_now = 100_00 + 1_00 + 60
    assert share(drawdowns, owed_now + 50_00, advance=True) == ([("mixed", owed_now), ("due", 50_00)], 0)
    assert share(drawdowns, owed_now + 101_00 + 7, advance=True) == (
        [("mixed", owed_now + 7), ("due", 101_00)],
        0,
    )


@given(
    st.lists(st.tuples(any_terms, any_amount, any_story), min_size=1, max_size=3),
    st.integers(1, 3_000_000),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)
def test_what_is_shared_out_is_what_each_takes(
    told: list[tuple[Terms, int, list[Step]]], amount: int, advance: bool, named: int | None
) -> None:
    """Nothing is lost, no one gets more than it owes, and its own split takes all that it was given."""
    books = [Book(terms, drawn, day_ends=True).play(story) for terms, drawn, story in told]
    drawdowns = [(place, book.terms, book.state) for place, book in enumerate(books)]
    parts, rest = share(drawdowns, amount, advance=advance, named=named)
    assert sum(part for _, part in parts) + rest == amount
    assert len({key for key, _ in parts}) == len(parts)
    for place, part in parts:
        terms, state = books[place].terms, books[place].state
        event = Received(
            seq=99,
            effective_on=state.as_of,
            receipt_id=receipt(1),
            amount_minor=part,
            advance=advance or place == named,
        )
        assert part > 0
        assert apply(terms, state, event).receipts[-1].excess_minor == 0
    if rest and named is None:
        for place, book in enumerate(books):
            ahead = (advance or book.terms.surplus == "prepay") and book.terms.early_payment == "allowed"
            owed = sum(claim.amount_minor for claim in claims(book.terms, book.state, advance=ahead))
            assert dict(parts).get(place, 0) == owed


def test_a_receipt_is_not_applied_out_of_turn() -> None:
    state = single(0)
    event = Received(seq=9, effective_on=day(69), receipt_id=receipt(1), amount_minor=1)
    with pytest.raises(ValueError, match="not its turn"):
        apply(TERMS, state, event)


def test_of_one_due_date_the_older_capture_is_paid_first() -> None:
    """Both due on day 30: the last of three ten-day periods of a capture of day 0, and what was captured on
    day 5 for 25 days.
    """
    periods = a_terms(
        form="equal_principal", instalments=3, due_rule="periods", period_unit="day", period_length=10,
        daily_rate=Decimal(0),
    )  # fmt: skip
    old = Tale(900_00).captured(900_00).paid(300_00, 10).paid(300_00, 20, no=2)
    new = Tale(900_00).captured(900_00, 5)
    whole = a_terms(term_days=25, daily_rate=Decimal(0))
    for on in (25, 30):
        drawdowns = [("new", whole, new.state(whole, on)), ("old", periods, old.state(periods, on))]
        assert share(drawdowns, 100_00, advance=True) == ([("old", 100_00)], 0)
