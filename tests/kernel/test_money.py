"""One rounding; digits of currencies by ISO 4217."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import HALF_EVEN, HALF_UP, UnknownCurrency, currency_digits, round_ratio, to_major, to_minor


@pytest.mark.parametrize(
    ("numerator", "denominator", "half_up", "half_even"),
    [
        (13, 2, 7, 6),
        (15, 2, 8, 8),
        (-13, 2, -7, -6),
        (-15, 2, -8, -8),
        (1, 3, 0, 0),
        (2, 3, 1, 1),
        (-1, 3, 0, 0),
        (0, 7, 0, 0),
        (14, 7, 2, 2),
    ],
)
def test_halves(numerator: int, denominator: int, half_up: int, half_even: int) -> None:
    assert round_ratio(numerator, denominator, HALF_UP) == half_up
    assert round_ratio(numerator, denominator, HALF_EVEN) == half_even


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12))
def test_agrees_with_decimal_and_fraction(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert round_ratio(numerator, denominator, HALF_EVEN) == round(exact)
    rounded = round_ratio(numerator, denominator)
    assert abs(exact - rounded) <= Fraction(1, 2)
    assert round_ratio(-numerator, denominator) == -rounded


@given(st.integers(-(10**9), 10**9), st.sampled_from([10, 100, 1000, 8]))
def test_agrees_with_decimals_own_rounding(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / denominator
    assert round_ratio(numerator, denominator) == int(exact.to_integral_value(ROUND_HALF_UP))
    assert round_ratio(numerator, denominator, HALF_EVEN) == int(exact.to_integral_value(ROUND_HALF_EVEN))


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_is_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="denominator"):
        round_ratio(1, denominator)


@pytest.mark.parametrize(
    ("code", "digits"), [("CNY", 2), ("GBP", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("ISK", 0)]
)
def test_digits(code: str, digits: int) -> None:
    assert currency_digits(code) == digits


@pytest.mark.parametrize("code", ["", "XYZ", "cny", "RMB", "DEM", "XAU", "CNH", "CNYY"])
def test_unknown_currencies(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        currency_digits(code)


def test_to_minor_and_back() -> None:
    assert to_minor(Decimal("12.34"), "CNY") == 1234
    assert to_minor(Decimal(12), "JPY") == 12
    assert to_minor(Decimal("-0.001"), "KWD") == -1
    assert to_major(1234, "CNY") == Decimal("12.34")
    assert str(to_major(1200, "CNY")) == "12.00"
    assert str(to_major(12, "JPY")) == "12"


@pytest.mark.parametrize(
    ("amount", "code"), [("12.345", "CNY"), ("0.5", "JPY"), ("NaN", "CNY"), ("Infinity", "CNY")]
)
def test_what_is_no_amount(amount: str, code: str) -> None:
    with pytest.raises(ValueError, match=r"finer|not an amount"):
        to_minor(Decimal(amount), code)
