"""Amounts, days and rates as a reader of Chinese or English writes them (Babel)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent, get_currency_symbol

from kernel.money import currency_digits

_BABEL: Final = {"zh-CN": "zh_Hans_CN", "en": "en_GB"}
MINUS: Final = "−"


def amount(locale: str, minor: int, currency: str, *, signed: bool = False) -> str:
    """1000000 fen: 10,000.00; below 0 with a true minus; `signed`: above 0 with a plus."""
    digits = currency_digits(currency)
    places = f".{'0' * digits}" if digits else ""
    text = format_decimal(Decimal(abs(minor)).scaleb(-digits), f"#,##0{places}", locale=_BABEL[locale])
    return (MINUS if minor < 0 else "+" if signed and minor > 0 else "") + str(text)


def money(locale: str, minor: int, currency: str) -> str:
    """With its currency: ¥10,000.00."""
    symbol = get_currency_symbol(currency, locale="zh_Hans_CN" if currency == "CNY" else _BABEL[locale])
    text = amount(locale, abs(minor), currency)
    return (MINUS if minor < 0 else "") + (symbol if len(symbol) == 1 else f"{symbol} ") + text


def day(locale: str, on: date) -> str:
    """2027年3月10日; 10 March 2027."""
    return format_date(on, "long", locale=_BABEL[locale])


def percent(locale: str, rate: Decimal) -> str:
    """A fraction to two decimals: 0.0608 is 6.08 %."""
    return format_percent(rate, "#,##0.00%" if locale == "zh-CN" else "#,##0.00 %", locale=_BABEL[locale])
