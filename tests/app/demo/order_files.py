"""Small order files made by hand or by dice, with the columns of the real one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import polars as pl

SCHEMA: dict[str, Any] = {
    "Invoice": pl.String,
    "StockCode": pl.String,
    "Description": pl.String,
    "Quantity": pl.Int32,
    "InvoiceDate": pl.Datetime("ns"),
    "Price": pl.Float64,
    "CustomerID": pl.Int32,
    "Country": pl.String,
}


class Row(NamedTuple):
    """A line of the file; the defaults are a plain purchase."""

    invoice: str = "500001"
    stock_code: str = "22041"
    quantity: int | None = 1
    at: datetime = datetime(2010, 9, 1, 10, 0)  # noqa: DTZ001  as the file has it: the shop's local time
    price: float | None = 2.95
    customer: int | None = 13085
    country: str = "United Kingdom"


def write(path: Path, rows: list[Row]) -> Path:
    """`rows` as a Parquet file."""
    values = [(r.invoice, r.stock_code, "", r.quantity, r.at, r.price, r.customer, r.country) for r in rows]
    pl.DataFrame(values, schema=SCHEMA, orient="row").write_parquet(path)
    return path


def a_year(seed: int, *, customers: int = 12, orders: int = 220) -> list[Row]:
    """A year of a small shop, seeded: orders, returns of goods bought or not, lines that are neither."""
    rng = Random(seed)
    prices = [0.42, 0.125, 1.25, 2.95, 7.65, 12.75, 0.005]
    codes = [f"2{no:04}" for no in range(8)]
    rows: list[Row] = []
    for no in range(orders):
        customer = rng.randrange(customers)
        days = rng.randrange(274, 374) if customer == 0 or no % 3 else rng.randrange(274)
        at = datetime(2009, 12, 1, 8) + timedelta(days=days, minutes=rng.randrange(600))  # noqa: DTZ001
        rows += [
            Row(
                str(500_000 + no),
                rng.choice(codes),
                rng.randrange(1, 40),
                at,
                rng.choice(prices),
                13_000 + customer,
            )
            for _ in range(rng.randrange(1, 6))
        ]
        if no % 4 == 0:
            later = at + timedelta(days=rng.randrange(1, 40))
            code, price = rng.choice([(rows[-1].stock_code.lower(), rows[-1].price), ("29999", 3.75)])
            pieces = -rng.randrange(1, 30)
            rows.append(Row(f"C{500_000 + no}", code, pieces, later, price, 13_000 + customer))
    rows += [
        Row("600001", customer=None),
        Row("600002", "POST", price=18.0),
        Row("600003", price=0.0),
        Row("600004", quantity=-3),
        Row("C600005", quantity=2),
        Row("600006", quantity=1, price=0.001),
    ]
    last = datetime(2010, 12, 9, 20)  # noqa: DTZ001
    rows += [Row(str(700_000 + no), at=last, customer=13_001 + no) for no in range(4)]
    return [row for row in rows if row.at <= last]
