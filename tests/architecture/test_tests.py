"""Every test can fail: it asserts something, itself or through a helper that does."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.architecture.house import Fault, Source, files, hold, imports, last_name, python, read, snippet

FAILS: Final = re.compile(r"(assert|check|run_state_machine)\w*|raises|warns|fail|find")
"""Calls that fail by themselves: of pytest, of hypothesis, and by what their name says."""
Functions = dict[str, ast.FunctionDef | ast.AsyncFunctionDef]


def functions(source: Source) -> Functions:
    """All functions of a module by name, methods and inner ones too."""
    return {
        node.name: node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def asserting(source: Source, find: Callable[[str], Source | None], known: dict[str, set[str]]) -> set[str]:
    """Names of a test module's functions that can fail, those it imports from other test modules included.

    `find` gives a module by its dotted name, None where it is none of the tests'; `known` keeps what was
    found.
    """
    if source.path in known:
        return known[source.path]
    able = known[source.path] = set()
    for module in {name.rpartition(".")[0] for _, name in imports(source)}:
        if (other := find(module)) is not None:
            able |= asserting(other, find, known)
    own = functions(source)
    while more := {name for name, node in own.items() if name not in able and _fails(node, able)}:
        able |= more
    return able


def _fails(function: ast.AST, known: set[str]) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or (
            isinstance(node, ast.Call)
            and (last_name(node.func) in known or FAILS.fullmatch(last_name(node.func)))
        )
        for node in ast.walk(function)
    )


def can_fail(find: Callable[[str], Source | None]) -> Callable[[Source], Iterator[Fault]]:
    """The rule below for test modules that `find` gives."""
    known: dict[str, set[str]] = {}

    def rule(source: Source) -> Iterator[Fault]:
        """A test asserts something, and not `True`; a helper of the tests may do it for several.

        Way out: assert what must hold.
        """
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
                yield Fault(node.lineno, "asserts a constant")
        able = asserting(source, find, known)
        for name, function in functions(source).items():
            if name.startswith("test_") and name not in able:
                yield Fault(function.lineno, f"{name} asserts nothing")

    return rule


def of_the_tree(module: str) -> Source | None:
    """A module below tests/ by its dotted name."""
    path = f"{module.replace('.', '/')}.py"
    return read(path) if path.startswith("tests/") and path in files() else None


SHOP: Final = snippet(
    "class Shop:\n    async def verify(self):\n        assert clean()\n    def look(self): ..."
)


def found(text: str) -> list[str]:
    rule = can_fail({"tests.support.shop": SHOP}.get)
    return [fault.wrong for fault in rule(snippet(text, "tests/billing/test_x.py"))]


@pytest.mark.parametrize(
    "text",
    [
        "def test_x():\n    f()",
        "def test_x():\n    assert True",
        "def tell(): ...\ndef test_x():\n    tell()",
        "from tests.support.shop import Shop\nasync def test_x(shop):\n    await shop.look()",
        "async def test_x(shop):\n    await shop.verify()",
    ],
)
def test_sees_a_test_that_cannot_fail(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "def test_x():\n    assert f() == 1",
        "def test_x():\n    with pytest.raises(ValueError):\n        f()",
        "def tell():\n    assert f()\ndef again():\n    tell()\ndef test_x():\n    again()",
        "from tests.support.shop import Shop\nasync def test_x(shop):\n    await shop.verify()",
    ],
)
def test_lets_a_test_that_can_fail_pass(text: str) -> None:
    assert found(text) == []


def test_tests_can_fail() -> None:
    hold(can_fail(of_the_tree), [source for source in python("tests") if source.stem.startswith("test_")])
