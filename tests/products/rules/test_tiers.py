"""Tiers: what is refused when a draft is saved, which tier facts give, and what limit is proposed."""

from typing import Any

import pytest

from products.rules.facts import FACTS
from products.rules.product import validate
from products.rules.settings import SETTINGS
from products.rules.tiers import Judged, Ladder, direction, judge, ladder, propose

GOLD: dict[str, Any] = {
    "code": "gold",
    "name_zh": "金牌",
    "name_en": "Gold",
    "condition": "purchases_minor_365d >= 10000000 && days_since_last_order <= 30",
    "initial_limit": "purchases_minor_365d / 12 * 2",
    "maximum_limit_minor": 5_000_000,
}
BASIC: dict[str, Any] = {
    "code": "basic",
    "name_zh": "普通",
    "name_en": "Basic",
    "condition": "orders_90d >= 1",
    "initial_limit": 100_000,
    "maximum_limit_minor": 300_000,
}
LIMITS = {"step_minor": 10_000, "line_minimum_minor": 50_000}
SOUND: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"days": 30},
    "price": {"daily_rate": "0.0004"},
    "limits": LIMITS,
    "tiers": [GOLD, BASIC],
}
ZERO: dict[str, int | None] = {name: None if fact.null_en else 0 for name, fact in FACTS.items()}


def problems(**changes: Any) -> set[tuple[str, str]]:
    return {(found.pointer, found.code) for found in validate(SOUND | changes)}


def one(**changes: Any) -> set[tuple[str, str]]:
    """With this single tier."""
    return problems(tiers=[BASIC | changes])


def test_tiers_are_taken() -> None:
    assert validate(SOUND) == []
    assert "tiers" in SETTINGS


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"condition": "orders_90 > 1"}, "condition", "unknown_fact"),
        ({"condition": "orders_90d"}, "condition", "rule_gives_another_type"),
        ({"condition": "orders_90d >"}, "condition", "rule_not_readable"),
        ({"condition": "[1].all(x, x > 0)"}, "condition", "rule_symbol_not_allowed"),
        ({"condition": 1}, "condition", "rule_not_text"),
        ({"initial_limit": "orders_90d > 1"}, "initial_limit", "rule_gives_another_type"),
        ({"initial_limit": "limit"}, "initial_limit", "unknown_fact"),
        ({"initial_limit": -1}, "initial_limit", "out_of_range"),
        ({"initial_limit": True}, "initial_limit", "not_a_whole_number"),
        ({"initial_limit": None}, "initial_limit", "not_a_whole_number"),
        ({"initial_limit": 40_000}, "initial_limit", "below_line_minimum"),
        ({"maximum_limit_minor": "orders_90d"}, "maximum_limit_minor", "not_a_whole_number"),
        ({"maximum_limit_minor": 99_999}, "maximum_limit_minor", "below_initial"),
        ({"initial_limit": "1", "maximum_limit_minor": 49_999}, "maximum_limit_minor", "below_line_minimum"),
        ({"code": "Gold!"}, "code", "not_a_slug"),
        ({"code": 3}, "code", "not_a_slug"),
        ({"name_zh": ""}, "name_zh", "not_a_name"),
        ({"colour": "red"}, "colour", "unknown_field"),
    ],
)
def test_refuses(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert one(**changes) == {(f"#/tiers/0/{pointer}", code)}


@pytest.mark.parametrize("key", BASIC)
def test_asks_for_every_field(key: str) -> None:
    assert problems(tiers=[{name: BASIC[name] for name in BASIC if name != key}]) == {
        (f"#/tiers/0/{key}", "required")
    }


def test_refuses_what_is_no_list_of_tiers() -> None:
    assert problems(tiers={}) == {("#/tiers", "not_a_list")}
    assert problems(tiers=[]) == {("#/tiers", "not_a_list")}
    assert problems(tiers=["gold"]) == {("#/tiers/0", "not_a_group")}
    many = [BASIC | {"code": f"t{number}"} for number in range(21)]
    assert problems(tiers=many) == {("#/tiers", "too_many")}


def test_refuses_a_code_that_comes_twice() -> None:
    assert problems(tiers=[GOLD, BASIC, GOLD]) == {("#/tiers/2/code", "duplicate_code")}


def test_refuses_an_override_for_no_tier() -> None:
    silver = {"tier": {"silver": {"past_due": {"grace_days": 5}}}}
    assert problems(overrides=silver) == {("#/overrides/tier/silver", "unknown_tier")}
    assert problems(overrides={"tier": {"gold": {"past_due": {"grace_days": 5}}}}) == set()
    plain = {key: value for key, value in SOUND.items() if key != "tiers"}
    assert validate(plain | {"overrides": silver}) == []


def known(**facts: int | None) -> dict[str, int | None]:
    return ZERO | facts


LADDER = ladder(SOUND)


def test_the_first_tier_whose_condition_holds() -> None:
    gold = known(purchases_minor_365d=12_000_000, days_since_last_order=30, orders_90d=4)
    assert judge(LADDER, gold) == Judged(
        tier="gold",
        rule=GOLD["condition"],
        facts={"days_since_last_order": 30, "purchases_minor_365d": 12_000_000},
        missing=(),
    )
    basic = judge(LADDER, known(purchases_minor_365d=9_999_999, days_since_last_order=30, orders_90d=4))
    assert (basic.tier, basic.facts) == ("basic", {"orders_90d": 4})


def test_in_none_all_that_was_asked_is_told() -> None:
    found = judge(LADDER, known())
    assert found.tier is None
    assert found.rule == f"{GOLD['condition']} | {BASIC['condition']}"
    assert found.facts == {"days_since_last_order": None, "purchases_minor_365d": 0, "orders_90d": 0}
    assert found.missing == ()


def test_a_fact_that_is_not_known_keeps_out_and_is_told() -> None:
    found = judge(LADDER, known(purchases_minor_365d=12_000_000, orders_90d=1))
    assert (found.tier, found.missing) == ("basic", ("gold:days_since_last_order",))
    overflowing = ladder(SOUND | {"tiers": [GOLD | {"condition": "orders_90d * 9223372036854775807 > 1"}]})
    assert judge(overflowing, known(orders_90d=2)).missing == ("gold:overflow",)


def proposed(code: str, **facts: int | None) -> tuple[int | None, int, str | None]:
    found = propose(LADDER, LADDER.tiers[LADDER.place(code)], known(**facts))
    return found.limit_minor, found.maximum_limit_minor, found.refusal


def test_the_initial_limit_is_cut_to_step_and_maximum() -> None:
    assert proposed("basic") == (100_000, 300_000, None)
    assert proposed("gold", purchases_minor_365d=12_345_678) == (2_050_000, 5_000_000, None)
    assert proposed("gold", purchases_minor_365d=99_000_000) == (5_000_000, 5_000_000, None)
    assert proposed("gold", purchases_minor_365d=299_999) == (None, 5_000_000, "below_line_minimum")
    assert proposed("gold", purchases_minor_365d=2**63 - 1) == (5_000_000, 5_000_000, None)


def test_a_limit_without_a_value_is_refused() -> None:
    asks = ladder(SOUND | {"tiers": [GOLD | {"initial_limit": "average_order_minor_365d * 3"}]})
    found = propose(asks, asks.tiers[0], known())
    assert (found.limit_minor, found.refusal) == (None, "fact_missing:average_order_minor_365d")
    negative = ladder(SOUND | {"tiers": [GOLD | {"initial_limit": "-5"}]})
    assert propose(negative, negative.tiers[0], known()).refusal == "below_line_minimum"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, "basic", "first"),
        ("basic", "gold", "up"),
        ("gold", "basic", "down"),
        ("gold", None, "out"),
        ("of-old", "basic", "up"),
    ],
)
def test_direction(old: str | None, new: str | None, expected: str) -> None:
    assert direction(LADDER, old, new) == expected


def test_without_tiers_there_is_no_ladder() -> None:
    assert ladder({"currency": "CNY"}) == Ladder(tiers=())
    with pytest.raises(ValueError, match="unknown_fact"):
        ladder({"tiers": [BASIC | {"condition": "x > 1"}]})
