"""A package's `__init__.py` is its contents page: all that is there, and nothing that is not."""

import ast
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath
from typing import Final

import pytest

from tests.architecture.house import LAYERS, Fault, Source, files, hold, read, snippet

NAMED: Final = re.compile(r"(?<![\w/.-])[\w-]+(?:/[\w-]+)*\.(?:py|sql)\b")
FOLDER: Final = re.compile(r"(?<![\w/.-])([\w-]+(?:/[\w-]+)*)/(?=\s)")
UNNAMED: Final = ("__init__.py", "piccolo_app.py")
"""Every package has these; a contents page need not say so."""


def page(source: Source) -> str:
    """The docstring of an `__init__.py`."""
    return ast.get_docstring(source.tree) or ""


def names_what_is_there(exists: Callable[[str], bool]) -> Callable[[Source], Iterator[Fault]]:
    """The rule below for a tree in which `exists` tells what is there."""

    def names(source: Source) -> Iterator[Fault]:
        """A contents page names only files that exist: by their path from the package, from the checkout,
        or from
        a folder named before them on the line.

        Way out: the file was renamed or removed; say where its matter stands now.
        """
        for line in page(source).splitlines():
            inside = [f"{source.parent}/{folder}/" for folder in FOLDER.findall(line)]
            for name in NAMED.findall(line):
                if not any(exists(f"{folder}{name}") for folder in (f"{source.parent}/", "", *inside)):
                    yield Fault(1, f"names {name}, which does not exist")

    return names


def unnamed(paths: Collection[str], text: Callable[[str], str]) -> list[str]:
    """Every module and SQL function is named on the page of its folder or of a folder above it.

    Way out: one line in the package's `__init__.py`: what it does, then `rules/penalty.py`. A folder of
    modules without an `__init__.py` is missed by import-linter and has no page: add one.
    """
    pages = {
        str(PurePosixPath(path).parent): set(NAMED.findall(page(Source(path, text(path)))))
        for path in paths
        if path.endswith("/__init__.py")
    }
    missing = []
    for path in paths:
        place = PurePosixPath(path)
        if (
            place.name in UNNAMED
            or "piccolo_migrations" in place.parts
            or place.suffix not in (".py", ".sql")
        ):
            continue
        if place.suffix == ".py" and str(place.parent) not in pages:
            missing.append(f"{place.parent} has no __init__.py")
        above = [str(folder) for folder in place.parents if str(folder) in pages]
        if not any(str(place.relative_to(folder)) in pages[folder] for folder in above):
            missing.append(f"{path} is on no contents page")
    return sorted(set(missing))


MADE_UP = {
    "billing/__init__.py": '"""Interest .... rules/interest.py, by run_day.py; sql/commit.sql."""',
    "billing/run_day.py": "",
    "billing/rules/__init__.py": '"""Penalty .... penalty.py"""',
    "billing/rules/interest.py": "",
    "billing/rules/penalty.py": "",
    "billing/sql/commit.sql": "",
    "billing/piccolo_app.py": "",
    "billing/piccolo_migrations/m0001_x.py": "",
}


def test_lets_a_whole_page_pass() -> None:
    assert unnamed(MADE_UP, MADE_UP.__getitem__) == []


@pytest.mark.parametrize(
    "path", ["billing/x.py", "billing/rules/x.py", "billing/sql/x.sql", "billing/web/x.py"]
)
def test_sees_a_file_on_no_page(path: str) -> None:
    tree = {**MADE_UP, path: ""}
    assert f"{path} is on no contents page" in unnamed(tree, tree.__getitem__)


def test_sees_a_folder_without_page() -> None:
    tree = {**MADE_UP, "billing/web/x.py": ""}
    assert "billing/web has no __init__.py" in unnamed(tree, tree.__getitem__)


def test_sees_a_name_without_file() -> None:
    rule = names_what_is_there(lambda path: path in MADE_UP)
    assert list(rule(snippet('"""Fee .... rules/fee.py"""', "billing/__init__.py")))
    assert list(rule(snippet('"""Penalty .... penalty.py"""', "billing/__init__.py")))
    assert list(rule(snippet('"""Penalty .... rules/  penalty.py"""', "billing/__init__.py"))) == []
    assert list(rule(snippet(MADE_UP["billing/__init__.py"], "billing/__init__.py"))) == []


def test_every_file_is_on_a_page() -> None:
    inside = [path for path in files() if path.startswith(tuple(f"{layer}/" for layer in LAYERS))]
    missing = unnamed(inside, lambda path: read(path).text)
    assert not missing, "\n".join([*missing, unnamed.__doc__ or ""])


def test_pages_name_what_is_there() -> None:
    pages = [read(path) for path in files() if path.startswith(LAYERS) and path.endswith("/__init__.py")]
    hold(names_what_is_there(lambda path: path in files()), pages)
