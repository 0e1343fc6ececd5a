"""Reads a real order file: its lines into orders and credit notes, what is neither set aside with its reason.

The file is Online Retail II (Chen, D., UCI Machine Learning Repository, CC BY 4.0) or one with its columns;
rules: docs/real-orders.md, "Reading". Amounts are pence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec
import polars as pl
from polars.exceptions import PolarsError

from app.demo.errors import DemoError
from kernel.money import round_ratio

Reason = Literal[
    "no_customer", "not_goods", "non_positive_price", "zero_or_negative_quantity", "positive_credit"
]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

_CREDIT_NOTE: Final = "C"
_NOT_GOODS: Final = frozenset(
    {"POST", "DOT", "M", "D", "C2", "C3", "S", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE"}
    | {"ADJUST", "ADJUST2", "SP1002", "TEST001", "TEST002"}
)
_VOUCHER: Final = "GIFT"
_AT_ONCE: Final = 50_000

_COLUMNS: Final = {
    "Invoice": ("text", (pl.String,)),
    "StockCode": ("text", (pl.String,)),
    "Quantity": ("whole numbers", (pl.Int8, pl.Int16, pl.Int32, pl.Int64)),
    "InvoiceDate": ("times without a zone", (pl.Datetime,)),
    "Price": ("numbers", (pl.Float64,)),
    "CustomerID": ("whole numbers", (pl.Int8, pl.Int16, pl.Int32, pl.Int64)),
    "Country": ("text", (pl.String,)),
}
"""What is read (Description is not), and as what."""


class Price(NamedTuple):
    """Pence a piece, exact: 2.95 pounds is 295/1, 0.0005 pounds is 1/20."""

    numerator: int
    denominator: int

    def worth(self, quantity: int) -> int:
        """Of so many pieces, rounded half up to the penny: 3 at 0.125 pounds are 38."""
        return round_ratio(quantity * self.numerator, self.denominator)


class Line(NamedTuple):
    """A kept line; `no` is its position in the file from 0, `quantity` the pieces sold or returned."""

    no: int
    stock_code: str
    quantity: int
    price: Price

    @property
    def amount_minor(self) -> int:
        return self.price.worth(self.quantity)


class Document(msgspec.Struct, frozen=True):
    """An order, or a credit note: the kept lines of one invoice. `at` is the shop's local time."""

    number: str
    customer: int
    at: datetime
    lines: tuple[Line, ...]
    amount_minor: int

    @property
    def on(self) -> date:
        return self.at.date()


class SetAside(msgspec.Struct):
    """Lines that are no purchase and no return of goods by a known customer, and their worth."""

    lines: int = 0
    amount_minor: int = 0


class OrderFile(msgspec.Struct, frozen=True, kw_only=True):
    """`orders` and `credit_notes` in the order of (time, number); `buyers`: customer → country."""

    lines: int
    kept_lines: int
    set_aside: dict[Reason, SetAside]
    buyers: dict[int, str]
    orders: tuple[Document, ...]
    credit_notes: tuple[Document, ...]
    zero_orders: int


class _Invoice(msgspec.Struct):
    customer: int
    at: datetime
    lines: list[Line]


class _Row(NamedTuple):
    invoice: str
    stock_code: str
    quantity: int
    at: datetime
    price: float
    customer: int | None
    country: str


def read_orders(path: Path) -> OrderFile:
    """The whole file. Raises DemoError."""
    invoices: dict[str, _Invoice] = {}
    set_aside = {reason: SetAside() for reason in REASONS}
    buyers: dict[int, str] = {}
    prices: dict[float, Price] = {}
    lines = kept = 0
    for lines, row in enumerate(_rows(path), 1):
        price = prices.get(row.price)
        if price is None:
            price = prices[row.price] = _price(row.price)
        code = row.stock_code.strip().upper()
        if (reason := _reason(row, code)) is not None:
            aside = set_aside[reason]
            aside.lines += 1
            aside.amount_minor += price.worth(abs(row.quantity))
            continue
        assert row.customer is not None
        kept += 1
        buyers.setdefault(row.customer, row.country)
        invoice = invoices.setdefault(row.invoice, _Invoice(row.customer, row.at, []))
        invoice.at = min(invoice.at, row.at)
        invoice.lines.append(Line(lines - 1, code, abs(row.quantity), price))
    documents = [_document(number, invoice) for number, invoice in invoices.items()]
    documents.sort(key=lambda one: (one.at, one.number))
    orders = [one for one in documents if not one.number.startswith(_CREDIT_NOTE)]
    return OrderFile(
        lines=lines,
        kept_lines=kept,
        set_aside=set_aside,
        buyers=buyers,
        orders=tuple(order for order in orders if order.amount_minor),
        credit_notes=tuple(one for one in documents if one.number.startswith(_CREDIT_NOTE)),
        zero_orders=sum(not order.amount_minor for order in orders),
    )


def _reason(row: _Row, code: str) -> Reason | None:
    """Why a line is set aside: the first reason that fits."""
    if row.customer is None:
        return "no_customer"
    if code in _NOT_GOODS or code.startswith(_VOUCHER):
        return "not_goods"
    if row.price <= 0:
        return "non_positive_price"
    if row.invoice.startswith(_CREDIT_NOTE):
        return "positive_credit" if row.quantity >= 0 else None
    return "zero_or_negative_quantity" if row.quantity <= 0 else None


def _price(stored: float) -> Price:
    """By the shortest decimal text of the stored number."""
    numerator, denominator = (Decimal(repr(stored)) * 100).as_integer_ratio()
    return Price(numerator, denominator)


def _document(number: str, invoice: _Invoice) -> Document:
    amount_minor = sum(line.amount_minor for line in invoice.lines)
    return Document(number, invoice.customer, invoice.at, tuple(invoice.lines), amount_minor)


def _rows(path: Path) -> Iterator[_Row]:
    """Row by row in the file's order, a slice of it in Python's hands at a time."""
    try:
        frame = pl.scan_parquet(path)
        _refuse_schema(path, frame.collect_schema())
        table = frame.select(list(_COLUMNS)).collect(engine="streaming")
    except FileNotFoundError:
        raise DemoError(f"there is no file {path}", "look at the path after --orders") from None
    except (OSError, PolarsError) as error:
        raise DemoError(
            f"{path} cannot be read: {_first_line(error)}", "it must be a Parquet file of order lines"
        ) from error
    _refuse_gaps(path, table)
    for part in table.iter_slices(_AT_ONCE):
        yield from map(_Row._make, part.iter_rows())


def _refuse_schema(path: Path, schema: pl.Schema) -> None:
    """All that is wrong with the columns at once."""
    wrong = [f"{name} is missing" for name in _COLUMNS if name not in schema]
    for name, (meaning, kinds) in _COLUMNS.items():
        kind: Any = schema.get(name)
        if kind is not None and not (kind in kinds and getattr(kind, "time_zone", None) is None):
            wrong.append(f"{name} holds {kind}, not {meaning}")
    if wrong:
        raise DemoError(
            f"{path} lacks the columns of an order file: {'; '.join(wrong)}",
            f"wanted: {', '.join(f'{name} ({meaning})' for name, (meaning, _) in _COLUMNS.items())}",
        )


def _refuse_gaps(path: Path, table: pl.DataFrame) -> None:
    """Only CustomerID may be empty, and a price is a number."""
    for name in _COLUMNS:
        empty = table[name].is_null() if name != "Price" else ~table[name].is_finite().fill_null(False)
        if name != "CustomerID" and empty.any():
            raise DemoError(
                f"{path}, line {empty.arg_true()[0]} (counted from 0): {name} is empty",
                "only CustomerID may be: complete the line or take it out",
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
