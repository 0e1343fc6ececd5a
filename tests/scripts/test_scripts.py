"""The tools around the code: lock files that do not fit are told, skipped tests are counted or fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.settings import CHECKOUT
from scripts.lock_check import problems


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the lock check reads."""
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_the_lock_files_fit() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("pyproject.toml", '"rich"', '"rich>=999"', "run.txt: rich>=999 is not met by "),
        ("pyproject.toml", '"rich"', '"not-locked"', "run.txt: not-locked is not met by None"),
        ("requirements/run.txt", "rich==", "rich==0.", "run.txt: rich 0."),
        ("requirements/dev.txt", "\nmypy==", "\nmypy>=", "dev.txt: mypy is not pinned with hashes"),
        (
            "requirements/uv.txt",
            "--hash=sha256:",
            "--hash=md5:",
            "uv.txt: this is no pinned requirement: uv==",
        ),
    ],
)
def test_a_lock_file_that_does_not_fit_is_told(
    checkout: Path, name: str, old: str, new: str, told: str
) -> None:
    path = checkout / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert any(line.startswith(told) for line in problems(checkout))


def test_a_lock_file_that_names_a_host_is_told(checkout: Path) -> None:
    path = checkout / "requirements" / "uv.txt"
    path.write_text("uv @ https://example.org/uv.whl --hash=sha256:00\n")
    assert "uv.txt: uv names a host or path" in problems(checkout)


@pytest.mark.parametrize(
    ("require_all", "last_line", "code"),
    [("", "tests: 1 passed, 0 failed, 2 skipped", 0), ("1", "tests: 1 passed, 2 failed, 0 skipped", 1)],
)
def test_skips_are_counted_in_the_last_line_or_fail(
    tmp_path: Path, require_all: str, last_line: str, code: int
) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_passes(): pass\n"
        "@pytest.mark.skip(reason='marked')\n"
        "def test_marked(): pass\n"
        "def test_lacks_something(): pytest.importorskip('no_such_module')\n"
    )
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "scripts" / "test.py"), str(tmp_path), "-n0"],
        env={**os.environ, "TRADELINE_REQUIRE_ALL": require_all},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == last_line
    assert done.returncode == code


def test_the_door_explains_itself() -> None:
    door = str(CHECKOUT / "dev")
    asked = subprocess.run([door], capture_output=True, text=True, check=False)
    assert asked.returncode == 0
    for command in ("setup", "demo", "test", "check", "bench", "serve"):
        assert f"\n  {command} " in asked.stdout
    unknown = subprocess.run([door, "tset"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert "there is no command 'tset'" in unknown.stderr
