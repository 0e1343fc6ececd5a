"""How the text, number or time in a cell of a file becomes a value. Exact: no float is ever computed with.

A Parquet number is read by its shortest decimal text, as a person would see it: 0.1 is 1/10.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from kernel.errors import Params
from kernel.money import to_minor
from tenants.rules.mapping import Cell

_KEPT: Final = 20_000
"""Texts whose value a reader remembers: prices and times come again and again."""
_MOST_TEXT: Final = 100


class BadCell(Exception):
    """A cell that cannot be read: code and what fills its sentence."""

    def __init__(self, code: str, params: Params) -> None:
        super().__init__(code)
        self.code, self.params = code, params


Read = Callable[[Any], Any]


def reader(cell: Cell, zone: str) -> Read:
    """The function that reads this cell's values; None for an empty one. It raises BadCell.

    `zone` is that of the tenant, for times that tell none. An `amount` is read as a number here: what minor
    units it has is known with its currency (`minor_of`).
    """
    if cell.use == "text":
        return _text(cell)
    if cell.use in ("number", "amount"):
        return lru_cache(_KEPT)(_number(cell))
    if cell.use == "instant":
        return lru_cache(_KEPT)(_instant(cell, ZoneInfo(cell.zone or zone)))
    return lru_cache(_KEPT)(_day(cell, ZoneInfo(cell.zone or zone)))


def plain(value: Any) -> str:
    """A cell as text, as a person would write it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value)


def number_of(text: str, decimal: str = ".", thousands: str = "") -> Decimal:
    """`1.234,50` with decimal `,` and thousands `.` is 1234.50. Raises BadCell."""
    if not _pattern(decimal, thousands).fullmatch(text):
        raise BadCell(*_not_a_number(text))
    bare = text.replace(thousands, "") if thousands else text
    return Decimal(bare.replace(decimal, "."))


def minor_of(amount: Decimal, currency: str, *, minor: bool) -> int:
    """Minor units. Raises BadCell where it is finer; `minor`: they are minor units already."""
    try:
        if minor:
            if amount != amount.to_integral_value():
                raise ValueError
            return int(amount)
        return to_minor(amount, currency)
    except ValueError:
        raise BadCell(*_too_fine(amount, currency)) from None


def _text(cell: Cell) -> Read:
    case, prepend, words, default = cell.case, cell.prepend, cell.words, cell.default

    def read(value: Any) -> str | None:
        text = value.strip() if type(value) is str else plain(value)
        if not text:
            return default
        if case:
            text = text.upper() if case == "upper" else text.lower()
        if words:
            text = words.get(text, text)
        return prepend + text if prepend else text

    return read


def _number(cell: Cell) -> Read:
    sign = -1 if cell.negate else 1

    def read(value: Any) -> Decimal | None:
        if isinstance(value, str):
            text = value.strip() or cell.default
            return None if text is None else sign * number_of(text, cell.decimal, cell.thousands)
        if value is None:
            return None if cell.default is None else sign * number_of(cell.default)
        try:
            number = Decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            raise BadCell(*_not_a_number(plain(value))) from None
        if isinstance(value, bool) or not number.is_finite():
            raise BadCell(*_not_a_number(plain(value)))
        return sign * number

    return read


def _instant(cell: Cell, zone: ZoneInfo) -> Read:
    def read(value: Any) -> datetime | None:
        moment = value
        if isinstance(value, str) or value is None:
            text = (value or "").strip() or cell.default
            if text is None:
                return None
            moment = _moment(text, cell.format)
        elif isinstance(value, date) and not isinstance(value, datetime):
            moment = datetime.combine(value, time(0))
        elif not isinstance(value, datetime):
            raise BadCell(*_not_a_time(plain(value), cell.format))
        local: datetime = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        try:
            return local.astimezone(UTC)
        except OverflowError:
            raise BadCell(*_not_a_time(plain(value), cell.format)) from None

    return read


def _day(cell: Cell, zone: ZoneInfo) -> Read:
    def read(value: Any) -> date | None:
        if isinstance(value, datetime):
            return (value.astimezone(zone) if value.tzinfo else value).date()
        if isinstance(value, date):
            return value
        if value is not None and not isinstance(value, str):
            raise BadCell(*_not_a_time(plain(value), cell.format))
        text = (value or "").strip() or cell.default
        return None if text is None else _moment(text, cell.format).date()

    return read


def _moment(text: str, form: str | None) -> datetime:
    try:
        if len(text) > _MOST_TEXT:
            raise ValueError
        return datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        raise BadCell(*_not_a_time(text, form)) from None


@lru_cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,18}}" if thousands else r"\d{1,18}"
    return re.compile(rf"[+-]?(?:{whole})(?:{point}\d{{1,18}})?", re.ASCII)


def _not_a_number(text: str) -> tuple[str, Params]:
    return "not_a_number", {"value": text[:_MOST_TEXT]}


def _not_a_time(text: str, form: str | None) -> tuple[str, Params]:
    return "not_a_time", {"value": text[:_MOST_TEXT], "expected": form or "2027-03-01T08:30:00"}


def _too_fine(amount: Decimal, currency: str) -> tuple[str, Params]:
    return "too_fine", {"value": f"{amount:f}", "currency": currency}
