"""The parent outlives whatever becomes of a child, and nothing of a killed child stays behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app import children
from kernel.settings import Settings

REAL = subprocess.Popen


def gone_at_once(_command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """A child that is over before the parent can tell it anything."""
    process = REAL(["false"], **options)
    process.wait()
    return process


def sleeping(_command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    return REAL(["sleep", "60"], **options)


def test_a_child_that_ends_before_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "Popen", gone_at_once)
    child = children._Child("app.server", Settings(home=tmp_path, data=tmp_path), os.environ)
    child.tend()
    child.ask_to_stop()
    child.wait(0)
    assert child._falls == 1, "it is to be started again, after a pause"


def test_a_killed_child_takes_its_gauges_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it held at that moment would be counted for ever; its counters stay, for they have happened."""
    monkeypatch.setattr(subprocess, "Popen", sleeping)
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    child = children._Child("app.server", Settings(home=tmp_path, data=tmp_path), environ)
    pid = child._process.pid
    files = [tmp_path / f"{kind}_{number}.db" for kind in ("gauge_livesum", "counter") for number in (pid, 1)]
    for file in files:
        file.touch()
    child._process.kill()
    child._process.wait()
    child.tend()
    child.ask_to_stop()
    child.wait(0)
    assert [file.name for file in files if not file.exists()] == [f"gauge_livesum_{pid}.db"]
