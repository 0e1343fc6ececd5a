"""docs/schemas/engine-case.json says what `tradeline engine` takes: examples fit, every event is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from app.cli.engine_case import KINDS, run
from billing.rules.events import Event
from tests.support.json_schema import fits

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "schemas" / "engine-case.json").read_text("utf-8"))
EXAMPLES = sorted((DOCS / "examples" / "engine").glob("*.json"))
ON_THE_PAGE = re.findall(r"```json\n(.*?)\n```", (DOCS / "engine.md").read_text("utf-8"), re.DOTALL)
WELL = json.loads(EXAMPLES[0].read_text("utf-8"))
ILL: list[tuple[str, Any]] = [
    ("events", []),
    ("events", [{"kind": "lent", "on": "2027-01-01"}]),
    ("events", [{"kind": "captured", "on": "1 January", "amount": "1.00"}]),
    ("events", [{"kind": "captured", "on": "2027-01-01", "amount": "much"}]),
    ("events", [{"kind": "captured", "on": "2027-01-01", "amount": "1.00", "amuont": "1.00"}]),
    ("as_of", 20270101),
]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_fits(file: Path) -> None:
    assert fits(SCHEMA, json.loads(file.read_text("utf-8")))


def test_the_case_on_the_page_fits_and_runs() -> None:
    (text,) = ON_THE_PAGE
    assert fits(SCHEMA, json.loads(text))
    assert run(json.loads(text)).totals["paid_minor"] == 17_667


@pytest.mark.parametrize(("key", "value"), ILL)
def test_what_is_refused_does_not_fit(key: str, value: Any) -> None:
    assert not fits(SCHEMA, WELL | {key: value})


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_field_of_every_event_is_there(kind: type[msgspec.Struct]) -> None:
    told = SCHEMA["$defs"][kind.__struct_config__.tag]["properties"]
    fields = {field.encode_name for field in msgspec.structs.fields(kind)} - {"seq"}
    assert fields <= told.keys()
    more = told.keys() - fields - {"kind", "on", "goods", "goods_minor", "comment"}
    assert {f"{name}_minor" for name in more} <= fields, "a name without _minor is text in the currency"


def test_no_event_is_told_that_is_not_taken() -> None:
    told = {
        one["$ref"].rpartition("/")[2]
        for one in SCHEMA["$defs"]["case"]["properties"]["events"]["items"]["oneOf"]
    }
    assert told == {"authorised", *KINDS}
