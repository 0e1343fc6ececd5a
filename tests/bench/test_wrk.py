"""The load generator is looked for before anything is measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench import wrk
from bench.errors import BenchError


def test_where_wrk_is_missing_the_line_to_run_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install = tmp_path / "install-system"
    install.write_text('#!/bin/sh\necho "as root run:  get $2" >&2\nexit 1\n')
    install.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(wrk, "_INSTALL", install)
    with pytest.raises(BenchError, match="as root run:  get wrk"):
        wrk.need_wrk()


def test_where_wrk_stands_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install, ran = tmp_path / "install-system", tmp_path / "ran"
    install.write_text(f"#!/bin/sh\ntouch {ran}\n")
    install.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/wrk")
    monkeypatch.setattr(wrk, "_INSTALL", install)
    wrk.need_wrk()
    assert not ran.exists()
