"""What in a product document contradicts itself or the law, each with its place and its rule (DOMAIN.md
§3).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kernel.errors import FieldProblem
from products.rules.law import LAW, LawRow, cap_on


def contradictions(document: Mapping[str, Any], at: str) -> list[FieldProblem]:
    """Of settings that are sound one by one. `at`: where the document stands (an override: its place)."""
    return [
        FieldProblem(f"{at}{found.pointer}", found.code, found.params)
        for part in (_rates, _forms, _dates, _free, _early, _limits, _law)
        for found in part(document)
    ]


Found = Iterator[FieldProblem]
"""Their pointers begin at the document."""


def _group(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        document = document.get(key, {})
    return document


def _rates(document: Mapping[str, Any]) -> Found:
    price = _group(document, "price")
    given = [key for key in ("daily_rate", "annual_rate") if key in price]
    if len(given) != 1:
        yield FieldProblem("/price", "one_rate_needed", {"given": len(given)})
    subsidy = _group(document, "price", "subsidy")
    if ("interest_share" in subsidy or "fee_share" in subsidy) and "subsidiser_id" not in subsidy:
        yield FieldProblem("/price/subsidy/subsidiser_id", "required")


def _forms(document: Mapping[str, Any]) -> Found:
    repayment, price = _group(document, "repayment"), _group(document, "price")
    form, offered = repayment.get("form", "one_payment"), repayment.get("instalments", 1)
    numbers = offered if isinstance(offered, list) else [offered]
    if form == "one_payment" and numbers != [1]:
        yield FieldProblem("/repayment/instalments", "one_payment_is_one")
    if form == "flat_fee":
        if "period_fee_rate" not in price:
            yield FieldProblem("/price/period_fee_rate", "required")
        if any(Decimal(price.get(key, "0")) for key in ("daily_rate", "annual_rate")):
            yield FieldProblem("/price", "flat_fee_bears_no_interest")
    elif Decimal(price.get("period_fee_rate", "0")):
        yield FieldProblem("/price/period_fee_rate", "only_with_flat_fee")


def _dates(document: Mapping[str, Any]) -> Found:
    dates = _group(document, "due_dates")
    rule, unit = dates.get("rule", "days_after"), _group(dates, "period").get("unit", "month")
    if rule == "days_after" and not dates.get("days"):
        yield FieldProblem("/due_dates/days", "required")
    if rule == "periods" and dates.get("days"):
        yield FieldProblem("/due_dates/days", "not_with_this_rule", {"rule": rule})
    if rule in ("bill_day", "end_of_month") and unit != "month":
        yield FieldProblem("/due_dates/period/unit", "months_only", {"rule": rule})
    if rule == "bill_day":
        for key in ("bill_day", "due_day"):
            if key not in dates:
                yield FieldProblem(f"/due_dates/{key}", "required")
    if "buyer_due_days" in dates and rule != "bill_day":
        yield FieldProblem("/due_dates/buyer_due_days", "not_with_this_rule", {"rule": rule})
    if dates.get("shift", "none") != "none" and dates.get("calendar", "none") == "none":
        yield FieldProblem("/due_dates/calendar", "required")


def _free(document: Mapping[str, Any]) -> Found:
    free, dates = _group(document, "price", "interest_free"), _group(document, "due_dates")
    rule, days = free.get("rule", "days"), free.get("days", 0)
    if rule == "until_due" and days:
        yield FieldProblem("/price/interest_free/days", "not_with_this_rule", {"rule": rule})
    if rule == "if_closed_within":
        if not days:
            yield FieldProblem("/price/interest_free/days", "required")
        first = _first_due_days(dates)
        if first is not None and days > first:
            yield FieldProblem("/price/interest_free/days", "free_longer_than_due", {"days": first})


def _first_due_days(dates: Mapping[str, Any]) -> int | None:
    """The least number of days until the first due date; None where a month's place decides."""
    rule = dates.get("rule", "days_after")
    if rule == "days_after":
        return int(dates.get("days", 0))
    if rule == "periods":
        period = _group(dates, "period")
        days = {"day": 1, "week": 7, "month": 28}[period.get("unit", "month")]
        return int(days * period.get("length", 1))
    return 0 if rule == "end_of_week" else int(dates.get("days", 0))


def _early(document: Mapping[str, Any]) -> Found:
    early = _group(document, "early")
    if document.get("early_payment") == "refused":
        for key in early:
            yield FieldProblem(f"/early/{key}", "early_payment_is_refused")
    if early.get("part") == "next" and Decimal(early.get("fee_rate", "0")):
        yield FieldProblem("/early/fee_rate", "nothing_saved_nothing_paid")


def _limits(document: Mapping[str, Any]) -> Found:
    limits = _group(document, "limits")
    maximum, minimum = limits.get("drawdown_maximum_minor"), limits.get("drawdown_minimum_minor", 1)
    if maximum is not None and maximum < minimum:
        yield FieldProblem("/limits/drawdown_maximum_minor", "below_minimum", {"minimum_minor": minimum})


def _law(document: Mapping[str, Any]) -> Found:
    """By the latest row: a contract is checked once more, by the row of its day and its whole plan."""
    law = _group(document, "law")
    if not law:
        return
    for key in ("jurisdiction", "licence"):
        if key not in law:
            yield FieldProblem(f"/law/{key}", "required")
            return
    rows = [row for row in LAW if (row.jurisdiction, row.licence) == (law["jurisdiction"], law["licence"])]
    if not rows:
        yield FieldProblem("/law/licence", "no_law_row", {"jurisdiction": law["jurisdiction"]})
        return
    row = min(rows, key=_cap)
    price, past_due = _group(document, "price"), _group(document, "past_due")
    yearly = Decimal(price.get("annual_rate", "0")) + 365 * Decimal(price.get("daily_rate", "0"))
    if yearly > _widest(rows):
        yield FieldProblem("/price", "cap_exceeded", {"cap": f"{_widest(rows):f}", "rule": row.code})
    if not row.compound_interest and past_due.get("penalty_base") == "overdue_total":
        yield FieldProblem("/past_due/penalty_base", "no_interest_on_interest", {"rule": row.code})


def _cap(row: LawRow) -> Decimal:
    return cap_on(row, max(row.valid_from_on, row.valid_to_on or row.valid_from_on))


def _widest(rows: list[LawRow]) -> Decimal:
    """The most that any of the rows ever allows: what is above it can never be contracted."""
    return max(_cap(row) if row.cap == "fixed" else Decimal("0.17") for row in rows)
