"""A product document held against the rows of law that it names (DOMAIN.md §3, law).

Here stands what a document alone can tell: its rate by the year, its penalty's base. Whether a whole plan
with its fees meets the cap is asked of its IRR, at quote and contract; what runs after the due date is cut to
the cap when it is charged.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kernel.errors import FieldProblem
from products.rules.law import LawRow, Party, cap_on, law_row, law_rows, widest_cap

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
    yield from _above_cap(document, rows, widest_cap(rows) if on is None else cap_on(rows[0], on))
    on_all = document.get("past_due", {}).get("penalty_base") == "overdue_total"
    if on_all and not any(row.compound_interest for row in rows):
        yield FieldProblem("/past_due/penalty_base", "no_interest_on_interest", {"rule": rows[0].code})


def _above_cap(
    document: Mapping[str, Any], rows: tuple[LawRow, ...], cap: Decimal | None
) -> Iterator[FieldProblem]:
    if cap is None:
        return
    told = {"cap": f"{cap:f}", "rule": rows[0].code}
    if yearly_rate(document) > cap:
        yield FieldProblem("/price", "cap_exceeded", {**told})
    if yearly_flat_fee(document) > cap:
        yield FieldProblem("/price/period_fee_rate", "cap_exceeded", {**told})


def yearly_rate(document: Mapping[str, Any]) -> Decimal:
    """The contract rate by the year: 0.0005 a day is 0.1825; 0.18 by actual/360 is 0.1825 too."""
    price = document.get("price", {})
    yearly = Decimal(price.get("annual_rate", "0"))
    if price.get("day_count") == "actual/360":
        yearly = yearly * 365 / 360
    return yearly + 365 * Decimal(price.get("daily_rate", "0"))


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
