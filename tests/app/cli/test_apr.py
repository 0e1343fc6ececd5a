"""`tradeline apr`: every published case agrees, and bad input is told with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.root import app
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
    assert json.loads(told)["percent"] == percent


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({}, "#/advances_t_years: This value is needed"),
        ({"flows": []}, "#/flows: Send a list"),
        ({"flows": [["2027-01-01", 5]]}, "#: No yearly rate"),
        ({"flows": [["2027-01-01", 5], [3]]}, "#/flows/1: Send two values"),
        ({"flows": [["2027-01-01", "x"]]}, "#/flows/0/1: Send a finite number"),
        ({"flows": [["tomorrow", 5]]}, "#/flows/0/0: Send a date"),
        ({"unit_periods_per_year": 12, "payments": [[1, 2]], "t_f": [[1, 0], [2, 0]]}, "#/t_f"),
        ({"unit_periods_per_year": 12, "payments": [[1, 2]], "t_f": [[1, 0]]}, "#/advance: This value"),
    ],
)
def test_bad_input_is_told_with_its_place(case: dict[str, Any], says: str) -> None:
    code, told = asked("-", stdin=json.dumps(case))
    assert code == 1
    assert says in told


def test_neither_web_nor_database_nor_engine_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps({"flows": [["2027-01-01", -100], ["2028-01-01", 110]]}))
    told = loaded_by("apr", str(file))
    assert "billing" not in told
    assert [name for name in heavy(told) if not name.startswith("rich")] == []
