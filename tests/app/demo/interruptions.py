"""A demo that is broken off, and one that says nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from app.demo.desk import Desk
from app.progress import Stages


class Interrupted(Exception):
    """Stands for a kill: what was not written by then is not."""


def breaking_off(patched: pytest.MonkeyPatch, where: str, calls: int) -> None:
    """The desk's method `where` works so many times and then no more."""
    left, works = [calls], getattr(Desk, where)

    def until(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted
        return works(*args, **named)

    patched.setattr(Desk, where, until)


def quiet() -> Stages:
    return Stages(Console(file=io.StringIO()))
