"""Money is an integer of minor units with an ISO 4217 currency. The one rounding of the house stands here."""

from decimal import Decimal
from functools import cache
from typing import Final, Literal

from babel.core import get_global

Rounding = Literal["half_up", "half_even"]
HALF_UP: Final = "half_up"
HALF_EVEN: Final = "half_even"

# ISO 4217, table A.1: every currency has two digits but these.
_NO_DIGITS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
    "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


class UnknownCurrency(ValueError):
    """No territory uses this code as its legal tender today."""


def round_ratio(numerator: int, denominator: int, mode: Rounding = HALF_UP) -> int:
    """The whole number nearest to numerator / denominator; a half goes away from zero, or to the even one.

    DOMAIN.md §2. 6.5 becomes 7 and -6.5 becomes -7 (`half_up`); 6.5 becomes 6 (`half_even`).
    Raises ValueError if the denominator is not positive.
    """
    if denominator <= 0:
        raise ValueError(f"denominator must be positive: {denominator}")
    whole, rest = divmod(abs(numerator), denominator)
    if 2 * rest > denominator or (2 * rest == denominator and (mode == HALF_UP or whole % 2)):
        whole += 1
    return whole if numerator >= 0 else -whole


@cache
def _currencies() -> frozenset[str]:
    """The codes that are legal tender somewhere today (CLDR: tender, without an end)."""
    territories = get_global("territory_currencies").values()
    return frozenset(
        code for uses in territories for code, _, ended, tender in uses if tender and ended is None
    )


def currency_digits(code: str) -> int:
    """Decimal digits of the minor unit: CNY 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    if code not in _currencies():
        raise UnknownCurrency(code)
    return 0 if code in _NO_DIGITS else 3 if code in _THREE_DIGITS else 2


def to_minor(amount: Decimal, code: str) -> int:
    """12.34 CNY is 1234. Raises UnknownCurrency, ValueError if it is finer than the minor unit."""
    if not amount.is_finite():
        raise ValueError(f"not an amount: {amount}")
    scaled = amount.scaleb(currency_digits(code))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} is finer than the minor unit of {code}")
    return int(scaled)


def to_major(amount_minor: int, code: str) -> Decimal:
    """1234 CNY is 12.34, with the digits of the currency. Raises UnknownCurrency."""
    return Decimal(amount_minor).scaleb(-currency_digits(code))
