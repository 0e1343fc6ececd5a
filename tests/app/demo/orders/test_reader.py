"""Lines of an order file: what is kept, what is set aside and why, what is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from app.demo.errors import DemoError
from app.demo.orders.reader import REASONS, Price, SetAside, read_orders
from tests.app.demo.order_files import SCHEMA, Row, write


def test_lines_of_an_invoice_are_one_order(tmp_path: Path) -> None:
    ten, nine = datetime(2010, 9, 1, 10), datetime(2010, 9, 1, 9)  # noqa: DTZ001
    rows = [
        Row("500002", " 85048a ", 12, ten, 6.95, 13085),
        Row("500001", "22041", 3, ten, 0.125, 13078, "France"),
        Row("500002", "22042", 1, nine, 2.10, 99999),
    ]
    found = read_orders(write(tmp_path / "orders.parquet", rows))

    # 12 × 6.95 = 83.40 and 1 × 2.10: 8,550 pence. 3 × 0.125 = 0.375 pounds: 38 pence, half up.
    assert [(one.number, one.customer, one.at, one.amount_minor) for one in found.orders] == [
        ("500002", 13085, nine, 8550),
        ("500001", 13078, ten, 38),
    ]
    assert [(line.no, line.stock_code, line.quantity) for line in found.orders[0].lines] == [
        (0, "85048A", 12),
        (2, "22042", 1),
    ]
    assert found.buyers == {13085: "United Kingdom", 13078: "France", 99999: "United Kingdom"}
    assert (found.lines, found.kept_lines, found.zero_orders) == (3, 3, 0)


@pytest.mark.parametrize(
    ("row", "reason", "amount_minor"),
    [
        (Row(customer=None, stock_code="POST"), "no_customer", 295),
        (Row(stock_code=" post "), "not_goods", 295),
        (Row(stock_code="gift_0001_20", price=0.0), "not_goods", 0),
        (Row(price=-4.005, quantity=-1), "non_positive_price", -401),
        (Row(quantity=-2), "zero_or_negative_quantity", 590),
        (Row(quantity=0), "zero_or_negative_quantity", 0),
        (Row("C500001", quantity=4), "positive_credit", 1180),
    ],
)
def test_a_line_is_set_aside_for_the_first_reason(
    tmp_path: Path, row: Row, reason: str, amount_minor: int
) -> None:
    """`amount_minor` is |quantity| × price, a half rounded away from zero: −4.005 pounds are −401 pence."""
    found = read_orders(write(tmp_path / "orders.parquet", [row]))
    assert found.set_aside == {
        name: SetAside(1, amount_minor) if name == reason else SetAside() for name in REASONS
    }
    assert (found.orders, found.credit_notes, found.buyers, found.kept_lines) == ((), (), {}, 0)


def test_credit_notes_and_orders_worth_nothing_stand_apart(tmp_path: Path) -> None:
    rows = [Row("C500009", quantity=-2), Row("500003", price=0.001)]
    found = read_orders(write(tmp_path / "orders.parquet", rows))
    assert [(one.number, one.amount_minor) for one in found.credit_notes] == [("C500009", 590)]
    assert (found.orders, found.zero_orders) == ((), 1)


@pytest.mark.parametrize(("quantity", "minor"), [(0, 0), (1, 1), (2, 1), (3, 2), (-1, -1), (-3, -2)])
def test_a_worth_is_rounded_half_up_once(quantity: int, minor: int) -> None:
    """Half a penny a piece: 1 → 0.5 → 1, 3 → 1.5 → 2; a half goes away from zero."""
    assert Price(1, 2).worth(quantity) == minor


def test_a_missing_or_foreign_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="there is no file"):
        read_orders(tmp_path / "absent.parquet")
    text = tmp_path / "orders.parquet"
    text.write_text("Invoice,StockCode\n")
    with pytest.raises(DemoError, match="cannot be read"):
        read_orders(text)


def test_all_wrong_columns_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.parquet", [Row()])
    wrong = pl.read_parquet(path).drop("Country").with_columns(pl.col("Price").cast(pl.String))
    wrong.write_parquet(path)
    with pytest.raises(DemoError, match="Country is missing; Price holds String, not numbers"):
        read_orders(path)


@pytest.mark.parametrize("row", [Row(quantity=None), Row(price=None), Row(price=float("nan"))])
def test_a_gap_is_told_with_its_line(tmp_path: Path, row: Row) -> None:
    path = write(tmp_path / "orders.parquet", [Row(), row])
    with pytest.raises(DemoError, match=r"line 1 \(counted from 0\): (Quantity|Price) is empty"):
        read_orders(path)


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pl.DataFrame(schema=SCHEMA).write_parquet(path)
    found = read_orders(path)
    assert (found.lines, found.orders, found.buyers) == (0, (), {})
