"""What does not fit together is refused with its place and its rule."""

from typing import Any

import pytest

from products.rules.product import validate

SOUND: dict[str, Any] = {"currency": "CNY", "due_dates": {"days": 30}, "price": {"daily_rate": "0.0004"}}


def problems(**changes: Any) -> set[tuple[str, str]]:
    return {(found.pointer, found.code) for found in validate(SOUND | changes)}


ANNUAL = {"annual_rate": "0.18"}
FLOATING = {"index": "CN-LPR-1Y", "spread": "0.09"}
FLAT = {"daily_rate": "0", "period_fee_rate": "0.006"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price": {}}, ("#/price", "one_rate_needed")),
        ({"price": {"daily_rate": "0.0004", "annual_rate": "0.15"}}, ("#/price", "one_rate_needed")),
        ({"price": {"floating": FLOATING, "annual_rate": "0.15"}}, ("#/price", "one_rate_needed")),
        ({"price": {"floating": {"index": "CN-LPR-1Y"}}}, ("#/price/floating/spread", "required")),
        ({"price": {"floating": FLOATING | {"index": "LIBOR"}}}, ("#/price/floating/index", "unknown_value")),
        (
            {"price": {"floating": FLOATING | {"reset": "period"}}},
            ("#/price/floating/reset", "one_capture_only"),
        ),
        (
            {
                "price": {"floating": FLOATING | {"spread": "0.3"}},
                "law": {"jurisdiction": "CN", "licence": "licensed"},
            },
            ("#/price", "cap_exceeded"),
        ),
        ({"repayment": {"instalments": 0}}, ("#/repayment/instalments", "out_of_range")),
        ({"repayment": {"instalments": [3, 3]}}, ("#/repayment/instalments", "not_a_list")),
        ({"repayment": {"instalments": [3, 6]}}, ("#/repayment/instalments", "one_payment_is_one")),
        ({"repayment": {"form": "flat_fee", "instalments": 3}}, ("#/price/period_fee_rate", "required")),
        ({"price": {"annual_rate": "0.1", "period_fee_rate": "0.006"}}, ("#/price/period_fee_rate",
        "only_with_flat_fee")), (
            {"repayment": {"form": "flat_fee", "instalments": 3}, "price": {**ANNUAL, "period_fee_rate":
            "0.006"}}, ("#/price", "flat_fee_bears_no_interest"),
        ),
        ({"due_dates": {}}, ("#/due_dates/days", "required")),
        ({"due_dates": {"rule": "periods", "days": 3}}, ("#/due_dates/days", "not_with_this_rule")),
        ({"due_dates": {"rule": "bill_day", "bill_day": 1}}, ("#/due_dates/due_day", "required")),
        (
            {"due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10, "period": {"unit": "week"}}},
            ("#/due_dates/period/unit", "months_only"),
        ),
        ({"due_dates": {"days": 9, "buyer_due_days": [5]}}, ("#/due_dates/buyer_due_days",
        "not_with_this_rule")), ({"due_dates": {"rule": "bill_day", "bill_day": 29, "due_day": 10}},
        ("#/due_dates/bill_day", "out_of_range")), ({"due_dates": {"days": 9, "shift": "following"}},
        ("#/due_dates/calendar", "required")), (
            {"price": {**ANNUAL, "interest_free": {"rule": "if_closed_within", "days": 31}}},
            ("#/price/interest_free/days", "free_longer_than_due"),
        ),
        ({"price": {**ANNUAL, "interest_free": {"rule": "if_closed_within"}}},
        ("#/price/interest_free/days", "required")), ({"price": {**ANNUAL, "subsidy": {"interest_share":
        "0.5"}}}, ("#/price/subsidy/subsidiser_id", "required")), ({"early_payment": "refused", "early":
        {"fee_rate": "0.01"}}, ("#/early/fee_rate", "early_payment_is_refused")), ({"early": {"part":
        "next", "fee_rate": "0.01"}}, ("#/early/fee_rate", "nothing_saved_nothing_paid")), ({"law":
        {"jurisdiction": "CN"}}, ("#/law/licence", "required")), ({"law": {"jurisdiction": "example",
        "licence": "private"}}, ("#/law/licence", "no_law_row")), (
            {"price": {"annual_rate": "0.25"}, "law": {"jurisdiction": "CN", "licence": "licensed"}},
            ("#/price", "cap_exceeded"),
        ),
        (
            {
                "past_due": {"penalty_base": "overdue_total"},
                "law": {"jurisdiction": "example", "licence": "example"},
            },
            ("#/past_due/penalty_base", "no_interest_on_interest"),
        ),
        ({"overrides": {"tier": {"gold": {"limits": {}}}}}, ("#/overrides/tier/gold/limits",
        "not_overridable")), ({"overrides": {"colour": {}}}, ("#/overrides/colour", "unknown_field")),
        (
            {"overrides": {"tier": {"gold": {"price": {"annual_rate": "x"}}}}},
            ("#/overrides/tier/gold/price/annual_rate", "not_a_rate"),
        ),
        (
            {"overrides": {"category": {"yarn": {"due_dates": {"rule": "periods", "days": 3}}}}},
            ("#/overrides/category/yarn/due_dates/days", "not_with_this_rule"),
        ),
        ({"seasons": [{"name": "peak", "from_on": "2027-03-01", "override": {}}]}, ("#/seasons/0/to_on",
        "required")), ({"seasons": {}}, ("#/seasons", "not_a_list")),
        ({"price": {**ANNUAL, "free_periods": 2}}, ("#/price/free_periods", "only_with_flat_fee")),
        (
            {
                "repayment": {"form": "flat_fee", "instalments": 3},
                "price": {**FLAT, "interest_free": {"days": 10}},
            },
            ("#/price/interest_free", "flat_fee_is_free_by_periods"),
        ),
        (
            {"due_dates": {"rule": "end_of_week", "period": {"unit": "month"}}},
            ("#/due_dates/period/unit", "weeks_only"),
        ),
        ({"due_dates": {"days": 9, "bill_day": 1}}, ("#/due_dates/bill_day", "not_with_this_rule")),
        (
            {
                "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10},
                "statement": {"bill_day": 5},
            },
            ("#/statement/bill_day", "not_with_this_rule"),
        ),
        (
            {"due_dates": {"days": 9}, "statement": {"bill_day": 31}},
            ("#/statement/bill_day", "out_of_range"),
        ),
        (
            {"due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10, "days": 5}},
            ("#/due_dates/days", "not_with_this_rule"),
        ),
        (
            {
                "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10},
                "price": {**ANNUAL, "interest_free": {"rule": "if_closed_within", "days": 11}},
            },
            ("#/price/interest_free/days", "free_longer_than_due"),
        ),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in problems(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"repayment": {"form": "equal_instalment", "instalments": [3, 6, 12]}, "price": ANNUAL,
        "due_dates": {"rule": "periods"}}, {"repayment": {"form": "flat_fee", "instalments": 12}, "price":
        FLAT, "due_dates": {"rule": "periods"}}, {"due_dates": {"rule": "bill_day", "bill_day": "last",
        "due_day": 10, "buyer_due_days": [5, 10]}}, {"due_dates": {"rule": "end_of_month", "days": 15}},
        {"price": {**ANNUAL, "interest_free": {"rule": "if_closed_within", "days": 30}}},
        {"law": {"jurisdiction": "CN", "licence": "private"}, "price": {"daily_rate": "0.0003"}},
        {"overrides": {"tier": {"gold": {"price": {"annual_rate": "0.12"}}}}},
        {"price": {"annual_rate": "0.24"}, "law": {"jurisdiction": "CN", "licence": "licensed"}},
        {"price": {"annual_rate": "0.9"}, "law": {"jurisdiction": "GB", "licence": "example"}},
    ],
)  # fmt: skip
def test_sound(changes: dict[str, Any]) -> None:
    assert problems(**changes) == set()
