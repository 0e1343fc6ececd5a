"""How long a line, a function and a file may be."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.house import ROOT, Fault, Rule, Source, faults, files, hold, is_use_case, python, read

LINE: Final = 110
FUNCTION: Final = 70
FILE: Final = 400
USE_CASE: Final = 150
SHEBANGS: Final = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env sh", b"#!/usr/bin/env bash")


def short_functions(source: Source) -> Iterator[Fault]:
    """A function has at most 70 lines, from `def` to its end.

    Way out: a part of it has a name of its own; give it one.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION:
                yield Fault(node.lineno, f"{node.name} has {lines} lines")


def short_files(source: Source) -> Iterator[Fault]:
    """A use-case file has at most 150 lines, any other file of code 400.

    Way out: two concepts stand in it; split by concept. tables, api and the like become folders of that name.
    """
    most = USE_CASE if source.path.endswith(".py") and is_use_case(source) else FILE
    lines = source.text.count("\n")
    if lines > most:
        yield Fault(most, f"has {lines} lines, {most} are allowed")


def short_lines(source: Source) -> Iterator[Fault]:
    """A line has at most 110 characters.

    Way out: break it where a comma or a word ends.
    """
    for number, line in enumerate(source.text.splitlines(), 1):
        if len(line) > LINE:
            yield Fault(number, f"has {len(line)} characters")


def shell_scripts() -> list[Source]:
    """Shell scripts by ending or by first line."""
    folders = ("dev", "scripts/", ".ci/")
    return [
        read(path)
        for path in files()
        if path.endswith(".sh")
        or (path.startswith(folders) and (ROOT / path).read_bytes().startswith(SHEBANGS))
    ]


def code() -> list[Source]:
    """Python, SQL and shell, migrations aside."""
    return [*python(), *(read(path) for path in files() if path.endswith(".sql")), *shell_scripts()]


LONG_USE_CASE = "async def cut_limit(ctx: Ctx, command: CutLimit) -> Cut:\n" + "    pass\n" * 150


@pytest.mark.parametrize(
    ("rule", "text", "path"),
    [
        (short_functions, "def f():\n" + "    pass\n" * 70, "kernel/x.py"),
        (short_functions, "class A:\n    async def f(self):\n" + "        pass\n" * 70, "tests/x.py"),
        (short_files, "pass\n" * 401, "billing/queries.py"),
        (short_files, "-- why\n" * 401, "billing/sql/commit.sql"),
        (short_files, LONG_USE_CASE, "billing/cut_limit.py"),
        (short_lines, "x = '" + "y" * 105 + "'", "kernel/x.py"),
    ],
)
def test_sees(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path)


@pytest.mark.parametrize(
    ("rule", "text", "path"),
    [
        (short_functions, "def f():\n" + "    pass\n" * 69, "kernel/x.py"),
        (short_files, "pass\n" * 400, "billing/queries.py"),
        (short_files, LONG_USE_CASE.removesuffix("    pass\n"), "billing/cut_limit.py"),
        (short_lines, "x = '" + "y" * 104 + "'", "kernel/x.py"),
    ],
)
def test_lets_pass(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path) == []


def test_functions() -> None:
    hold(short_functions, python())


def test_files() -> None:
    hold(short_files, code())


def test_lines() -> None:
    hold(short_lines, code())
