"""Every setting of a product document: how it is checked, and which field of `Terms` it becomes (DOMAIN.md
§3).

What DOMAIN.md knows and this version does not offer yet is `not_supported_yet`; anything else is
`unknown_field`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from products.rules import checks
from products.rules.checks import AMOUNT, choice, flag, order, rate, share, whole, wholes
from products.rules.index_rates import INDEXES

Settings = Mapping[str, "Setting | Settings"]


def _as_is(value: Any) -> Any:
    return value


def _id(value: Any) -> UUID:
    return UUID(str(value))


class Setting(msgspec.Struct, frozen=True):
    """`becomes`: the field of `Terms`, or "" where the value is used otherwise (see product.py)."""

    becomes: str
    check: Callable[[object], checks.Problem | None]
    read: Callable[[Any], Any] = _as_is
    required: bool = False


SETTINGS: Settings = {
    "currency": Setting("currency", checks.currency, required=True),
    "due_dates": {
        "rule": Setting(
            "due_rule", choice("days_after", "periods", "end_of_month", "end_of_week", "bill_day")
        ),
        "days": Setting("term_days", whole()),
        "bill_day": Setting("bill_day", checks.month_day),
        "due_day": Setting("due_day", checks.month_day),
        "buyer_due_days": Setting("", checks.month_days),
        "period": {
            "unit": Setting("period_unit", choice("month", "week", "day")),
            "length": Setting("period_length", whole(1, 366)),
        },
        "shift": Setting("shift", choice("none", "following", "modified_following", "preceding")),
        "calendar": Setting("calendar", choice("none", "weekends", "CN", "GB-ENG")),
        "min_notice_days": Setting("min_notice_days", whole()),
    },
    "statement": {"bill_day": Setting("", checks.month_day)},
    "repayment": {
        "form": Setting(
            "form", choice("one_payment", "equal_instalment", "equal_principal", "interest_only", "flat_fee")
        ),
        "instalments": Setting("", wholes(1, 99)),
        "down_payment": {
            "rate": Setting("down_payment_rate", rate, Decimal),
            "to": Setting("down_payment_to", choice("us", "platform")),
        },
    },
    "price": {
        "daily_rate": Setting("daily_rate", rate, Decimal),
        "annual_rate": Setting("annual_rate", rate, Decimal),
        "day_count": Setting("day_count", choice("actual/365", "actual/360", "actual/actual", "30/360")),
        "floating": {
            "index": Setting("rate_index", choice(*INDEXES)),
            "spread": Setting("spread_rate", rate, Decimal),
            "reset": Setting("rate_reset", choice("fixed", "period", "january", "anniversary")),
            "lag_days": Setting("rate_lag_days", whole(0, 366)),
        },
        "interest_free": {
            "rule": Setting("interest_free", choice("days", "until_due", "if_closed_within")),
            "days": Setting("free_days", whole()),
        },
        "period_fee_rate": Setting("period_fee_rate", rate, Decimal),
        "free_periods": Setting("free_periods", whole(0, 99)),
        "drawdown_fee": {
            "rate": Setting("drawdown_fee_rate", rate, Decimal),
            "amount_minor": Setting("drawdown_fee_minor", whole(0, AMOUNT)),
            "buyer_share": Setting("buyer_fee_share", share, Decimal),
        },
        "minimum_charge_minor": Setting("minimum_charge_minor", whole(0, AMOUNT)),
        "merchant_fee_rate": Setting("merchant_fee_rate", rate, Decimal),
        "merchant_fee_returns": Setting("merchant_fee_returns", flag),
        "subsidy": {
            "subsidiser_id": Setting("subsidiser", checks.identity, _id),
            "interest_share": Setting("subsidised_interest", share, Decimal),
            "fee_share": Setting("subsidised_fee", share, Decimal),
        },
    },
    "past_due": {
        "grace_days": Setting("grace_days", whole(high=365)),
        "after_due": Setting("after_due", choice("replaced", "continues")),
        "penalty_daily_rate": Setting("penalty_daily_rate", rate, Decimal),
        "penalty_base": Setting("penalty_base", choice("overdue_principal", "overdue_total")),
        "penalty_start": Setting("penalty_start", choice("due_date", "grace_end")),
        "penalty_cap_rate": Setting("penalty_cap_rate", share, Decimal),
        "shortfall_tolerance_minor": Setting("shortfall_tolerance_minor", whole(0, AMOUNT)),
        "non_accrual_days": Setting("non_accrual_days", whole(1)),
        "cure_instalments": Setting("cure_instalments", whole(1, 99)),
        "dispute_days": Setting("dispute_days", whole(high=365)),
        "silence_days": Setting("silence_days", whole(1, 365)),
    },
    "early_payment": Setting("early_payment", choice("allowed", "refused")),
    "early": {
        "interest": Setting("early_interest", choice("to_day", "whole_period")),
        "fees": Setting("early_fees", choice("waived", "charged")),
        "part": Setting("prepayment", choice("shorten", "lower_payment", "next")),
        "fee_rate": Setting("prepayment_fee_rate", rate, Decimal),
    },
    "refund": {
        "method": Setting("refund_method", choice("from_capture", "from_refund")),
        "order": Setting("refund_order", choice("last", "next", "pro_rata")),
        "fees": Setting("refund_fees", flag),
    },
    "allocation": {
        "order": Setting("allocation_order", order, tuple),
        "past_due": Setting("allocation_past_due", order, tuple),
        "non_accrual": Setting("allocation_non_accrual", order, tuple),
        "direction": Setting("allocation_direction", choice("horizontal", "vertical")),
        "surplus": Setting("surplus", choice("credit", "prepay")),
    },
    "limits": {
        "drawdown_minimum_minor": Setting("drawdown_minimum_minor", whole(1, AMOUNT)),
        "drawdown_maximum_minor": Setting("drawdown_maximum_minor", whole(1, AMOUNT)),
        "line_minimum_minor": Setting("", whole(1, AMOUNT)),
        "step_minor": Setting("", whole(1, AMOUNT)),
    },
    "tiers": Setting("", checks.tiers),
    "authorisation": {
        "days": Setting("authorisation_days", whole(1, 365)),
        "partial_capture": Setting("partial_capture", flag),
        "capture_backdating_days": Setting("capture_backdating_days", whole(high=365)),
    },
    "law": {
        "jurisdiction": Setting("", choice("CN", "GB", "example")),
        "licence": Setting("", choice("licensed", "private", "micro_lender", "example")),
    },
    "rounding": Setting("rounding", choice("half_up", "half_even")),
}

LATER: Mapping[str, frozenset[str]] = {
    "#": frozenset(
        {
            "season",
            "guarantee",
            "eligibility",
            "approval",
            "reminders",
            "collections",
        }
        | {"ladder", "campaigns", "fees"}
    ),
    "#/price": frozenset({"shares"}),
    "#/limits": frozenset({"tenant_budget", "group_budget", "over_capture", "sub_lines"}),
    "#/authorisation": frozenset({"renewals"}),
}
"""Settings of DOMAIN.md §3 that have a name and no effect yet, by the pointer of their group."""

OVERRIDABLE = frozenset({"price", "past_due", "due_dates", "repayment", "early", "refund"})
"""Groups that an override may change; what it says replaces the product's own, setting by setting."""
OVERRIDES = ("tier", "category", "season", "campaign")
"""What can override the product, in the order of application: the last one wins."""
