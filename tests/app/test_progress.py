"""What is shown while the demo works: a line a stage, or bars that are drawn together."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app import progress
from app.progress import Stages


def on(*, terminal: bool) -> tuple[Stages, io.StringIO]:
    out = io.StringIO()
    return Stages(Console(file=out, force_terminal=terminal, width=120)), out


def test_without_a_terminal_a_stage_is_a_line() -> None:
    stages, out = on(terminal=False)
    with stages.stage("buyers", 4) as tell:
        tell(4)
    assert out.getvalue().startswith("buyers: 0.")
    assert out.getvalue().endswith(" s\n")
    assert out.getvalue().count("\n") == 1


def test_a_long_stage_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY_SECONDS", 0)
    stages, out = on(terminal=False)
    with stages.stage("buyers", 4000) as tell:
        tell(1500)
    assert "buyers: 1,500 of 4,000\n" in out.getvalue()


def test_bars_side_by_side_are_drawn_together() -> None:
    stages, out = on(terminal=True)
    with stages.stage("both"), stages.stage("one", 2) as first, stages.stage("other", 3) as second:
        first(2)
        second(1)
    shown = out.getvalue()
    assert all(word in shown for word in ("both", "one", "other", "2 of 2", "3 of 3"))


def test_a_broken_stage_leaves_the_next_one_its_bars() -> None:
    stages, out = on(terminal=True)
    with pytest.raises(LookupError), stages.stage("one", 2):
        raise LookupError
    with stages.stage("next", 5) as tell:
        tell(5)
    assert "5 of 5" in out.getvalue()
