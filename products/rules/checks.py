"""How one value of a product document is checked: each gives what is wrong with it, or None."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from kernel.errors import Params
from kernel.money import UnknownCurrency, currency_digits
from products.rules.terms import COMPONENTS, billionths

Problem = tuple[str, Params]
"""What is wrong with a value: its code and what fills the sentence."""
Check = Callable[[object], Problem | None]

AMOUNT = 10**15
MOST_TIERS = 20


def whole(low: int = 0, high: int = 3650) -> Check:
    def check(value: object) -> Problem | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "not_a_whole_number", {}
        return None if low <= value <= high else ("out_of_range", {"low": low, "high": high})

    return check


def wholes(low: int, high: int) -> Check:
    """One whole number, or a list of them without doubles."""

    def check(value: object) -> Problem | None:
        if not isinstance(value, list):
            return whole(low, high)(value)
        if not value or len(set(map(str, value))) != len(value):
            return "not_a_list", {}
        return next((problem for one in value if (problem := whole(low, high)(one))), None)

    return check


def month_day(value: object) -> Problem | None:
    """1 to 28, or the last."""
    return None if value == "last" else whole(1, 28)(value)


def month_days(value: object) -> Problem | None:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        return "not_a_list", {}
    return next((problem for one in value if (problem := month_day(one))), None)


def choice(*now: str, later: tuple[str, ...] = ()) -> Check:
    def check(value: object) -> Problem | None:
        if value in now:
            return None
        if value in later:
            return "not_supported_yet", {"value": str(value)}
        return "unknown_value", {"allowed": ", ".join(now)}

    return check


def rate(value: object, *, through_1: bool = False) -> Problem | None:
    """Text, 0 or more and below 1 (a share: up to 1), at most nine decimals."""
    if not isinstance(value, str):
        return "not_a_rate", {}
    try:
        parsed = Decimal(value)
        billionths(parsed)
    except (InvalidOperation, ValueError):
        return "not_a_rate", {}
    within = 0 <= parsed < 1 or (through_1 and parsed == 1)
    return None if within else ("out_of_range", {"low": 0, "high": 1})


def share(value: object) -> Problem | None:
    return rate(value, through_1=True)


def flag(value: object) -> Problem | None:
    return None if isinstance(value, bool) else ("not_a_flag", {})


def order(value: object) -> Problem | None:
    if isinstance(value, list | tuple) and sorted(map(str, value)) == sorted(COMPONENTS):
        return None
    return "invalid_order", {"allowed": ", ".join(COMPONENTS)}


def currency(value: object) -> Problem | None:
    try:
        currency_digits(str(value))
    except UnknownCurrency:
        return "unknown_currency", {"value": str(value)}
    return None


def identity(value: object) -> Problem | None:
    try:
        UUID(str(value))
    except ValueError:
        return "not_an_id", {}
    return None


def day(value: object) -> Problem | None:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return "not_a_date", {}
    return None


def name(value: object) -> Problem | None:
    return None if isinstance(value, str) and 0 < len(value) <= 60 else ("not_a_name", {})


def tiers(value: object) -> Problem | None:
    """A list with something in it; what stands in it: tiers.py."""
    if not isinstance(value, list) or not value:
        return "not_a_list", {}
    return None if len(value) <= MOST_TIERS else ("too_many", {"most": MOST_TIERS})
