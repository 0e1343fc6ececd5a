"""Every command and option says what it is for, and help costs no web and no database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.root import COMMANDS, app, load

HEAVY = ("litestar", "asyncpg", "piccolo", "redis", "uvicorn", "rich", "kernel.db", "kernel.web")


def commands(name: str, found: Any) -> Iterator[tuple[str, Any]]:
    """A command and all below it, by the words that call it."""
    yield name, found
    for below, inner in getattr(found, "commands", {}).items():
        yield from commands(f"{name} {below}", inner)


ALL = [pair for name in COMMANDS for pair in commands(name, load(name))]


@pytest.mark.parametrize(("name", "found"), ALL, ids=[name for name, _ in ALL])
def test_says_what_it_is_for(name: str, found: Any) -> None:
    assert found.help, f"{name} has no help"
    silent = [one.name for one in found.params if one.name != "help" and not one.help]
    assert not silent, f"{name}: no help for {silent}"
    answer = CliRunner().invoke(app, [*name.split(), "--help"])
    assert answer.exit_code == 0
    assert answer.output.startswith("Usage: ")


def test_the_list_of_commands_is_told() -> None:
    answer = CliRunner().invoke(app, ["--help"])
    assert answer.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in answer.output


@pytest.mark.parametrize(
    "words", [["nope"], ["line", "nope"], ["drawdown", "capture"], ["serve", "--port", "0"]]
)
def test_what_is_not_understood_ends_with_2(words: list[str]) -> None:
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert "Error: " in answer.output


def test_help_loads_nothing_heavy() -> None:
    told = loaded_by("--help")
    assert "Commands:" in told
    assert heavy(told) == []


def loaded_by(*words: str) -> str:
    """What the command prints, then the modules that it has loaded."""
    script = "import sys, app.cli\ntry:\n    app.cli.main()\nfinally:\n    print('LOADED', *sys.modules)\n"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def heavy(told: str) -> list[str]:
    modules = told.partition("LOADED")[2].split()
    assert "app.cli.root" in modules
    return [name for name in modules if name in HEAVY or name.startswith(tuple(f"{one}." for one in HEAVY))]
