"""The independent check of the real-order run, on a file small enough to be computed by hand.

All amounts in pence. A drawdown of P captured on day 0 and due on day 30 bears P × 0.0004 a night for the
nights after the tenth (whole: P × 0.008) and, past due, P × 0.0006 a night from the due date.
"""

import ast
import json
import os
import re
import sys
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from scripts import orders_check

DATA = Path(os.environ.get("TRADELINE_DATA", Path(__file__).parents[2] / "../shared/data"))
ORDERS = DATA / "online_retail_2009_2010.parquet"

# (invoice, stock code, quantity, month-day of 2010 and time, price, customer)
LINES: list[tuple[str, str, int, str, float, int | None]] = [
    # Limits: the base, down to whole £10, between £100 and £50,000.
    ("490001", "X", 30, "03-01 10:00", 10.0, 1),  # 30000
    ("490002", "X", 1, "08-31 23:59", 10.0, 2),  # 1000 -> 10000
    ("490003", "X", 1000, "03-01 10:00", 200.0, 3),  # 20000000 -> 5000000
    ("490005", "X", 1, "03-01 10:00", 309.99, 5),  # 30999 -> 30000
    ("490006", "X", 1, "03-01 10:00", 300.0, 6),  # 30000
    ("490007", "X", 1, "03-01 10:00", 0.004, 7),  # 0.4 -> 0: a zero order, yet a buyer
    # Set aside.
    ("490010", "POST", -2, "09-01 10:00", 1.5, None),  # no_customer 300, though postage and negative too
    ("490010", "X", 1, "09-01 10:00", -0.005, None),  # no_customer -0.5 -> -1, away from zero
    ("490011", " post ", 1, "09-01 10:00", 3.0, 8),  # not_goods 300; customer 8 is no buyer
    ("C490011", "gift_0001_20", -2, "09-01 10:00", 0.5, 8),  # not_goods 100
    ("490012", "X", 1, "09-01 10:00", 0.0, 1),  # non_positive_price 0
    ("490013", "X", -3, "09-01 10:00", 2.0, 1),  # zero_or_negative_quantity 600
    ("490013", "X", 0, "09-01 10:00", 5.0, 1),  # zero_or_negative_quantity 0
    ("C490014", "X", 4, "09-01 10:00", 0.25, 1),  # positive_credit 100
    # Buyer 1, limit 30000.
    # 500011 pays one day early. Captured Thu 2 Sep, due 2 Oct. 1 Oct: 10000 × 19 × 0.0004 = 76, receipt
    # 10076.
    ("500011", "A", 10, "09-01 10:00", 10.0, 1),
    # 500001 pays two days after. It fills the limit to the brim. Captured Mon 6 Sep, due 6 Oct. 12000 of it
    # come back on 7 Sep. 8 Oct: 8000 + 64, receipt 8064.
    ("500001", "A", 20, "09-03 10:00", 10.0, 1),
    ("500002", "BB", 1, "09-03 11:00", 0.5, 1),  # refused: 50 asked, 0 available, short of 50
    ("C500500", "a ", -12, "09-07 10:00", 9.0, 1),
    # 11 Oct: ten more, the 8 left of 500001 (8000) and 2 of 500011 (2000): two refunds. 500001 owes nothing,
    # all 8064 is surplus. 500011 over again: 8000 × 19 × 0.0004 = 60.8 -> 61, surplus 10076 - 8061 = 2015.
    # Credit balance 10079.
    ("C500501", "A", -10, "10-11 10:00", 10.0, 1),
    # 500003 pays on the day. Captured 13 Oct, due 12 Nov: 5000 + 40 paid from the credit balance at the
    # opening, 5039 left, no receipt.
    ("500003", "BB", 1, "10-12 10:00", 50.0, 1),
    ("C500502", "Z", -3, "10-14 10:00", 0.333, 1),  # never bought: unmatched 99.9 -> 100
    # Buyer 2, limit 10000.
    # 500078 pays six days late. Captured 3 Sep, due 3 Oct: 3333 + 26.664 -> 27.
    ("500078", "DD", 1, "09-02 10:00", 33.33, 2),
    # 500042 pays in two parts. Captured 7 Sep, due 7 Oct: 6000 + 48; half is 3024. It goes to the older debt,
    # that day past due: penalty 3333 × 4 × 0.0006 = 7.9992 -> 8, interest 27, principal 2989, 344 stay.
    # 9 Oct, 500078: (3333 × 4 + 344 × 2) × 0.0006 = 8.412 -> 8 - 8 charged; receipt 344.
    # 22 Oct, 500042: 6000 + 48 + 6000 × 15 × 0.0006 = 54, receipt 6102.
    ("500042", "DD", 1, "09-06 10:00", 60.0, 2),
    # Buyer 3, limit 5000000.
    # 500007 pays five days early. Captured 2 Sep; 27 Sep: 1000 × 15 × 0.0004 = 6, receipt 1006.
    ("500007", "E", 1, "09-01 10:00", 10.0, 3),
    # 500028 does not pay. Captured Mon 6 Sep, due 6 Oct.
    ("500028", "E", 1, "09-03 10:00", 1000.0, 3),
    # 500089 pays ten days early. Captured 15 Sep. 5 Oct: 2000 × 10 × 0.0004 = 8, receipt 2008, all of it to
    # the older 500028: interest 100000 × 19 × 0.0004 = 760, principal 1248, 98752 stay. On 6 Oct its interest
    # is (100000 × 19 + 98752) × 0.0004 = 799.5008 -> 800. 500089 is left with 2000 + 16. Both are past due at
    # the end, their penalty not yet charged.
    ("500089", "E", 1, "09-14 10:00", 20.0, 3),
    ("500004", "E", 1, "12-02 10:00", 30.0, 3),  # captured 3 Dec, owes 3000, not due
    ("500005", "E", 1, "12-09 10:00", 40.0, 3),  # held
    # Buyer 4 has no base.
    ("500014", "E", 1, "10-01 10:00", 5.0, 4),
    # Buyer 5, limit 30000.
    # 500101 pays one day early. Captured 2 Sep; 1 Oct: 1000 × 19 × 0.0004 = 7.6 -> 8, receipt 1008.
    ("500101", "F", 10, "09-01 10:00", 1.0, 5),
    # 500050 does not pay: 3 × 0.125 = 37.5 -> 38, and 962. Captured 5 Oct, due 4 Nov.
    ("500050", "C", 3, "10-04 10:00", 0.125, 5),
    ("500050", "DD", 1, "10-04 10:02", 9.62, 5),
    # One refund: 12.5 -> 13 and 25 - 13 = 12.
    ("C500503", "C", -1, "10-06 10:00", 0.125, 5),
    ("C500503", "c", -1, "10-06 10:00", 0.125, 5),
    # The last piece: 38 - 25 = 13; two match nothing: 66.6 -> 67. Left 962, interest 7.696 -> 8, past due.
    ("C500504", "C", -3, "10-07 10:00", 0.333, 5),
    # 500101 over again: 500 + 3.8 -> 4, surplus 1008 - 504 = 504. On 16 Nov it pays 500050, past due since
    # 4 Nov:
    # penalty 962 × 12 × 0.0006 = 6.9264 -> 7, interest 8, principal 489; 473 stay.
    ("C500505", "F", -5, "11-15 10:00", 1.0, 5),
    # Buyer 6, limit 30000.
    # 500041 pays on the last day of grace. Captured 2 Sep, due 2 Oct; 5 Oct: 10000 + 80, no penalty.
    ("500041", "G", 1, "09-01 10:00", 100.0, 6),
    # 500169 pays a day after grace. Captured 7 Sep, due 7 Oct; 11 Oct: 5000 + 40 + 5000 × 4 × 0.0006 = 12.
    ("500169", "G", 1, "09-06 10:00", 50.0, 6),
]
EXPECTED = {
    "lines": 38,
    "kept_lines": 30,
    "no_customer_lines": 2,
    "no_customer_minor": 300 - 1,
    "not_goods_lines": 2,
    "not_goods_minor": 300 + 100,
    "non_positive_price_lines": 1,
    "non_positive_price_minor": 0,
    "zero_or_negative_quantity_lines": 2,
    "zero_or_negative_quantity_minor": 600,
    "positive_credit_lines": 1,
    "positive_credit_minor": 100,
    "buyers": 7,
    "zero_orders": 1,
    "lines_opened": 5,
    "limits_minor": 30000 + 10000 + 5000000 + 30000 + 30000,
    "window_orders": 16,
    "window_minor": 35050 + 9333 + 110000 + 500 + 2000 + 15000,  # by buyer
    "no_line_orders": 1,
    "no_line_minor": 500,
    "refused_orders": 1,
    "refused_minor": 50,
    "refused_shortfall_minor": 50,
    "authorised_orders": 14,
    "authorised_minor": 35000 + 9333 + 110000 + 2000 + 15000,
    "captured_orders": 13,
    "captured_minor": 35000 + 9333 + 106000 + 2000 + 15000,
    "refunds": 6,
    "refunded_minor": 12000 + 8000 + 2000 + 25 + 13 + 500,
    "unmatched_credit_minor": 100 + 67,
    "receipts": 10,
    "received_minor": 10076 + 8064 + 3024 + 344 + 6102 + 1006 + 2008 + 1008 + 10080 + 5052,
    "principal_paid_minor": 8000 + 5000 + 3333 + 6000 + 1000 + 1248 + 500 + 489 + 10000 + 5000,
    "interest_paid_minor": 61 + 40 + 27 + 48 + 6 + 760 + 4 + 8 + 80 + 40,
    "penalty_paid_minor": 8 + 54 + 7 + 12,
    "credit_balance_minor": 5039,
    "interest_charged_minor": 61 + 40 + 27 + 48 + 6 + 800 + 16 + 4 + 8 + 80 + 40,
    "penalty_charged_minor": 8 + 54 + 7 + 12,
    "merchant_fee_minor": 80
    + 0
    + 50
    + 33
    + 60
    + 10
    + 1000
    + 20
    + 30
    + 5
    + 10
    + 100
    + 50,  # 500050: 9.62 -> 10
    "held_minor": 4000,
    "outstanding_minor": 98752 + 2000 + 3000 + 473,
    "past_due_drawdowns": 3,
    "past_due_minor": 98752 + 2000 + 473,
    "closed_drawdowns": 9,
}


def write(folder: Path, lines: list[tuple[str, str, int, str, float, int | None]]) -> Path:
    """An order file with the published columns."""
    columns = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "CustomerID")
    rows = [(*row[:3], datetime.fromisoformat(f"2010-{row[3]}"), *row[4:]) for row in lines]
    path = folder / "orders.parquet"
    pl.DataFrame(rows, schema=columns, orient="row").write_parquet(path)
    return path


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return write(tmp_path, LINES)


def summary(folder: Path, content: object) -> Path:
    path = folder / "summary.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_totals_computed_by_hand(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert orders_check.main([str(orders), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == EXPECTED


@pytest.mark.parametrize(
    ("number", "days_after_due"),
    [
        ("500011", [(-1, 1)]),  # u = 7, v = 3620292672
        ("500024", [(-12, 1)]),  # u = 10, v = 137120951
        ("500003", [(0, 1)]),  # u = 43
        ("500041", [(3, 1)]),  # u = 78, v = 3719660996
        ("500061", [(1, 1)]),  # u = 75, v = 2885278632
        ("500169", [(4, 1)]),  # u = 81, v = 2254554275
        ("500017", [(26, 1)]),  # u = 88, v = 2931895472
        ("500042", [(0, 2), (15, 1)]),  # u = 93
        ("500111", []),  # u = 95
    ],
)
def test_planned_payments(number: str, days_after_due: list[tuple[int, int]]) -> None:
    """(days after the due date, 2 for half); u mod 100 and v by the table of docs/real-orders.md."""
    due = date(2010, 10, 1)
    assert [((day - due).days, parts) for day, parts in orders_check.planned(number, due)] == days_after_due


def test_a_file_without_window_has_zeros(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert orders_check.main([str(write(tmp_path, LINES[:1])), "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    assert {key for key, value in totals.items() if value} == {
        "lines",
        "kept_lines",
        "buyers",
        "lines_opened",
        "limits_minor",
    }


def test_equal_summaries_agree(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = summary(orders.parent, {**EXPECTED, "seconds": 12.5})
    assert orders_check.main([str(orders), "--compare", str(path)]) == 0
    assert "0 of 44 differ; not compared: ['seconds']" in capsys.readouterr().out


@pytest.mark.parametrize("theirs", [104715, "104714", 104714.0, None])
def test_any_difference_fails(theirs: object, orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A penny, a text, a float and nothing at all; true is no 1 either."""
    path = summary(orders.parent, {**EXPECTED, "outstanding_minor": theirs, "zero_orders": True})
    assert orders_check.main([str(orders), "--compare", str(path)]) == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if line.endswith("differs")] == [
        "zero_orders",
        "outstanding_minor",
    ]
    assert "2 of 44 differ" in out


def test_a_missing_total_fails(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = summary(orders.parent, {key: value for key, value in EXPECTED.items() if key != "refunds"})
    assert orders_check.main([str(orders), "--compare", str(path)]) == 1
    assert "1 of 44 differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("lines", "lines = kept_lines"),
        ("window_orders", "window_orders = "),
        ("window_minor", "window_minor = "),
        ("held_minor", "authorised_minor = "),
        ("outstanding_minor", "captured_minor = "),
        ("received_minor", "received_minor = "),
        ("refunded_minor", "refunded_minor = worth"),
    ],
)
def test_a_broken_balance_fails(
    key: str,
    sentence: str,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    finish = orders_check.Run.finish

    def lose_a_penny(run: orders_check.Run) -> None:
        finish(run)
        run.totals[key] -= 1

    monkeypatch.setattr(orders_check.Run, "finish", lose_a_penny)
    assert orders_check.main([str(orders)]) == 1
    assert f"FAILED {sentence}" in capsys.readouterr().err


def test_a_line_above_its_limit_fails(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finish = orders_check.Run.finish

    def cut_the_limit(run: orders_check.Run) -> None:
        finish(run)
        run.limit[3] = 98752 + 2000 + 3000 + 4000 - 1  # owed and held, less a penny

    monkeypatch.setattr(orders_check.Run, "finish", cut_the_limit)
    assert orders_check.main([str(orders)]) == 1
    assert "FAILED no line above its limit" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "not parquet"])
def test_an_unfit_order_file_is_refused(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.parquet"
    path.write_text(content, "utf-8")
    assert orders_check.main([str(path)]) == 2
    assert orders_check.main([str(tmp_path / "absent.parquet")]) == 2
    assert capsys.readouterr().err.count("orders_check: cannot use the file") == 2


def test_missing_columns_and_empty_fields_are_refused(
    orders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = pl.read_parquet(orders)
    for broken, word in (
        (whole.drop("Price"), "Price"),
        (whole.with_columns(pl.lit(None).alias("Quantity")), "empty field"),
        (whole.with_columns(pl.lit("many").alias("Quantity")), "many"),
    ):
        broken.write_parquet(orders)
        assert orders_check.main([str(orders)]) == 2
        assert word in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[1]", "{", "absent"])
def test_an_unfit_summary_is_refused(text: str, orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = orders.parent / "summary.json"
    if text != "absent":
        path.write_text(text, "utf-8")
    assert orders_check.main([str(orders), "--compare", str(path)]) == 2
    assert "cannot use the file" in capsys.readouterr().err


def test_the_page_defines_exactly_these_keys() -> None:
    page = (Path(__file__).parents[2] / "docs/real-orders.md").read_text("utf-8")
    table = page.partition("## Totals")[2]
    first_cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(orders_check.KEYS.split())


def test_it_shares_no_code_with_the_product() -> None:
    tree = ast.parse(Path(orders_check.__file__).read_text("utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} - sys.stdlib_module_names == {"polars"}


@pytest.mark.skipif(not ORDERS.exists(), reason="no real order file: set TRADELINE_DATA")
def test_the_real_file_holds_together(capsys: pytest.CaptureFixture[str]) -> None:
    """Every sanity check passes on the real orders; the reading agrees with polars' own count."""
    assert orders_check.main([str(ORDERS), "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    frame = pl.read_parquet(ORDERS)
    assert totals["lines"] == frame.height
    assert totals["no_customer_lines"] == frame["CustomerID"].null_count()
    assert totals["past_due_drawdowns"] > 0
    assert totals["refused_orders"] > 0
