"""What rows of a file come to: an object, left out, refused; and the refusals of rows by code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from kernel.errors import FieldProblem, Params
from tenants.rules.mapping import Kind, Mapping
from tenants.rules.parties import BuyerItem, MerchantItem, ReceiptItem
from tenants.rules.trade import MOST_LINES, TradeOrderItem, TradeReturnItem

Raw = Sequence[Any]


class BadRow(tuple[Any, ...]):
    """Cells of a row that does not fit the header, or is none; it is refused with this code."""

    code: str
    params: Params

    @classmethod
    def of(cls, cells: Sequence[Any], code: str, params: Params) -> BadRow:
        row = cls(cells)
        row.code, row.params = code, params
        return row


Row = tuple[int, Raw]
"""Number in the file, from 1 without the header, and the cells as they came."""
Item = TradeOrderItem | TradeReturnItem | BuyerItem | MerchantItem | ReceiptItem


class Taken(msgspec.Struct, frozen=True):
    """One object and the rows that made it; of orders and returns row i is line i."""

    kind: Kind
    item: Item
    of: tuple[Row, ...]
    amount_minor: int

    @property
    def rows(self) -> int:
        return len(self.of)


class LeftOut(msgspec.Struct, frozen=True):
    """Rows left out under a name, and what they are worth (each line rounded by itself, without sign)."""

    name: str
    rows: int
    amount_minor: int


class Refused(msgspec.Struct, frozen=True):
    """A row that cannot be taken: the column where that is known, the code, the row as it came."""

    row: Row
    column: str | None
    code: str
    params: Params

    @property
    def rows(self) -> int:
        return 1


Step = Taken | LeftOut | Refused


class RowRefused(Exception):
    """Raised while a row is read; caught where its fellows are known."""

    def __init__(self, column: str | None, code: str, params: Params) -> None:
        super().__init__(code)
        self.column, self.code, self.params = column, code, params


def again(column: str | None, first: int) -> RowRefused:
    return RowRefused(column, *_seen_before(first))


def _seen_before(first: int) -> tuple[str, Params]:
    return "repeated_in_file", {"row": first}


def required() -> tuple[str, Params]:
    return "cell_empty", {}


def too_many_lines() -> tuple[str, Params]:
    return "too_many_lines", {"most": MOST_LINES}


def disagree(first: int) -> tuple[str, Params]:
    return "lines_disagree", {"row": first}


def incomplete(wrong: int) -> tuple[str, Params]:
    return "refused_with_row", {"row": wrong}


def not_above_0(quantity: Decimal) -> tuple[str, Params]:
    return "quantity_not_positive", {"value": f"{quantity:f}"}


def below_0(amount_minor: int) -> tuple[str, Params]:
    return "amount_negative", {"amount_minor": amount_minor}


def no_currency(code: str) -> tuple[str, Params]:
    return "unknown_currency", {"value": code[:20]}


def refusals(taken: Taken, problem: FieldProblem, mapping: Mapping) -> Iterator[Refused]:
    """What a use case refused, row by row: the problem at its own row, the others because of it."""
    _, _, place = problem.pointer.partition("#/")
    parts = place.split("/")
    at = int(parts[1]) if parts[0] == "lines" and len(parts) > 1 else 0
    field = _FIELD_OF.get(parts[-1], parts[-1])
    cell = mapping.fields.get(field)
    if cell is None and field == "returned_at":
        cell = mapping.fields.get("ordered_at")
    for position, row in enumerate(taken.of):
        if parts[0] != "lines" or position == at or len(parts) == 1:
            yield Refused(row, cell.column if cell else None, problem.code, problem.params)
        else:
            yield Refused(row, None, *incomplete(taken.of[at][0]))


_FIELD_OF: Final = {
    "buyer_ref": "buyer",
    "merchant_ref": "merchant",
    "order_ref": "order",
    "amount_minor": "amount",
    "lines": "",
}
