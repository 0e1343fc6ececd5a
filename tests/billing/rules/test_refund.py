"""Refunds of what was paid already, and the merchant's fee. For example 6 see test_examples.py."""

from decimal import Decimal
from typing import Literal

import pytest

from billing.rules.books import totals
from billing.rules.events import Refunded
from billing.rules.merchant_fee import with_merchant_fee
from billing.rules.refund import refund
from billing.rules.state import excess_minor, outstanding_minor
from billing.rules.values import Capture
from products.rules.terms import RefundMethod
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import Tale, day, drawn, receipt

TERMS = a_terms()


@pytest.mark.parametrize(
    ("method", "credit", "interest"),
    [
        ("from_refund", 4_000_00, 100_00),
        ("from_capture", 4_040_00, 60_00),  # 40.00 of interest on the goods is given back as well
    ],
)
def test_returned_after_all_was_paid(method: RefundMethod, credit: int, interest: int) -> None:
    state = drawn(10_000_00).paid(10_100_00, 60).refunded(4_000_00, 70, method).state(TERMS, 70)
    assert (state.status, excess_minor(state)) == ("closed", credit)
    assert totals(state).charged.interest == interest
    assert outstanding_minor(state) == 0


def test_surplus_pays_what_else_the_capture_owes() -> None:
    """Past due since day 60: 9,000.00 paid on day 70 with principal first; all goods come back on day 72.

    Owed: interest 100.00; penalty 10 nights × 6.00 + 2 nights × 0.60 = 61.20. The rest of 9,000.00 is credit.
    """
    terms = a_terms(allocation_order=("principal", "interest", "fee", "penalty"))
    tale = drawn(10_000_00).paid(9_000_00, 70).refunded(10_000_00, 72, "from_refund")
    state = tale.state(terms, 72)
    assert state.status == "closed"
    assert totals(state).paid.interest == 100_00
    assert totals(state).paid.penalty == 61_20
    assert excess_minor(state) == 9_000_00 - 161_20


def test_the_latest_receipt_gives_way_first() -> None:
    tale = drawn(100_00).paid(40_00, 3, advance=True).paid(60_00, 5, no=2, advance=True)
    state = tale.refunded(70_00, 6, "from_refund").state(TERMS, 6)
    assert [(r.receipt_id, r.excess_minor) for r in state.receipts] == [
        (receipt(1), 10_00),
        (receipt(2), 60_00),
    ]


def test_a_return_of_one_capture_leaves_the_other_alone() -> None:
    tale = Tale(200_00).captured(100_00, 0).captured(100_00, 1, no=2).paid(100_00, 2, advance=True)
    state = tale.refunded(100_00, 3, "from_refund").state(TERMS, 3)
    assert excess_minor(state) == 100_00
    assert [i.open_minor for i in state.instalments] == [0, 100_00]


def test_goods_that_never_came_owe_nothing() -> None:
    state = drawn(100_00).refunded(100_00, 70, "from_capture").state(TERMS, 70)
    assert (state.status, totals(state).charged.total) == ("closed", 0)
    assert state.instalments[0].settled_on == day(0)


@pytest.mark.parametrize(("capture", "amount"), [(2, 1), (1, 100_01)])
def test_what_is_not_there_cannot_come_back(capture: int, amount: int) -> None:
    event = Refunded(
        seq=3,
        effective_on=day(1),
        refund_id=receipt(7),
        capture_no=capture,
        amount_minor=amount,
        method="from_refund",
    )
    with pytest.raises(ValueError, match="exceeds capture"):
        refund(TERMS, drawn(100_00).state(TERMS, 1), event)


@pytest.mark.parametrize(
    ("captured", "refunded", "returns", "fee"),
    [
        (33_50, 0, True, 34),  # 33.5 fen, half up
        (33_50, 3_50, True, 30),
        (33_50, 3_50, False, 34),
        (33_50, 33_50, True, 0),
        (33_49, 0, True, 33),
    ],
)
def test_merchant_fee(captured: int, refunded: int, returns: bool, fee: int) -> None:
    terms = a_terms(merchant_fee_rate=Decimal("0.01"), merchant_fee_returns=returns)
    kept = with_merchant_fee(terms, Capture(1, day(0), captured, refunded))
    assert kept.merchant_fee_minor == fee


@pytest.mark.parametrize("method", ["from_capture", "from_refund"])
def test_fee_returns_by_either_method(method: RefundMethod) -> None:
    tale = drawn(33_50).refunded(1_00, 3, method).refunded(2_50, 4, method)
    assert totals(tale.state(TERMS, 4)).merchant_fee == 30


@pytest.mark.parametrize("verdict", ["won", None])
@pytest.mark.parametrize("method", ["from_capture", "from_refund"])
def test_a_disputed_part_goes_first(method: RefundMethod, verdict: Literal["won"] | None) -> None:
    """4,000.00 of 10,000.00 in dispute; the goods come back: 6,000.00 are owed, and nothing is in dispute."""
    tale = drawn(10_000_00).disputed(4_000_00, 5)
    if verdict:
        tale = tale.resolved(verdict, 8)
    state = tale.refunded(4_000_00, 9, method).state(TERMS, 10)
    assert [(i.principal_minor, i.disputed) for i in state.instalments if i.open_minor] == [(6_000_00, False)]
    assert outstanding_minor(state) == 6_000_00


def test_a_refund_takes_no_more_of_a_dispute_than_came_back() -> None:
    """Of 4,000.00 in dispute 1,000.00 come back: 3,000.00 stay in dispute; lost, all 9,000.00 are owed."""
    tale = drawn(10_000_00).disputed(4_000_00, 5).refunded(1_000_00, 9, "from_capture")
    assert [(i.open_minor, i.disputed) for i in tale.state(TERMS, 10).instalments] == [
        (6_000_00, False),
        (3_000_00, True),
    ]
    lost = tale.resolved("lost", 12).state(TERMS, 12)
    assert [(i.open_minor, i.disputed) for i in lost.instalments] == [(6_000_00, False), (3_000_00, False)]
