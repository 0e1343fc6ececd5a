"""What in a product document contradicts itself, each with its place and its rule (DOMAIN.md §3).

What the law says to it: lawful.py.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kernel.errors import FieldProblem
from products.rules.due_dates import shortest_bill_cycle
from products.rules.overrides import RATES


def contradictions(document: Mapping[str, Any], at: str) -> list[FieldProblem]:
    """Of settings that are sound one by one. `at`: where the document stands (an override: its place)."""
    return [
        FieldProblem(f"{at}{found.pointer}", found.code, found.params)
        for part in (_rates, _forms, _dates, _statement, _free, _early, _limits)
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
    given = RATES & price.keys()
    if len(given) != 1:
        yield FieldProblem("/price", "one_rate_needed", {"given": len(given)})
    if "floating" in price:
        for key in ("index", "spread"):
            if key not in price["floating"]:
                yield FieldProblem(f"/price/floating/{key}", "required")
        in_parts = _group(document, "authorisation").get("partial_capture", True)
        if price["floating"].get("reset") == "period" and in_parts:
            yield FieldProblem("/price/floating/reset", "one_capture_only")
    subsidy = _group(document, "price", "subsidy")
    if ("interest_share" in subsidy or "fee_share" in subsidy) and "subsidiser_id" not in subsidy:
        yield FieldProblem("/price/subsidy/subsidiser_id", "required")


def _forms(document: Mapping[str, Any]) -> Found:
    repayment, price = _group(document, "repayment"), _group(document, "price")
    form, offered = repayment.get("form", "one_payment"), repayment.get("instalments", 1)
    numbers = offered if isinstance(offered, list) else [offered]
    if form == "one_payment" and numbers != [1]:
        yield FieldProblem("/repayment/instalments", "one_payment_is_one")
    if form != "flat_fee":
        for key in ("period_fee_rate", "free_periods"):
            if Decimal(price.get(key, 0)):
                yield FieldProblem(f"/price/{key}", "only_with_flat_fee")
        return
    if "period_fee_rate" not in price:
        yield FieldProblem("/price/period_fee_rate", "required")
    if "floating" in price or any(Decimal(price.get(key, "0")) for key in ("daily_rate", "annual_rate")):
        yield FieldProblem("/price", "flat_fee_bears_no_interest")
    free = _group(price, "interest_free")
    if free.get("days", 0) or free.get("rule", "days") != "days":
        yield FieldProblem("/price/interest_free", "flat_fee_is_free_by_periods")


_OF_RULE = {
    "days": ("days_after", "end_of_month", "end_of_week"),
    "bill_day": ("bill_day",),
    "due_day": ("bill_day",),
    "buyer_due_days": ("bill_day",),
}
"""Settings of due dates that some rules only ask."""


def _dates(document: Mapping[str, Any]) -> Found:
    dates = _group(document, "due_dates")
    rule, period = dates.get("rule", "days_after"), _group(dates, "period")
    for key, rules in _OF_RULE.items():
        if dates.get(key) and rule not in rules:
            yield FieldProblem(f"/due_dates/{key}", "not_with_this_rule", {"rule": rule})
    if rule == "days_after" and not dates.get("days"):
        yield FieldProblem("/due_dates/days", "required")
    if rule == "bill_day":
        for key in ("bill_day", "due_day"):
            if key not in dates:
                yield FieldProblem(f"/due_dates/{key}", "required")
    if rule in ("bill_day", "end_of_month") and period.get("unit", "month") != "month":
        yield FieldProblem("/due_dates/period/unit", "months_only", {"rule": rule})
    if rule == "end_of_week" and period.get("unit", "week") != "week":
        yield FieldProblem("/due_dates/period/unit", "weeks_only", {"rule": rule})
    if dates.get("shift", "none") != "none" and dates.get("calendar", "none") == "none":
        yield FieldProblem("/due_dates/calendar", "required")


def _statement(document: Mapping[str, Any]) -> Found:
    rule = _group(document, "due_dates").get("rule", "days_after")
    if rule == "bill_day" and "bill_day" in _group(document, "statement"):
        yield FieldProblem("/statement/bill_day", "not_with_this_rule", {"rule": rule})


def _free(document: Mapping[str, Any]) -> Found:
    free, dates = _group(document, "price", "interest_free"), _group(document, "due_dates")
    rule, days = free.get("rule", "days"), free.get("days", 0)
    if rule == "until_due" and days:
        yield FieldProblem("/price/interest_free/days", "not_with_this_rule", {"rule": rule})
    if rule == "if_closed_within":
        if not days:
            yield FieldProblem("/price/interest_free/days", "required")
        if days > (first := _first_due_days(dates)):
            yield FieldProblem("/price/interest_free/days", "free_longer_than_due", {"days": first})


def _first_due_days(dates: Mapping[str, Any]) -> int:
    """The fewest days from a capture to its first due date."""
    rule = dates.get("rule", "days_after")
    if rule == "periods":
        period = _group(dates, "period")
        days = {"day": 1, "week": 7, "month": 28}[period.get("unit", "month")]
        return int(days * period.get("length", 1))
    if rule == "bill_day":
        due_days = [dates[key] for key in ("due_day",) if key in dates] + dates.get("buyer_due_days", [])
        return min((shortest_bill_cycle(dates.get("bill_day", 1), of) for of in due_days), default=0)
    return int(dates.get("days", 0))


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
