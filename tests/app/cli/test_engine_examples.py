"""The examples for outsiders (docs/examples/engine): each expected number was worked by hand, as its
`about` says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.cli.engine_case import run

FILES = sorted((Path(__file__).parents[3] / "docs" / "examples" / "engine").glob("*.json"))


def at(told: Any, path: str) -> Any:
    for part in path.split("."):
        told = told[int(part)] if part.isdigit() else told[part]
    return told


def test_there_are_enough() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_example(file: Path) -> None:
    case = json.loads(file.read_text("utf-8"))
    told = msgspec.to_builtins(run(case, explained=True))
    assert {path: at(told, path) for path in case["expected"]} == case["expected"]
