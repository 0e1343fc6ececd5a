"""Rows become orders and returns, the same ones in whatever pieces they come."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.rules.mapping import read_mapping
from tenants.rules.rows import Mapper
from tenants.rules.steps import Refused, Step, Taken
from tenants.rules.trade import TradeOrderItem
from tests.support.import_files import ORDERS

HEADER = ("no", "shop", "at", "sku", "pieces", "price")
AT = "2027-02-20 10:00:00"

cells: Any = st.tuples(
    st.sampled_from(["A1", "A2", "CA1", ""]), st.sampled_from(["shop-1", "shop-2", ""]),
    st.sampled_from([AT, "no time"]), st.sampled_from(["cotton", "post"]),
    st.sampled_from(["1", "-1", "3", "x"]), st.sampled_from(["0.125", "1.50", ""]),
)  # fmt: skip


def steps(rows: list[Any], sizes: list[int]) -> list[Step]:
    mapper = Mapper(read_mapping(ORDERS), HEADER, "Asia/Shanghai")
    found: list[Step] = []
    no = 1
    for size in [*sizes, len(rows)]:
        part, rows = rows[:size], rows[size:]
        found += mapper.feed(no, part)
        no += len(part)
    return [*found, *mapper.finish()]


@given(st.lists(cells, max_size=12), st.lists(st.integers(1, 4), max_size=4))
def test_every_row_once_in_whatever_pieces(rows: list[Any], sizes: list[int]) -> None:
    found = steps(rows, sizes)
    assert found == steps(rows, [])
    assert sum(step.rows for step in found) == len(rows)


def test_a_row_that_is_wrong_takes_its_order_with_it() -> None:
    rows = [("A1", "shop-1", AT, "cotton", "1", "1.00"), ("A1", "shop-1", AT, "thread", "x", "1.00")]
    assert [(step.row[0], step.code) for step in steps(rows, []) if isinstance(step, Refused)] == [
        (1, "refused_with_row"), (2, "not_a_number"),
    ]  # fmt: skip


def test_each_line_is_rounded_by_itself() -> None:
    """3 at 0.125 are 0.375, which is 0.38; twice that is 0.76."""
    rows = [("A1", "shop-1", AT, "cotton", "3", "0.125")] * 2
    (one,) = steps(rows, [])
    assert isinstance(one, Taken)
    assert isinstance(one.item, TradeOrderItem)
    assert (one.amount_minor, [line.amount_minor for line in one.item.lines]) == (76, [38, 38])
