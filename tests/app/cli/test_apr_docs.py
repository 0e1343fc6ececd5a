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

ROOT = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "schemas" / "apr.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = json.loads((ROOT / "tests" / "cases" / "apr_cases.json").read_text("utf-8"))
BLOCKS: list[str] = re.findall(
    r"```json\n(.*?)\n```", (ROOT / "docs" / "apr.md").read_text("utf-8"), re.DOTALL
)
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
SAYS_NOTHING = {"$schema", "$defs", "title", "description"}


def fits(schema: dict[str, Any], value: Any) -> bool:
    """JSON Schema 2020-12, as much of it as ours uses."""
    return all(holds(word, wanted, value) for word, wanted in schema.items() if word not in SAYS_NOTHING)


def holds(word: str, wanted: Any, value: Any) -> bool:
    match word:
        case "$ref":
            return fits(SCHEMA["$defs"][wanted.removeprefix("#/$defs/")], value)
        case "type":
            return isinstance(value, TYPES[wanted]) and not isinstance(value, bool)
        case "anyOf":
            return any(fits(one, value) for one in wanted)
        case "oneOf":
            return sum(fits(one, value) for one in wanted) == 1
        case "required":
            return not isinstance(value, dict) or set(wanted) <= value.keys()
        case "properties":
            return not isinstance(value, dict) or all(
                fits(wanted[k], v) for k, v in value.items() if k in wanted
            )
        case "items":
            return not isinstance(value, list) or all(fits(wanted, one) for one in value)
        case "prefixItems":
            return not isinstance(value, list) or all(map(fits, wanted, value))
        case "minItems":
            return not isinstance(value, list) or len(value) >= wanted
        case "maxItems":
            return not isinstance(value, list) or len(value) <= wanted
        case "minimum":
            return not isinstance(value, int | float) or value >= wanted
        case "maximum":
            return not isinstance(value, int | float) or value <= wanted
        case "pattern":
            return not isinstance(value, str) or re.search(wanted, value) is not None
    raise AssertionError(f"{word} is not read here")


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
