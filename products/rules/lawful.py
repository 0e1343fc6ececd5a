"""A product document held against the rows of law that it names (DOMAIN.md §3, law).

Here stands what a document alone can tell: its rate by the year, its penalty's base. Whether a whole plan
with its fees meets the cap is asked of its IRR, at quote and contract; what runs after the due date is cut to
the cap when it is charged.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from kernel.errors import FieldProblem
from products.rules.day_count import DayCount
from products.rules.index_rates import lowest, published_on
from products.rules.law import LawRow, Party, cap_on, law_row, law_rows, widest_cap

_NINE_DECIMALS = Decimal("0.000000001")
_A_YEAR = {"month": 12, "week": 52, "day": 365}


def unlawful(
    document: Mapping[str, Any], at: str, *, on: date | None = None, party: Party = "company"
) -> list[FieldProblem]:
    """What the row of that day and party forbids; without a day, what every row of the licence forbids."""
    return [
        FieldProblem(f"{at}{found.pointer}", found.code, found.params) for found in _all(document, on, party)
    ]


def _all(document: Mapping[str, Any], on: date | None, party: Party) -> Iterator[FieldProblem]:
    law = document.get("law", {})
    if not law:
        return
    missing = [key for key in ("jurisdiction", "licence") if key not in law]
    yield from (FieldProblem(f"/law/{key}", "required") for key in missing)
    if missing:
        return
    rows = law_rows(law["jurisdiction"], law["licence"])
    if on is not None:
        row = law_row(law["jurisdiction"], law["licence"], party, on)
        rows = (row,) if row else ()
    if not rows:
        yield FieldProblem("/law/licence", "no_law_row", {"jurisdiction": law["jurisdiction"]})
        return
    yield from _above_cap(document, rows, widest_cap(rows) if on is None else cap_on(rows[0], on), on)
    on_all = document.get("past_due", {}).get("penalty_base") == "overdue_total"
    if on_all and not any(row.compound_interest for row in rows):
        yield FieldProblem("/past_due/penalty_base", "no_interest_on_interest", {"rule": rows[0].code})


def _above_cap(
    document: Mapping[str, Any], rows: tuple[LawRow, ...], cap: Decimal | None, on: date | None
) -> Iterator[FieldProblem]:
    if cap is None:
        return
    told = {"cap": f"{cap:f}", "rule": rows[0].code}
    if yearly_rate(document, on) > cap:
        yield FieldProblem("/price", "cap_exceeded", {**told})
    if yearly_flat_fee(document) > cap:
        yield FieldProblem("/price/period_fee_rate", "cap_exceeded", {**told})


def yearly_rate(document: Mapping[str, Any], on: date | None = None) -> Decimal:
    """The contract rate by the year: 0.0005 a day is 0.1825; 0.18 by actual/360 is 0.1825 too.

    A floating rate as of that day; without a day, the least that it could ever have been.
    """
    price = document.get("price", {})
    yearly = Decimal(price.get("annual_rate", "0"))
    if {"index", "spread"} <= price.get("floating", {}).keys():
        yearly = _floating(price["floating"], on)
    if price.get("day_count") == "actual/360":
        yearly = yearly * 365 / 360
    return yearly + 365 * Decimal(price.get("daily_rate", "0"))


def floating_rate(floating: Mapping[str, Any], on: date | None) -> Decimal:
    """Index + spread by the year. Raises ValueError before the index was first published."""
    index = floating["index"]
    rate = lowest(index) if on is None else published_on(index, on, floating.get("lag_days", 0)).rate
    return rate + Decimal(floating["spread"])


def _floating(floating: Mapping[str, Any], on: date | None) -> Decimal:
    """Before the first publication no contract begins, whatever the law says to it."""
    try:
        return floating_rate(floating, on)
    except ValueError:
        return floating_rate(floating, None)


def most_annual(cap: Decimal | None, day_count: DayCount) -> Decimal | None:
    """The highest annual rate within the cap: of 24 % by actual/360, 0.236712328."""
    if cap is None or day_count != "actual/360":
        return cap
    return (cap * 360 / 365).quantize(_NINE_DECIMALS, ROUND_DOWN)


def yearly_flat_fee(document: Mapping[str, Any]) -> Decimal:
    """The least that flat fees cost a year, as if nothing were repaid before the end: 0.006 a month is 0.072.

    0 where this cannot be told: a first period of another length, or free periods.
    """
    price, dates = document.get("price", {}), document.get("due_dates", {})
    if dates.get("rule", "days_after") != "periods" or price.get("free_periods", 0):
        return Decimal(0)
    period: Mapping[str, Any] = dates.get("period", {})
    fee_rate = Decimal(price.get("period_fee_rate", "0"))
    return fee_rate * _A_YEAR[period.get("unit", "month")] / int(period.get("length", 1))
