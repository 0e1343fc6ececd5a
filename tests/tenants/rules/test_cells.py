"""Cells of a file as numbers, times and text, exactly as they were written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenants.rules.cells import BadCell, minor_of, number_of, plain


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "expected"),
    [
        ("1234.50", ".", "", "1234.50"),
        ("1.234,50", ",", ".", "1234.50"),
        ("-0.005", ".", "", "-0.005"),
        ("1,234,567", ".", ",", "1234567"),
    ],
)
def test_numbers(text: str, decimal: str, thousands: str, expected: str) -> None:
    assert number_of(text, decimal, thousands) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "1e5", "NaN", "1,23", "１２", "12 3", "--1", "0x10", "1" * 30])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadCell):
        number_of(text)


def test_minor_units_are_never_rounded_here() -> None:
    assert minor_of(Decimal("12.34"), "CNY", minor=False) == 1234
    assert minor_of(Decimal(1234), "CNY", minor=True) == 1234
    for amount, minor in ((Decimal("0.005"), False), (Decimal("1.5"), True)):
        with pytest.raises(BadCell):
            minor_of(amount, "CNY", minor=minor)


def test_text_as_a_person_would_write_it() -> None:
    assert [plain(value) for value in (None, " a ", 12, Decimal("1E+2"), True)] == [
        "",
        "a",
        "12",
        "100",
        "True",
    ]
