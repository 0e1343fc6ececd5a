"""What no committed file may say, and what the lock files must say."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from scripts import lock_check
from tests.architecture.house import ROOT, Fault, Rule, Source, faults, files, hold, read

SLASH, DOT = "/", "."
"""Taken apart, so that this file does not say what it looks for."""
MACHINE_PATH: Final = re.compile(r"(?<![\w.$}/*-])/(?:home|root|tmp|work|farm|Users|mnt|workspace)/[\w.$]")
HOST: Final = re.compile(
    r"\b(?:[\w-]+\.)*(?:pythonhosted|npmjs|yarnpkg|debian|ubuntu|docker|gcr|quay|pypi)\.(?:org|com|io)\b"
    r"|\bpypi\.\w+|index-url|extra-index|find-links"
)
MAY_SAY: Final = {
    "scripts/lock": "it keeps hosts out of the lock files and must name the options to do so",
    "tests/architecture/test_files.py": "the rule itself",
}
"""Files that may hold what HOST looks for."""
INSIDE_AN_IMAGE: Final = ("Dockerfile", "compose.yaml")
"""Their absolute paths are those of the image, the same everywhere."""
WHOLE: Final = 2_000_000
"""Larger files are data, not text that somebody wrote."""


def names_no_machine(source: Source) -> Iterator[Fault]:
    """No absolute path of the machine on which it was written: a checkout may lie anywhere.

    Way out: a path from `Path(__file__)`, a temporary folder of the test, a setting.
    """
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield Fault(number, f"names a path of a machine: {line[found.start() : found.start() + 40]}")


def names_no_registry(source: Source) -> Iterator[Fault]:
    """No package registry or mirror by its host: whoever builds chooses where packages come from.

    Way out: name the package and its version; hashes make sure that it is the same one.
    """
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := HOST.search(line):
            yield Fault(number, f"names {found.group()}")


def texts() -> list[Source]:
    """Every file of the tree that is text; what cannot be decoded is data."""
    found = []
    for path in files():
        if (ROOT / path).stat().st_size <= WHOLE:
            try:
                found.append(read(path))
            except UnicodeDecodeError:
                continue
    return found


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (names_no_machine, f"open('{SLASH}tmp/x.json')"),
        (names_no_machine, f"see {SLASH}home/somebody/notes"),
        (names_no_machine, f"PATH={SLASH}root/bin"),
        (names_no_registry, f"FROM quay{DOT}io/x"),
        (names_no_registry, f"https://files.pythonhosted{DOT}org/packages/x.whl"),
        (names_no_registry, "--extra-index-url=x"),
        (names_no_registry, f'"resolved": "https://registry.npmjs{DOT}org/htmx"'),
    ],
)
def test_sees(rule: Rule, text: str) -> None:
    assert faults(rule, text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            names_no_machine,
            "/var/lib/tradeline and /usr/lib/postgresql/15/bin, tests/tmp/x, $HOME/tmp/x, a/work/b",
        ),
        (names_no_registry, "apt-get install python3-venv  # Debian 12, python.org"),
    ],
)
def test_lets_pass(rule: Rule, text: str) -> None:
    assert faults(rule, text) == []


def test_files_name_no_machine() -> None:
    hold(names_no_machine, [source for source in texts() if source.path not in INSIDE_AN_IMAGE])


def test_files_name_no_registry() -> None:
    hold(names_no_registry, [source for source in texts() if source.path not in MAY_SAY])


def test_locks_are_whole() -> None:
    assert lock_check.problems() == []


@pytest.mark.parametrize(
    "text",
    [
        "anyio==4.0\n",
        "anyio>=4 --hash=sha256:aa\n",
        "anyio @ https://example.org/anyio.whl --hash=sha256:aa\n",
        "--index-url https://example.org\nanyio==4.0 --hash=sha256:aa\n",
    ],
)
def test_sees_a_bad_lock(tmp_path: Path, text: str) -> None:
    """Way out for all of them: `scripts/lock` writes the files anew."""
    lock = tmp_path / "run.txt"
    lock.write_text(text, encoding="utf-8")
    try:
        assert lock_check.read_lock(lock)[1]
    except ValueError:
        assert text.startswith("--")


def test_lets_a_good_lock_pass(tmp_path: Path) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text("# by hand\nanyio==4.0 \\\n    --hash=sha256:aa\n", encoding="utf-8")
    assert lock_check.read_lock(lock) == ({"anyio": "4.0"}, [])
