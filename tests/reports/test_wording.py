"""Amounts, days and rates as they are written in the two languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from reports.wording import amount, day, money, percent


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "expected"),
    [
        ("zh-CN", 1_000_000, "CNY", "¥10,000.00"),
        ("en", 1_000_000, "CNY", "¥10,000.00"),
        ("en", 5, "GBP", "£0.05"),
        ("en", -5, "GBP", "−£0.05"),
        ("zh-CN", 123, "JPY", "JP¥ 123"),
        ("en", 0, "CNY", "¥0.00"),
        ("en", 123_456_789_012_345, "CNY", "¥1,234,567,890,123.45"),
    ],
)
def test_money(locale: str, minor: int, currency: str, expected: str) -> None:
    assert money(locale, minor, currency) == expected


def test_an_amount_tells_its_sign_where_asked() -> None:
    assert amount("en", 1, "CNY", signed=True) == "+0.01"
    assert amount("en", -1, "CNY", signed=True) == "−0.01"
    assert amount("en", 0, "CNY", signed=True) == "0.00"


def test_days() -> None:
    assert day("zh-CN", date(2027, 3, 10)) == "2027年3月10日"
    assert day("en", date(2027, 3, 10)) == "10 March 2027"


def test_rates() -> None:
    assert percent("zh-CN", Decimal("0.0608")) == "6.08%"
    assert percent("en", Decimal("0.0608")) == "6.08 %"
