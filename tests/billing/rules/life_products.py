"""Products that the naive model knows, each of its own seed: every feature is common, and so are pairs."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from products.rules.terms import COMPONENTS
from tests.billing.rules.scripts import LENDER, TENANT, a_terms

if TYPE_CHECKING:
    from products.rules.terms import Terms

D = Decimal
FORMS: tuple[dict[str, Any], ...] = (
    {"form": "one_payment", "instalments": 1, "due_rule": "days_after", "term_days": 30},
    {"form": "one_payment", "instalments": 1, "due_rule": "days_after", "term_days": 12},
    {"form": "equal_principal", "instalments": 3, "due_rule": "periods"},
    {
        "form": "equal_principal", "instalments": 4, "due_rule": "periods", "period_unit": "day",
        "period_length": 10,
    },
    {"form": "equal_instalment", "instalments": 3, "due_rule": "periods"},
    {"form": "equal_instalment", "instalments": 4, "due_rule": "days_after", "term_days": 20},
    {
        "form": "equal_instalment", "instalments": 3, "due_rule": "periods", "period_unit": "day",
        "period_length": 10,
    },
)  # fmt: skip
PRICES: tuple[dict[str, Any], ...] = (
    {"daily_rate": D("0.0005")},
    {"daily_rate": D("0.001234567")},
    {"daily_rate": None, "annual_rate": D("0.18")},
    {"daily_rate": None, "annual_rate": D("0.3333")},
)
FREE: tuple[dict[str, Any], ...] = (
    {"free_days": 0},
    {"free_days": 0},
    {"free_days": 7},
    {"free_days": 40},
    {"interest_free": "until_due", "free_days": 0},
)


def a_product(seed: int) -> Terms:
    chance = random.Random(seed)
    pick = chance.choice
    order = list(COMPONENTS)
    chance.shuffle(order)
    return a_terms(
        **pick(FORMS),
        **pick(PRICES),
        **pick(FREE),
        grace_days=pick([0, 3, 5]),
        after_due=pick(["replaced", "continues"]),
        penalty_daily_rate=pick([D("0.0006"), D("0.00123"), D("0.00123"), D(0)]),
        penalty_base=pick(["overdue_principal", "overdue_total"]),
        penalty_start=pick(["due_date", "grace_end"]),
        shift=pick(["none", "none", "following", "preceding"]),
        min_notice_days=pick([0, 0, 0, 15]),
        prepayment=pick(["shorten", "lower_payment", "next"]),
        early_interest=pick(["to_day", "whole_period"]),
        early_payment=pick(["allowed"] * 7 + ["refused"]),
        surplus=pick(["credit", "credit", "prepay"]),
        refund_method=pick(["from_capture", "from_refund", "from_refund"]),
        refund_order=pick(["last", "next", "pro_rata"]),
        refund_fees=pick([True, False]),
        drawdown_fee_rate=pick([D(0), D("0.01")]),
        dispute_days=pick([0, 7]),
        allocation_order=tuple(order),
        allocation_past_due=pick([None, ("principal", "interest", "fee", "penalty")]),
        allocation_direction=pick(["horizontal", "horizontal", "vertical"]),
        merchant_fee_rate=pick([D(0), D("0.013")]),
        merchant_fee_returns=pick([True, False]),
        authorisation_days=pick([6, 30]),
        partial_capture=pick([True, True, True, False]),
        capture_backdating_days=pick([0, 7]),
        drawdown_minimum_minor=pick([1, 50_00]),
        rounding=pick(["half_up", "half_even"]),
        tenant_book=pick([TENANT, LENDER]),
    )
