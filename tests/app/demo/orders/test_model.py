"""Limits, capture days and simulated payments, against numbers worked out by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from app.demo.orders.model import PRODUCT, Planned, capture_day, limits, payments
from app.demo.orders.reader import Document
from products.rules.product import validate

CAPTURED_ON = date(2010, 9, 1)
DUE_ON = date(2010, 10, 1)


def bought(customer: int, on: date, amount_minor: int) -> Document:
    return Document(f"5{customer}{on}", customer, datetime.combine(on, datetime.min.time()), (), amount_minor)


@pytest.mark.parametrize(
    ("amount_minor", "limit_minor"),
    [
        (1, 100_00),
        (109_99, 100_00),
        (110_00, 110_00),
        (1_234_56, 1_230_00),
        (50_009_99, 50_000_00),
        (90_000_00, 50_000_00),
    ],
)
def test_a_limit_is_nine_months_of_purchases_cut_to_ten_pounds_within_bounds(
    amount_minor: int, limit_minor: int
) -> None:
    assert limits([bought(1, date(2010, 3, 1), amount_minor)]) == {1: limit_minor}


def test_only_the_nine_months_count_for_a_limit() -> None:
    orders = [
        bought(1, date(2009, 11, 30), 900_00),
        bought(1, date(2009, 12, 1), 300_00),
        bought(1, date(2010, 8, 31), 500_00),
        bought(1, date(2010, 9, 1), 900_00),
        bought(2, date(2010, 9, 1), 900_00),
    ]
    assert limits(orders) == {1: 800_00}


@pytest.mark.parametrize(
    ("ordered_on", "captured_on"),
    [
        (date(2010, 9, 2), date(2010, 9, 3)),  # Thursday: Friday
        (date(2010, 9, 3), date(2010, 9, 6)),  # Friday: Monday
        (date(2010, 9, 4), date(2010, 9, 6)),
        (date(2010, 9, 5), date(2010, 9, 6)),
    ],
)
def test_shipped_on_the_next_weekday(ordered_on: date, captured_on: date) -> None:
    assert capture_day(ordered_on) == captured_on


@pytest.mark.parametrize(
    ("number", "planned"),
    [
        ("489434", (Planned(date(2010, 9, 29)),)),  # 040329fc 489ea75d: 20; 1, so 2 days early
        ("489442", (Planned(DUE_ON),)),  # 09f6a260…: 68
        ("489446", (Planned(date(2010, 10, 4)),)),  # 88439783 4fb54548: 75; 2, so 3 days into grace
        ("489439", (Planned(date(2010, 10, 5)),)),  # ad47f6b7 759e74db: 83; 0, so 4 days late
        ("489441", (Planned(DUE_ON, half=True), Planned(date(2010, 10, 16)))),  # 85e4f7e0…: 92
        ("489440", ()),  # fab3ee18…: 96
    ],
)
def test_payments_by_hash(number: str, planned: tuple[Planned, ...]) -> None:
    """The hashes beside them are of `sha256sum`: u and v are their first two groups of four bytes."""
    assert payments(number, CAPTURED_ON) == planned


def test_payments_follow_the_declared_shares() -> None:
    """Of 20,000 orders each share is met within one point in a hundred."""
    seen: Counter[str] = Counter()
    for no in range(20_000):
        seen[_kind(payments(str(no), CAPTURED_ON))] += 1
    expected = {"early": 25, "due": 45, "grace": 10, "late": 10, "halves": 5, "never": 5}
    assert {kind: abs(seen[kind] / 200 - share) < 1 for kind, share in expected.items()} == dict.fromkeys(
        expected, True
    )
    assert sum(seen.values()) == 20_000


def _kind(planned: tuple[Planned, ...]) -> str:
    """Also holds each payment to the range of its kind."""
    match planned:
        case ():
            return "never"
        case (Planned(on=first_on, half=True), Planned(on=rest_on, half=False)):
            assert (first_on, rest_on) == (DUE_ON, DUE_ON + timedelta(15))
            return "halves"
        case (Planned(on=on, half=False),):
            late = (on - DUE_ON).days
            assert -12 <= late <= 28
            return "early" if late < 0 else "due" if late == 0 else "grace" if late <= 3 else "late"
        case _:
            raise AssertionError(planned)


def test_the_product_can_be_published() -> None:
    assert validate(PRODUCT, currency="GBP") == []
