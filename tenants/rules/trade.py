"""What an order or a return may be, before anybody is asked who it is of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from kernel.errors import FieldProblem
from kernel.ids import digest
from kernel.money import UnknownCurrency, currency_digits
from tenants.rules import inputs

MOST_ITEMS: Final = 1_000
"""Orders or returns in one command."""
MOST_LINES: Final = 5_000
"""Lines of one order or return."""
MOST_MINOR: Final = 10**15
MOST_QUANTITY: Final = 10**12
_QUANTITY_PLACES: Final = 6


class TradeLine(msgspec.Struct, frozen=True, array_like=True):
    """`quantity` pieces, metres or kilograms, above 0; `amount_minor` for all of them, 0 for a gift."""

    sku: str
    quantity: Decimal
    amount_minor: int
    category: str | None = None


class TradeOrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the platform. Buyer by id or by its own `external_ref`; so the merchant, where known."""

    external_ref: str
    ordered_at: datetime
    currency: str
    lines: tuple[TradeLine, ...]
    buyer_id: UUID | None = None
    buyer_ref: str | None = None
    merchant_id: UUID | None = None
    merchant_ref: str | None = None


class TradeReturnItem(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that came back; `order_ref` is the reference of their order, where it is known."""

    external_ref: str
    returned_at: datetime
    currency: str
    lines: tuple[TradeLine, ...]
    buyer_id: UUID | None = None
    buyer_ref: str | None = None
    order_ref: str | None = None


def problem_of(item: TradeOrderItem | TradeReturnItem) -> FieldProblem | None:
    """The first thing that is wrong with it by itself, at its place."""
    order = isinstance(item, TradeOrderItem)
    at = item.ordered_at if isinstance(item, TradeOrderItem) else item.returned_at
    return (
        inputs.name(item.external_ref, "#/external_ref")
        or _instant(at, "#/ordered_at" if order else "#/returned_at")
        or _currency(item.currency)
        or _named(item.buyer_id, item.buyer_ref, "#/buyer_ref")
        or _other(item)
        or _lines(item.lines)
    )


def content_of(*parts: object) -> UUID:
    """The same for the same content, whoever sends it and when."""
    return digest(msgspec.json.encode(parts))


def total_minor(lines: Sequence[TradeLine]) -> int:
    return sum(line.amount_minor for line in lines)


def _other(item: TradeOrderItem | TradeReturnItem) -> FieldProblem | None:
    if isinstance(item, TradeReturnItem):
        return inputs.optional(item.order_ref, "#/order_ref")
    if item.merchant_id is None and item.merchant_ref is None:
        return None
    return _named(item.merchant_id, item.merchant_ref, "#/merchant_ref")


def _named(by_id: UUID | None, by_ref: str | None, pointer: str) -> FieldProblem | None:
    """By exactly one of the two."""
    if by_id is not None and by_ref is not None:
        return FieldProblem(pointer, "named_twice")
    if by_id is None and by_ref is None:
        return FieldProblem(pointer, "required")
    return inputs.optional(by_ref, pointer)


def _instant(at: datetime, pointer: str) -> FieldProblem | None:
    if at.tzinfo is None:
        return FieldProblem(pointer, "wrong_form", {"expected": "2027-03-01T08:00:00Z"})
    return None if at.year >= 1900 else FieldProblem(pointer, "out_of_range", {"expected": ">= 1900-01-01"})


def _currency(code: str) -> FieldProblem | None:
    try:
        currency_digits(code)
    except UnknownCurrency:
        return FieldProblem("#/currency", "unknown_currency", {"value": code[:20]})
    return None


def _lines(lines: Sequence[TradeLine]) -> FieldProblem | None:
    if not 1 <= len(lines) <= MOST_LINES:
        return FieldProblem("#/lines", "wrong_length", {"expected": f"1 to {MOST_LINES}"})
    for place, line in enumerate(lines):
        if problem := _line(line, f"#/lines/{place}"):
            return problem
    if not 0 < total_minor(lines) <= MOST_MINOR:
        return FieldProblem("#/lines", "total_not_positive", {"total_minor": total_minor(lines)})
    return None


def _line(line: TradeLine, pointer: str) -> FieldProblem | None:
    if wrong := inputs.name(line.sku, f"{pointer}/sku"):
        return wrong
    if line.category is not None and (wrong := inputs.name(line.category, f"{pointer}/category")):
        return wrong
    if not (line.quantity.is_finite() and 0 < line.quantity <= MOST_QUANTITY):
        return FieldProblem(f"{pointer}/quantity", "out_of_range", {"expected": f"> 0, <= {MOST_QUANTITY}"})
    if -int(line.quantity.as_tuple().exponent) > _QUANTITY_PLACES:
        return FieldProblem(
            f"{pointer}/quantity", "wrong_form", {"expected": f"{_QUANTITY_PLACES} decimal places"}
        )
    if not 0 <= line.amount_minor <= MOST_MINOR:
        return FieldProblem(f"{pointer}/amount_minor", "out_of_range", {"expected": f">= 0, <= {MOST_MINOR}"})
    return None
