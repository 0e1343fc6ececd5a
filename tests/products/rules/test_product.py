"""The product document: every problem at once, each at its place; and the terms that a sound one gives."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Invalid
from products.rules.product import Choice, Programme, cut_day, resolve, validate
from products.rules.settings import LATER, SETTINGS, Setting, Settings
from products.rules.terms import Terms

PROGRAMME = Programme(currency="CNY", lender_book=UUID(int=2), tenant_book=UUID(int=3))
SMALLEST: dict[str, Any] = {"currency": "CNY", "due_dates": {"days": 30}, "price": {"daily_rate": "0.0004"}}
WHOLE: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 60, "shift": "none", "min_notice_days": 2},
    "repayment": {"form": "one_payment"},
    "price": {
        "daily_rate": "0.0005",
        "day_count": "actual/365",
        "interest_free": {"rule": "days", "days": 40},
        "merchant_fee_rate": "0.01",
        "merchant_fee_returns": False,
    },
    "past_due": {
        "grace_days": 3,
        "after_due": "replaced",
        "penalty_daily_rate": "0.0006",
        "penalty_base": "overdue_total",
        "penalty_start": "grace_end",
    },
    "early_payment": "refused",
    "refund": {"method": "from_refund"},
    "allocation": {
        "order": ["principal", "interest", "fee", "penalty"],
        "direction": "horizontal",
        "surplus": "prepay",
    },
    "limits": {"drawdown_minimum_minor": 100, "drawdown_maximum_minor": 5_000_000},
    "authorisation": {"days": 21, "partial_capture": False, "capture_backdating_days": 5},
    "rounding": "half_even",
}


def problems(document: Any, currency: str | None = None) -> set[tuple[str, str]]:
    return {(problem.pointer, problem.code) for problem in validate(document, currency=currency)}


def with_value(pointer: str, value: object) -> dict[str, Any]:
    document = deepcopy(WHOLE)
    group = document
    *path, last = pointer.removeprefix("#/").split("/")
    for name in path:
        group = group[name]
    group[last] = value
    return document


def resolved(document: dict[str, Any]) -> Terms:
    return resolve(
        document, product_id=UUID(int=1), product_version=3, programme=PROGRAMME, on=date(2027, 1, 1)
    )


def test_every_setting_reaches_the_terms() -> None:
    assert resolved(WHOLE) == Terms(
        product_id=UUID(int=1),
        product_version=3,
        currency="CNY",
        legal_form="loan",
        lender_book=UUID(int=2),
        tenant_book=UUID(int=3),
        term_days=60,
        min_notice_days=2,
        free_days=40,
        daily_rate=Decimal("0.0005"),
        grace_days=3,
        after_due="replaced",
        penalty_daily_rate=Decimal("0.0006"),
        penalty_base="overdue_total",
        penalty_start="grace_end",
        allocation_order=("principal", "interest", "fee", "penalty"),
        surplus="prepay",
        early_payment="refused",
        refund_method="from_refund",
        merchant_fee_rate=Decimal("0.01"),
        merchant_fee_returns=False,
        authorisation_days=21,
        partial_capture=False,
        capture_backdating_days=5,
        drawdown_minimum_minor=100,
        drawdown_maximum_minor=5_000_000,
        rounding="half_even",
        non_accrual_days=90,
    )


def test_the_smallest_document_takes_the_defaults() -> None:
    terms = resolved(SMALLEST)
    assert (terms.term_days, terms.daily_rate) == (30, Decimal("0.0004"))
    assert (terms.free_days, terms.grace_days, terms.penalty_daily_rate) == (0, 0, Decimal(0))
    assert (terms.refund_method, terms.surplus, terms.rounding) == ("from_capture", "credit", "half_up")


def test_every_field_of_the_terms_is_set_somewhere() -> None:
    def becomes(settings: Settings) -> set[str]:
        found: set[str] = set()
        for setting in settings.values():
            found |= {setting.becomes} if isinstance(setting, Setting) else becomes(setting)
        return found

    from_elsewhere = {"product_id", "product_version", "legal_form", "lender_book", "tenant_book"}
    from_elsewhere |= {"instalments", "statement_day", "cap_annual_rate", "cap_measure", "law_row"}
    assert becomes(SETTINGS) - {""} == set(Terms.__struct_fields__) - from_elsewhere


def test_all_problems_at_once() -> None:
    document = {
        "due_dates": {"rule": "lunar", "days": -1},
        "price": {"daily_rate": "lots", "annual_rate": "0.18", "interest_free": {"dayz": 3}},
        "past_due": None,
        "colour": "red",
        "seasons/2": 1,
        "season": {},
    }
    assert problems(document) == {
        ("#/currency", "required"),
        ("#/due_dates/rule", "unknown_value"),
        ("#/due_dates/days", "out_of_range"),
        ("#/price/daily_rate", "not_a_rate"),
        ("#/price/interest_free/dayz", "unknown_field"),
        ("#/past_due", "not_a_group"),
        ("#/colour", "unknown_field"),
        ("#/seasons~12", "unknown_field"),
        ("#/season", "not_supported_yet"),
    }


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("#/currency", "RMB", "unknown_currency"),
        ("#/currency", 7, "unknown_currency"),
        ("#/due_dates/days", "60", "not_a_whole_number"),
        ("#/due_dates/days", True, "not_a_whole_number"),
        ("#/due_dates/days", 0, "required"),
        ("#/due_dates/days", 100_000, "out_of_range"),
        ("#/due_dates/shift", "following", "required"),
        ("#/due_dates/min_notice_days", -1, "out_of_range"),
        ("#/repayment/form", "barter", "unknown_value"),
        ("#/price/daily_rate", 0, "not_a_rate"),
        ("#/price/daily_rate", "0.0000000001", "not_a_rate"),
        ("#/price/daily_rate", "-0.1", "out_of_range"),
        ("#/price/daily_rate", "1", "out_of_range"),
        ("#/price/daily_rate", "NaN", "not_a_rate"),
        ("#/price/interest_free/rule", "until_due", "not_with_this_rule"),
        ("#/price/merchant_fee_returns", 1, "not_a_flag"),
        ("#/past_due/penalty_base", ["overdue_total"], "unknown_value"),
        ("#/allocation/order", ["penalty", "fee", "interest"], "invalid_order"),
        ("#/allocation/order", ["penalty", "fee", "interest", "interest"], "invalid_order"),
        ("#/allocation/order", "penalty", "invalid_order"),
        ("#/limits/drawdown_minimum_minor", 0, "out_of_range"),
        ("#/limits/drawdown_maximum_minor", 99, "below_minimum"),
        ("#/limits", [], "not_a_group"),
    ],
)
def test_one_problem(pointer: str, value: object, code: str) -> None:
    document = with_value(pointer, value)
    assert [code for _, code in problems(document)] == [code]
    with pytest.raises(ValueError, match="not a product"):
        resolved(document)


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, names in LATER.items() for name in sorted(names)]
)
def test_what_comes_later_is_told_apart(group: str, name: str) -> None:
    document = with_value(f"{group}/{name}", "whatever")
    assert problems(document) == {(f"{group}/{name}", "not_supported_yet")}


def test_the_currency_is_the_programmes() -> None:
    assert problems(WHOLE, currency="GBP") == {("#/currency", "currency_mismatch")}
    assert problems(WHOLE, currency="CNY") == set()


@pytest.mark.parametrize("document", [None, [], "CNY"])
def test_what_is_no_document(document: object) -> None:
    assert problems(document) == {("#", "not_a_group")}


CHOICES: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10, "buyer_due_days": [5, 10, 20]},
    "repayment": {"form": "equal_instalment", "instalments": [3, 6, 12]},
    "price": {"annual_rate": "0.18", "day_count": "30/360"},
    "past_due": {"grace_days": 3},
    "law": {"jurisdiction": "CN", "licence": "private"},
    "overrides": {
        "tier": {"gold": {"price": {"annual_rate": "0.1"}, "past_due": {"grace_days": 5}}},
        "category": {"yarn": {"price": {"daily_rate": "0.0003"}}},
        "campaign": {"spring": {"price": {"annual_rate": "0.06"}}},
    },
    "seasons": [
        {
            "name": "peak",
            "from_on": "2027-03-01",
            "to_on": "2027-05-31",
            "override": {"past_due": {"grace_days": 9}},
        }
    ],
}


def chosen(on: date, **choice: Any) -> Terms:
    return resolve(
        {**CHOICES, "price": {"annual_rate": "0.11", "day_count": "30/360"}},
        product_id=UUID(int=1), product_version=3, programme=PROGRAMME, on=on, choice=Choice(**choice),
    )  # fmt: skip


def test_what_is_chosen_and_known() -> None:
    plain = chosen(date(2027, 2, 1))
    assert (plain.instalments, plain.due_day, plain.annual_rate, plain.grace_days) == (
        3,
        10,
        Decimal("0.11"),
        3,
    )
    assert (plain.cap_annual_rate, plain.law_row) == (Decimal("0.12"), "cn-private-4lpr")
    terms = chosen(date(2027, 2, 1), instalments=12, due_day=20, tier="gold")
    assert (terms.instalments, terms.due_day, terms.annual_rate, terms.grace_days) == (
        12,
        20,
        Decimal("0.1"),
        5,
    )


def test_the_last_override_wins_and_one_rate_replaces_the_other() -> None:
    on = date(2027, 3, 1)
    terms = chosen(on, tier="gold", category="yarn")
    assert (terms.daily_rate, terms.annual_rate, terms.grace_days) == (Decimal("0.0003"), None, 9)
    terms = chosen(on, tier="gold", category="yarn", campaign="spring")
    assert (terms.daily_rate, terms.annual_rate) == (None, Decimal("0.06"))
    assert chosen(date(2027, 6, 1), tier="gold").grace_days == 5


@pytest.mark.parametrize(
    ("choice", "code"),
    [({"instalments": 9}, "instalments_not_offered"), ({"due_day": 7}, "due_day_not_offered")],
)
def test_what_is_not_offered(choice: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as told:
        chosen(date(2027, 2, 1), **choice)
    assert [found.code for found in told.value.errors] == [code]


@pytest.mark.parametrize(
    ("dates", "statement", "expected"),
    [
        ({"rule": "bill_day", "bill_day": "last", "due_day": 10}, {}, "last"),
        ({"rule": "days_after", "days": 60}, {"bill_day": 20}, 20),
        ({"rule": "days_after", "days": 60}, {}, None),
        ({}, {"bill_day": "last"}, "last"),
    ],
)
def test_when_statements_are_cut(dates: dict[str, Any], statement: dict[str, Any], expected: object) -> None:
    """A billing cycle's own day, or the one that is named, or never."""
    assert cut_day({"due_dates": dates, "statement": statement}) == expected


def floating(on: date, **more: Any) -> Terms:
    price = {"floating": {"index": "CN-LPR-1Y", "spread": "0.09", **more}}
    return resolve(
        SMALLEST | {"price": price}, product_id=UUID(int=1), product_version=1, programme=PROGRAMME, on=on
    )


def test_a_floating_rate_begins_with_that_of_its_day() -> None:
    """3.35 % until 20 October 2024, 3.10 % from the 21st."""
    assert floating(date(2024, 10, 20)).annual_rate == Decimal("0.1235")
    assert floating(date(2024, 10, 21)).annual_rate == Decimal("0.1210")
    assert floating(date(2024, 10, 21), lag_days=1).annual_rate == Decimal("0.1235")
    terms = floating(date(2024, 10, 21), reset="january")
    assert (terms.rate_index, terms.spread_rate, terms.rate_reset) == (
        "CN-LPR-1Y",
        Decimal("0.09"),
        "january",
    )


def test_no_index_was_published_yet() -> None:
    with pytest.raises(Invalid) as refused:
        floating(date(2019, 8, 19))
    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("#/terms/price/floating/index", "no_index_rate")
    ]


def test_an_override_of_a_rate_replaces_a_floating_one() -> None:
    document = SMALLEST | {
        "price": {"floating": {"index": "CN-LPR-1Y", "spread": "0.09"}},
        "overrides": {
            "tier": {
                "gold": {"price": {"floating": {"spread": "0.07"}}},
                "old": {"price": {"annual_rate": "0.1"}},
            }
        },
    }
    assert validate(document) == []
    found = {
        tier: resolve(
            document, product_id=UUID(int=1), product_version=1, programme=PROGRAMME, on=date(2024, 10, 21),
            choice=Choice(tier=tier),
        ).annual_rate
        for tier in ("gold", "old")
    }  # fmt: skip
    assert found == {"gold": Decimal("0.1010"), "old": Decimal("0.1")}
