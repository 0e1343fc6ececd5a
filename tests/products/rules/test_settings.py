"""The table of settings and the page that explains it to people tell the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from products.rules.product import validate
from products.rules.settings import LATER, OVERRIDABLE, SETTINGS, Setting, Settings

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")


def leaves(settings: Settings, group: str = "") -> Iterator[str]:
    for key, setting in settings.items():
        if isinstance(setting, Setting):
            yield group + key
        else:
            yield from leaves(setting, f"{group}{key}.")


def explained(page: str) -> set[str]:
    """Names in the first column; `.name` continues the group of the name before it."""
    found: set[str] = set()
    for line in page.splitlines():
        if line.startswith("| `"):
            group = ""
            for name in re.findall(r"`([\w.]+)`", line.split(" | ")[0]):
                whole = f"{group}{name}" if name.startswith(".") else name
                group = whole.rpartition(".")[0]
                found.add(whole)
    return found


def test_the_page_explains_every_setting_and_no_other() -> None:
    assert explained(PAGE) == set(leaves(SETTINGS))


def test_what_comes_later_is_not_there_yet() -> None:
    for pointer, names in LATER.items():
        group: Any = SETTINGS
        for key in pointer.split("/")[1:]:
            group = group[key]
        assert not names & set(group)
    assert set(SETTINGS) >= OVERRIDABLE


def test_the_page_reads_names_that_go_on() -> None:
    assert explained("| `a.b`, `.c` | `d` | e |\n| | `f` | |\n| `g` or `.h` |") == {"a.b", "a.c", "g", ".h"}


@pytest.mark.parametrize("name", sorted(leaves(SETTINGS)))
def test_no_setting_takes_whatever_it_is_given(name: str) -> None:
    document: dict[str, Any] = {}
    group = document
    *path, last = name.split(".")
    for key in path:
        group = group.setdefault(key, {})
    group[last] = object()
    assert f"#/{name.replace('.', '/')}" in {found.pointer for found in validate(document)}
