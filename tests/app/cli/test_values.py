"""What is typed is read exactly or refused with a way out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import typer

from app.cli.values import MOST_MINOR, day, days_ahead, instant, minor, minor_or_none


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [
        ("1288.00", "CNY", 128_800),
        ("1288", "CNY", 128_800),
        ("0.01", "CNY", 1),
        ("12.345", "KWD", 12_345),
        ("500", "JPY", 500),
        ("9999999999999.99", "CNY", 999_999_999_999_999),
        ("0", "CNY", 0),
    ],
)
def test_amounts_are_read_exactly(amount: str, currency: str, wanted: int) -> None:
    assert minor(amount, None, currency) == wanted


@pytest.mark.parametrize(
    ("amount", "amount_minor", "currency", "says"),
    [
        ("1288.001", None, "CNY", "finer than the minor unit"),
        ("1.5", None, "JPY", "finer than the minor unit"),
        ("1,288.00", None, "CNY", "no amount"),
        ("-1", None, "CNY", "no amount"),
        ("1e3", None, "CNY", "no amount"),
        ("NaN", None, "CNY", "no amount"),
        ("\u0661\u0662", None, "CNY", "no amount"),
        ("10000000000000.01", None, "CNY", f"0 to {MOST_MINOR}"),
        (None, -1, "CNY", f"0 to {MOST_MINOR}"),
        (None, MOST_MINOR + 1, "CNY", f"0 to {MOST_MINOR}"),
        ("1", 1, "CNY", "not both"),
        (None, None, "CNY", "give --amount"),
        ("1", None, "XXQ", "no currency"),
    ],
)
def test_bad_amounts(amount: str | None, amount_minor: int | None, currency: str, says: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        minor(amount, amount_minor, currency)
    assert says in str(refused.value)


def test_no_amount_may_be_meant() -> None:
    assert minor_or_none(None, None, "CNY") is None


def test_days_and_instants() -> None:
    assert day("2027-03-01") == date(2027, 3, 1)
    assert day(None) is instant(None) is None
    assert instant("2027-03-01T10:00:00+08:00") == datetime(2027, 3, 1, 2, tzinfo=UTC)
    assert days_ahead("+35d") == timedelta(35)
    for text in ("1.3.2027", "2027-02-30", "tomorrow"):
        with pytest.raises(typer.BadParameter):
            day(text)
    for text in ("2027-03-01T10:00:00", "now"):
        with pytest.raises(typer.BadParameter):
            instant(text)
    for text in ("35d", "+d", "-1d", "+1w", "+99999d"):
        with pytest.raises(typer.BadParameter):
            days_ahead(text)
