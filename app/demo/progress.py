"""What a person sees while the demo works, on standard error: bars on a terminal, else a line a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

Tell = Callable[[int], None]
"""Hears how much more of a stage is done."""

_LINE_EVERY_SECONDS: Final = 15


class Stages:
    """Stages one after another."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Tell]:
        """One stage, of `total` things where that is known."""
        shown = self._bar if self.console.is_terminal else self._lines
        with shown(title, total) as tell:
            yield tell

    @contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Tell]:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        counted = (MofNCompleteColumn(),) if total is not None else ()
        with Progress(*columns, *counted, console=self.console) as progress:
            task = progress.add_task(title, total=total)
            yield lambda more: progress.advance(task, more)
            progress.update(task, total=total or 1, completed=total or 1)

    @contextmanager
    def _lines(self, title: str, total: int | None) -> Iterator[Tell]:
        began = said = monotonic()
        done = 0

        def tell(more: int) -> None:
            nonlocal done, said
            done += more
            if monotonic() - said >= _LINE_EVERY_SECONDS:
                said = monotonic()
                self.say(f"{title}: {done:,}{'' if total is None else f' of {total:,}'}")

        yield tell
        self.say(f"{title}: {monotonic() - began:.1f} s")

    def say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)
