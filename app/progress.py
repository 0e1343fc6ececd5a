"""What a person sees while long work goes on, on standard error: bars on a terminal, else a line a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

Tell = Callable[[int], None]
"""Hears how much more of a stage is done."""

_LINE_EVERY_SECONDS: Final = 15


class Stages:
    """Stages one after another or side by side."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bars: Progress | None = None

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Tell]:
        """One stage, of `total` things where that is known."""
        shown = self._bar if self._console.is_terminal else self._lines
        with shown(title, total) as tell:
            yield tell

    def show(self, what: RenderableType) -> None:
        self._console.print(what, highlight=False, markup=False, soft_wrap=isinstance(what, str))

    @contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Tell]:
        """Bars that are under way together are drawn together."""
        if self._bars is not None:
            with _drawn(self._bars, title, total) as tell:
                yield tell
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), _Count())
        with Progress(SpinnerColumn(), *columns, console=self._console) as self._bars:
            try:
                with _drawn(self._bars, title, total) as tell:
                    yield tell
            finally:
                self._bars = None

    @contextmanager
    def _lines(self, title: str, total: int | None) -> Iterator[Tell]:
        began = said = monotonic()
        done = 0

        def tell(more: int) -> None:
            nonlocal done, said
            done += more
            if monotonic() - said >= _LINE_EVERY_SECONDS:
                said = monotonic()
                self.show(f"{title}: {done:,}{'' if total is None else f' of {total:,}'}")

        yield tell
        self.show(f"{title}: {monotonic() - began:.1f} s")


class _Count(ProgressColumn):
    """How many of how many, where that is known."""

    def render(self, task: Task) -> Text:
        if task.fields["counted"]:
            return Text(f"{task.completed:,.0f} of {task.total:,.0f}")
        return Text(f"{task.completed:,.0f}" if task.completed else "")


@contextmanager
def _drawn(bars: Progress, title: str, total: int | None) -> Iterator[Tell]:
    task = bars.add_task(title, total=total, counted=total is not None)
    yield lambda more: bars.advance(task, more)
    end = max(1, bars.tasks[task].completed) if total is None else total
    bars.update(task, total=end, completed=end)
