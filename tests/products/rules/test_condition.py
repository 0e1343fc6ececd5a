"""Conditions: what they give, what is no condition, and what a hostile one meets."""

from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.rules.condition import (
    DEEPEST,
    LONGEST,
    LONGEST_LIST,
    Condition,
    Problem,
    Refused,
    Wanted,
    compile_rule,
)

NAMES = ("orders_90d", "trend_bp_90d", "gap_days")
LEAST = -(2**63)


def made(text: str, wanted: Wanted = "bool") -> Condition:
    found = compile_rule(text, NAMES, wanted)
    assert isinstance(found, Condition), found
    return found


def problem(text: object, wanted: Wanted = "bool") -> tuple[str, dict[str, Any]]:
    found = compile_rule(text, NAMES, wanted)
    assert isinstance(found, Problem), found
    return found.code, dict(found.params)


def value(text: str, wanted: Wanted = "bool", **facts: int | None) -> Any:
    return made(text, wanted).evaluate({"orders_90d": 3, "trend_bp_90d": -500, "gap_days": None} | facts)


@pytest.mark.parametrize(
    ("text", "wanted", "gives"),
    [
        ("orders_90d > 2 && trend_bp_90d >= -500", "bool", True),
        ("orders_90d > 3 || trend_bp_90d >= 0", "bool", False),
        ("orders_90d in [1, 2, 3]", "bool", True),
        ("!(orders_90d == 3)", "bool", False),
        ("true", "bool", True),
        ("orders_90d > 2 ? 500000 : 100000", "int", 500_000),
        ("orders_90d * 1000 / 7", "int", 428),
        ("-7 / 2", "int", -3),
        ("-7 % 2", "int", -1),
        ("orders_90d\n  > 2", "bool", True),
    ],
)
def test_gives(text: str, wanted: Wanted, gives: object) -> None:
    assert value(text, wanted) == gives


def test_names_the_facts_that_it_asks() -> None:
    assert made("trend_bp_90d > 0 && orders_90d > 0 || trend_bp_90d > 9").names == (
        "orders_90d", "trend_bp_90d",
    )  # fmt: skip


def test_a_fact_that_is_not_known_decides_only_where_it_must() -> None:
    assert value("gap_days < 30") == Refused("fact_missing", "gap_days")
    assert value("orders_90d == 3 || gap_days < 30") is True
    assert value("orders_90d == 0 && gap_days < 30") is False
    assert value("orders_90d == 3 && gap_days < 30") == Refused("fact_missing", "gap_days")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("orders_90d * 9223372036854775807", "overflow"),
        ("9223372036854775807 + orders_90d", "overflow"),
        ("-9223372036854775808 - orders_90d", "overflow"),
        ("-9223372036854775808 / -1", "overflow"),
        ("1 / (orders_90d - 3)", "divided_by_zero"),
        ("1 % (orders_90d - 3)", "divided_by_zero"),
        ("[1, 2][orders_90d]", "not_evaluated"),
    ],
)
def test_refuses_what_has_no_value(text: str, code: str) -> None:
    assert value(text, "int") == Refused(code)  # type: ignore[arg-type]


def test_refuses_a_fact_beyond_what_the_language_counts() -> None:
    assert value("orders_90d > 1", orders_90d=2**70) == Refused("overflow")


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("orders_90 > 2", "unknown_fact", {"name": "orders_90", "position": 1, "close": "orders_90d"}),
        ("null == null", "unknown_fact", {"name": "null", "position": 1, "close": None}),
        ("orders_90d > 2 &&", "rule_not_readable", {"line": 1, "position": 18}),
        ("orders_90d > 2 &&\n (true", "rule_not_readable", {"line": 2, "position": 7}),
        (") > (", "rule_not_readable", {"line": 1, "position": 1}),
        ("in in in", "rule_not_readable", {"line": 1, "position": 1}),
        ("orders_90d", "rule_gives_another_type", {"wanted": "bool", "found": "INT"}),
        (
            "orders_90d + true > 1",
            "rule_types_do_not_fit",
            {"line": 1, "position": 12, "sign": "+", "kinds": "(int, bool)"},
        ),
        ("99999999999999999999 > orders_90d", "rule_number_too_large", {"line": 1, "position": 1}),
        ("orders_90d.x > 1", "rule_symbol_not_allowed", {"symbol": ".", "position": 11}),
        ("1.5 > 1", "rule_symbol_not_allowed", {"symbol": "1", "position": 1}),
        ("orders_90d > 1 ; true", "rule_symbol_not_allowed", {"symbol": ";", "position": 16}),
        ("订单 > 1", "rule_symbol_not_allowed", {"symbol": "订", "position": 1}),
        ("orders_90d > 2 // && gap_days < 30", "rule_symbol_not_allowed", {"symbol": "/", "position": 16}),
        ("size([1]) > 1", "rule_has_no_calls", {"name": "size", "position": 1}),
        (5, "rule_not_text", {}),
        (" \n", "rule_not_text", {}),
    ],
)
def test_says_why_a_text_is_no_condition(text: object, code: str, params: dict[str, Any]) -> None:
    assert problem(text) == (code, params)


def test_a_doubled_sign_of_division_does_not_hide_the_rest() -> None:
    assert problem("orders_90d // 12 * 2", "int") == (
        "rule_symbol_not_allowed", {"symbol": "/", "position": 12},
    )  # fmt: skip


def test_an_amount_is_no_condition_and_a_condition_no_amount() -> None:
    assert problem("orders_90d > 1", "int")[0] == "rule_gives_another_type"


HOSTILE = {
    "deep brackets": ("(" * 400 + "true" + ")" * 400, "rule_too_deep"),
    "deep lists": ("[" * 400 + "1" + "]" * 400 + " == []", "rule_too_deep"),
    "many signs": ("!" * 900 + "true", "rule_too_deep"),
    "many minuses": ("-" * 900 + "1 > 0", "rule_too_deep"),
    "a long sum": ("orders_90d" + "+1" * 450 + " > 0", "rule_too_deep"),
    "a long choice": ("true" + "?true:true" * 90, "rule_too_deep"),
    "a long text": ("'" + "x" * 100_000_000 + "' == ''", "rule_too_long"),
    "a text": ("'" + "x" * 900 + "' == ''", "rule_symbol_not_allowed"),
    "a regular expression": ("'aaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a+)+$')", "rule_symbol_not_allowed"),
    "comprehensions": (
        "[1,2].all(a, [1,2].all(b, [1,2].all(c, [1,2].all(d, a + b + c + d > 0))))",
        "rule_symbol_not_allowed",
    ),
    "a doubling": ("[1].map(a, [a, a]).map(a, [a, a])", "rule_symbol_not_allowed"),
    "a long list": (f"1 in [{','.join(['1'] * (LONGEST_LIST + 1))}]", "rule_list_too_long"),
    "a map": ("{1: 2}[1] > 1", "rule_symbol_not_allowed"),
    "a conversion": ("double(1) > double(0)", "rule_has_no_calls"),
    "a zero byte": ("true \x00", "rule_symbol_not_allowed"),
    "half a surrogate": ("true \ud800", "rule_symbol_not_allowed"),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE)
def test_refuses_a_hostile_rule_at_once(text: str, code: str) -> None:
    began = perf_counter()
    assert problem(text)[0] == code
    assert perf_counter() - began < 1


def test_takes_what_just_fits() -> None:
    assert value("(" * DEEPEST + "true" + ")" * DEEPEST) is True
    assert value(f"1 in [{','.join(['2'] * LONGEST_LIST)}]") is False
    assert value("true" + " " * (LONGEST - 4)) is True
    assert problem("true" + " " * (LONGEST - 3)) == (
        "rule_too_long", {"length": LONGEST + 1, "most": LONGEST},
    )  # fmt: skip


def test_the_longest_rule_costs_little() -> None:
    """A thousand times below a second, however it is written: an evaluation needs no interruption."""
    element = "orders_90d in [" + ",".join(["9"] * LONGEST_LIST) + "]"
    text = " || ".join([element] * 8)
    rule = made(text[:LONGEST])
    began = perf_counter()
    for _ in range(1000):
        assert rule.evaluate({"orders_90d": 3, "trend_bp_90d": 0, "gap_days": 0}) is False
    assert perf_counter() - began < 1


@given(st.text(alphabet="orders_90d trend()[]+-*/%<>=!&|?:,.'\"{}123\n", max_size=60))
def test_any_text_is_a_condition_or_a_problem(text: str) -> None:
    found = compile_rule(text, NAMES, "bool")
    assert isinstance(found, Condition | Problem)
    if isinstance(found, Condition):
        given_facts = {"orders_90d": LEAST, "trend_bp_90d": 2**63 - 1, "gap_days": None}
        assert isinstance(found.evaluate(given_facts), bool | Refused)
