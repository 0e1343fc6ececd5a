"""docs/apr.md and its JSON Schema say what `tradeline apr` does: examples run, both take and refuse alike."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.root import app
from tests.app.cli.test_apr import DATED, MALFORMED, PERIODS
from tests.support.json_schema import fits

ROOT = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "schemas" / "apr.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "cases" / "apr_cases.json").read_text("utf-8"))
BLOCKS: list[str] = re.findall(
    r"```json\n(.*?)\n```", (ROOT / "docs" / "apr.md").read_text("utf-8"), re.DOTALL
)


def test_there_are_three_examples() -> None:
    assert len(BLOCKS) == 6


@pytest.mark.parametrize(("given", "told"), list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True)))
def test_an_example_says_what_is_answered(given: str, told: str) -> None:
    answer = CliRunner().invoke(app, ["apr", "-", "--json"], input=given)
    assert json.loads(answer.output) == json.loads(told)
    assert fits(SCHEMA, json.loads(given))


def test_all_published_cases_fit() -> None:
    assert fits(SCHEMA, CASES)
    assert [case["name"] for case in CASES if not fits(SCHEMA, case)] == []


@pytest.mark.parametrize("case", [DATED, PERIODS, {**DATED, "expected": None, "decimals": 0, "set": "more"}])
def test_what_is_taken_fits(case: dict[str, Any]) -> None:
    assert fits(SCHEMA, case)


@pytest.mark.parametrize(("case", "pointer", "code"), MALFORMED)
def test_what_is_refused_does_not_fit(case: Any, pointer: str, code: str) -> None:
    assert not fits(SCHEMA, case), f"{pointer} {code}"
