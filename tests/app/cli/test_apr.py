"""`tradeline apr`: every published case agrees, and bad input is told with its place."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli.apr import answer
from app.cli.root import app
from kernel.errors import Invalid
from tests.app.cli.test_help import heavy, loaded_by

CASES = Path(__file__).parents[2] / "cases" / "apr_cases.json"


def asked(*words: str, stdin: str | None = None) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["apr", *words], input=stdin)
    return answer.exit_code, answer.output


def test_published_cases_agree() -> None:
    code, told = asked(str(CASES), "--json")
    answers = json.loads(told)
    assert sum(answer.get("agrees") is True for answer in answers) == 150
    assert not [answer for answer in answers if answer.get("agrees") is False]
    assert code == (1 if any("error" in answer for answer in answers) else 0)


@pytest.mark.parametrize(
    ("case", "percent"),
    [
        ({"flows": [["2027-01-01", -100], ["2028-01-01", "110"]]}, "10.000000"),
        ({"advances_t_years": [[0, 100]], "payments_t_years": [[2, 121]], "decimals": 1}, "10.0"),
        ({"advances_t_years": [[0, 100]], "payments_t_years": [[1, 110.5]], "decimals": 0}, "11"),
        (
            {
                "advance": 5000,
                "payments": [[None, 230]] * 24,
                "t_f": [[month, 0] for month in range(1, 25)],
                "unit_periods_per_year": 12,
                "decimals": 2,
            },
            "9.69",
        ),
    ],
)
def test_one_case(case: dict[str, Any], percent: str) -> None:
    code, told = asked("-", "--json", stdin=json.dumps(case))
    assert code == 0, told
    assert json.loads(told)["irr_percent"] == percent


DATED: dict[str, Any] = {"flows": [["2027-01-01", -100], ["2028-01-01", 110]]}
PERIODS: dict[str, Any] = {
    "unit_periods_per_year": 12,
    "advance": 9,
    "payments": [[None, 10]],
    "t_f": [[1, 0]],
}

MALFORMED = [
    (7, "#", "not_a_case"),
    ({}, "#", "one_of"),
    ({**DATED, **PERIODS}, "#", "one_of"),
    ({"flows": []}, "#/flows", "not_a_list"),
    ({"flows": {}}, "#/flows", "not_a_list"),
    ({"flows": None}, "#/flows", "required"),
    ({"flows": [["2027-01-01", 5], [3]]}, "#/flows/1", "not_a_pair"),
    ({"flows": [["2027-01-01", "x"]]}, "#/flows/0/1", "not_a_number"),
    ({"flows": [["2027-01-01", "NaN"]]}, "#/flows/0/1", "not_a_number"),
    ({"flows": [["2027-01-01", True]]}, "#/flows/0/1", "not_a_number"),
    ({"flows": [["2027-01-01", 10**31]]}, "#/flows/0/1", "number_out_of_range"),
    ({"flows": [["tomorrow", 5]]}, "#/flows/0/0", "not_a_date"),
    ({"payments_t_years": [[1, 5]]}, "#/advances_t_years", "required"),
    (
        {"payments_t_years": [[10_001, 5]], "advances_t_years": [[0, 5]]},
        "#/payments_t_years/0/0",
        "number_out_of_range",
    ),
    ({**PERIODS, "advance": None}, "#/advance", "required"),
    ({**PERIODS, "advances": [[None, 9]], "advances_t_f": [[0, 0]]}, "#/advances", "one_of"),
    ({**PERIODS, "unit_periods_per_year": 0}, "#/unit_periods_per_year", "number_out_of_range"),
    ({**PERIODS, "t_f": [[1.5, 0]]}, "#/t_f/0/0", "not_a_whole_number"),
    ({**PERIODS, "t_f": [[1, 1.5]]}, "#/t_f/0/1", "number_out_of_range"),
    ({**DATED, "decimals": -1}, "#/decimals", "number_out_of_range"),
    ({**DATED, "decimals": 1.5}, "#/decimals", "not_a_whole_number"),
    ({**DATED, "expected": [1]}, "#/expected", "not_a_number"),
]
"""A case, the place that is wrong, and how. All of these break the JSON Schema, too."""
IMPOSSIBLE = [
    ({"flows": [["2027-01-01", 5]]}, "#", "no_rate"),
    ({"flows": [["2027-01-01", 5], ["2027-01-01", -5]]}, "#", "no_rate"),
    ({**PERIODS, "advance": 11}, "#", "no_rate"),
    ({"flows": [["2027-02-29", 5]]}, "#/flows/0/0", "not_a_date"),
    ({**PERIODS, "t_f": [[1, 0], [2, 0]]}, "#/t_f", "one_for_each_payment"),
]


@pytest.mark.parametrize(("case", "pointer", "code"), [*MALFORMED, *IMPOSSIBLE])
def test_bad_input_is_told_with_its_place(case: Any, pointer: str, code: str) -> None:
    answered, told = asked("-", "--json", stdin=json.dumps([DATED, case, DATED]))
    good, bad, after = json.loads(told)
    assert answered == 1
    assert good["irr_percent"] == after["irr_percent"] == "10.000000"
    (problem,) = bad["error"]
    assert (problem["pointer"], problem["code"]) == (pointer.replace("#", "#/1"), code)
    assert not problem["detail"].startswith("error.")


@pytest.mark.parametrize(("case", "pointer", "code"), IMPOSSIBLE)
def test_one_bad_case_is_told_on_standard_error(case: Any, pointer: str, code: str) -> None:
    answered, told = asked("-", stdin=json.dumps(case))
    assert answered == 1
    assert f"{pointer}: " in told


def test_all_that_is_wrong_is_told_at_once() -> None:
    case = {"flows": [["today", "5"], ["2027-01-01", "five"], 3], "decimals": 99}
    _, told = asked("-", stdin=json.dumps(case))
    for place in ("#/flows/0/0", "#/flows/1/1", "#/flows/2", "#/decimals"):
        assert f"{place}: " in told


@pytest.mark.parametrize("text", ["", "[", "NaN", "7", '{"flows": [["2027-01-01", 1e99999999999999999999]]}'])
def test_what_is_no_json_ends_with_2(text: str) -> None:
    answered, told = asked("-", stdin=text)
    assert answered == 2
    assert told.startswith("error: - ")


def test_a_missing_file_ends_with_2(tmp_path: Path) -> None:
    answered, told = asked(str(tmp_path / "none.json"))
    assert answered == 2
    assert "look at the path" in told


def test_numbers_are_never_binary_fractions() -> None:
    """0.1 + 0.2 − 0.3 is 0: nothing was won, and the rate is 0."""
    case = {"flows": [["2027-01-01", 0.1], ["2027-01-02", 0.2], ["2028-01-01", -0.3]]}
    answered, told = asked("-", "--json", stdin=json.dumps(case))
    assert (answered, json.loads(told)["irr"]) == (0, "0.000000000000000")


@pytest.mark.parametrize(
    ("more", "agrees"),
    [
        ({"expected_percent": 10}, True),
        ({"expected_percent": 10.004, "decimals": 2}, True),
        ({"expected_percent": 10.01, "decimals": 2}, False),
        ({"expected": "0.10000001"}, True),
        ({"expected": 0.1000002}, False),
        ({"expected_percent": 10, "expected": 0.11}, False),
        ({"expected": None}, None),
    ],
)
def test_agreement(more: dict[str, Any], agrees: bool | None) -> None:
    answered, told = asked("-", "--json", stdin=json.dumps({**DATED, **more}))
    found = json.loads(told)
    assert found.get("agrees") is agrees
    assert answered == (1 if agrees is False else 0)
    assert found.get("expected") == (None if more.get("expected") is None else str(more["expected"]))


def test_several_advances_in_unit_periods() -> None:
    """50 now and 50 a month later, 104 after two months: 50 (1 + i)² + 50 (1 + i) = 104; 1 + i = 1.0264…"""
    case = {
        "unit_periods_per_year": "12",
        "advances": [["2027-01-01", 50], ["2027-02-01", 50]],
        "advances_t_f": [[0, 0], [1, 0]],
        "payments": [["2027-03-01", 104]],
        "t_f": [[2, 0]],
    }
    _, told = asked("-", "--json", stdin=json.dumps(case))
    growth = 1 + Decimal(json.loads(told)["irr"]) / 12
    assert abs(50 * growth**2 + 50 * growth - 104) < Decimal("1e-11")


numbers: st.SearchStrategy[Any] = st.one_of(
    st.integers(-(10**32), 10**32),
    st.decimals(-1000, 1000, places=3),
    st.sampled_from([Decimal("1e-999"), Decimal("1e30"), "-1e-30", "0", "1e9999", True, None, "x", []]),
)
dates = st.one_of(st.dates().map(str), st.sampled_from(["0001-01-01", "9999-12-31", "20270101", 5]))
dated_pairs = st.lists(st.tuples(dates, numbers).map(list), max_size=5)
number_pairs = st.lists(st.tuples(numbers, numbers).map(list), max_size=5)
cases = st.one_of(
    st.fixed_dictionaries({"flows": dated_pairs}, optional={"decimals": numbers, "expected": numbers}),
    st.fixed_dictionaries({"advances_t_years": number_pairs, "payments_t_years": number_pairs}),
    st.fixed_dictionaries(
        {"unit_periods_per_year": numbers, "advance": numbers, "payments": dated_pairs, "t_f": number_pairs}
    ),
    numbers,
)


@given(cases)
def test_anything_is_answered_or_refused(case: Any) -> None:
    """Never a fault of ours, whatever the numbers."""
    try:
        told = answer(case).irr
    except Invalid as refused:
        told = str(len(refused.errors))
    assert Decimal(told).is_finite()


def test_people_read_a_table() -> None:
    """What is refused stands beside what is not."""
    code, told = asked("-", stdin=json.dumps([{**DATED, "name": "good"}, {"flows": [], "name": "bad"}]))
    head, good, bad = told.splitlines()
    assert code == 1
    assert head.split("  ")[0] == "name"
    assert "irr percent" in head
    assert good.startswith("good")
    assert " 10.000000 " in good
    assert bad.startswith("bad")
    assert "#/1/flows: Send a list" in bad


def test_neither_web_nor_database_nor_engine_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"flows": [["2027-01-01", -100], ["2028-01-01", 110]]}))
    told = loaded_by("apr", str(file))
    assert "billing" not in told
    assert [name for name in heavy(told) if not name.startswith("rich")] == []
