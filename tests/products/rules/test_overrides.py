"""Overrides are laid over the product in their order; what cannot meet is told where it is laid."""

from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from products.rules.overrides import merged, under
from products.rules.product import Choice, Programme, resolve, validate
from products.rules.terms import Terms

PROGRAMME = Programme(currency="CNY", lender_book=UUID(int=2), tenant_book=UUID(int=3))
SOUND: dict[str, Any] = {"currency": "CNY", "due_dates": {"days": 30}, "price": {"daily_rate": "0.0004"}}
MARCH = {"name": "peak", "from_on": "2027-03-01", "to_on": "2027-03-31"}


def resolved(document: dict[str, Any], on: str = "2027-03-15", **choice: Any) -> Terms:
    return resolve(
        document, product_id=UUID(int=1), product_version=1, programme=PROGRAMME,
        on=date.fromisoformat(on), choice=Choice(**choice),
    )  # fmt: skip


def grace(days: int) -> dict[str, Any]:
    return {"past_due": {"grace_days": days}}


LAID = SOUND | grace(1) | {
    "overrides": {"tier": {"gold": grace(2)}, "category": {"yarn": grace(3)}, "campaign": {"new": grace(5)}},
    "seasons": [MARCH | {"override": grace(4)}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("gold", "yarn", "peak", "new"), list(product((False, True), repeat=4))
)  # fmt: skip
def test_the_last_one_wins(gold: bool, yarn: bool, peak: bool, new: bool) -> None:
    laid = resolved(
        LAID,
        "2027-03-31" if peak else "2027-04-01",
        tier="gold" if gold else "silver",
        category="yarn" if yarn else None,
        campaign="new" if new else None,
    )
    expected = [days for laid_on, days in ((gold, 2), (yarn, 3), (peak, 4), (new, 5)) if laid_on]
    assert laid.grace_days == (expected or [1])[-1]


@pytest.mark.parametrize(
    ("before", "override", "after"),
    [
        ({"price": {"daily_rate": "0.0004"}}, {"price": {"annual_rate": "0.1"}}, {"annual_rate": "0.1"}),
        (
            {"price": {"daily_rate": "0.0004", "free_periods": 1}},
            {"price": {"free_periods": 2}},
            {"daily_rate": "0.0004", "free_periods": 2},
        ),
        (
            {"price": {"interest_free": {"rule": "days", "days": 40}}},
            {"price": {"interest_free": {"rule": "until_due"}}},
            {"interest_free": {"rule": "until_due"}},
        ),
        (
            {"price": {"interest_free": {"rule": "if_closed_within", "days": 40}}},
            {"price": {"interest_free": {"rule": "if_closed_within"}}},
            {"interest_free": {"rule": "if_closed_within", "days": 40}},
        ),
    ],
)
def test_what_goes_with_what_is_chosen(
    before: dict[str, Any], override: dict[str, Any], after: dict[str, Any]
) -> None:
    assert merged(before, override) == {"price": after}


def test_another_rule_keeps_the_calendar() -> None:
    before = {"due_dates": {"days": 30, "shift": "following", "calendar": "CN", "period": {"length": 2}}}
    after = merged(before, {"due_dates": {"rule": "periods"}})
    assert after == {"due_dates": {"rule": "periods", "shift": "following", "calendar": "CN"}}
    assert before["due_dates"]["days"] == 30


def test_what_two_make_together_is_told_at_the_later() -> None:
    """Each alone is sound: refusing early payment, and a fee for it."""
    document = SOUND | {
        "overrides": {
            "tier": {"gold": {"early": {"fee_rate": "0.01"}}},
            "campaign": {"new": {"early": {"part": "next"}}},
        }
    }
    assert [(found.pointer, found.code) for found in validate(document)] == [
        ("#/overrides/campaign/new/early/fee_rate", "nothing_saved_nothing_paid")
    ]
    with pytest.raises(Invalid) as told:
        resolved(document, tier="gold", campaign="new")
    assert [(found.pointer, found.code) for found in told.value.errors] == [
        ("#/terms/early/fee_rate", "nothing_saved_nothing_paid")
    ]
    assert resolved(document, tier="gold").prepayment == "shorten"


def test_seasons_that_never_meet_are_not_laid_together() -> None:
    fee = MARCH | {"override": {"early": {"fee_rate": "0.01"}}}
    rest = {"name": "rest", "from_on": "2027-04-01", "to_on": "2027-05-01"}
    apart = SOUND | {"seasons": [fee, rest | {"override": {"early": {"part": "next"}}}]}
    assert validate(apart) == []
    rest["from_on"] = "2027-03-31"
    meeting = SOUND | {"seasons": [fee, rest | {"override": {"early": {"part": "next"}}}]}
    assert [found.pointer for found in validate(meeting)] == ["#/seasons/1/override/early/fee_rate"]


@pytest.mark.parametrize(
    ("season", "expected"),
    [
        ({**MARCH, "override": {}, "colour": 1}, ("#/seasons/0/colour", "unknown_field")),
        ({**MARCH, "override": {}, "from_on": 3}, ("#/seasons/0/from_on", "not_a_date")),
        ({**MARCH, "override": {}, "name": ""}, ("#/seasons/0/name", "not_a_name")),
        ({**MARCH, "override": {}, "to_on": "2027-02-28"}, ("#/seasons/0/to_on", "ends_before_it_begins")),
        ({**MARCH, "override": {"law": {}}}, ("#/seasons/0/override/law", "not_overridable")),
        ({**MARCH, "override": 1}, ("#/seasons/0/override", "not_a_group")),
        (1, ("#/seasons/0", "not_a_group")),
    ],
)
def test_seasons_refused(season: object, expected: tuple[str, str]) -> None:
    found = validate(SOUND | {"seasons": [season]})
    assert [(one.pointer, one.code) for one in found] == [expected]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (1, ("#/overrides", "not_a_group")),
        ({"season": {}}, ("#/overrides/season", "unknown_field")),
        ({"tier": 1}, ("#/overrides/tier", "not_a_group")),
        ({"tier": {"a/b": 1}}, ("#/overrides/tier/a~1b", "not_a_group")),
    ],
)
def test_overrides_refused(overrides: object, expected: tuple[str, str]) -> None:
    found = validate(SOUND | {"overrides": overrides})
    assert [(one.pointer, one.code) for one in found] == [expected]


@given(st.text(max_size=5), st.dates())
def test_an_unknown_name_changes_nothing(name: str, on: date) -> None:
    plain = {key: value for key, value in LAID.items() if key not in ("overrides", "seasons")}
    known = {"tier": name, "category": name, "campaign": name}
    assert under(plain, known, on) == plain
    season = (on.year, on.month) == (2027, 3)
    laid = under(LAID, {}, on)
    assert laid["past_due"]["grace_days"] == (4 if season else 1)
