"""The processes of `tradeline serve`: children of one parent that restarts who falls and takes all with it.

A child is `python -m app.server` or `python -m app.worker`. Its settings come as one line of JSON on its
standard input, which then stays open: when it closes, the parent is gone, by `kill -9` too, and the child
ends in good order. Not uvicorn's supervisor: its children outlive a killed parent.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Final

import msgspec
import uvloop
from prometheus_client.multiprocess import mark_process_dead

from kernel import log
from kernel.settings import Settings

STOP_SECONDS: Final = 30
"""How long a child may take to end its work before it is killed."""

_CHECKOUT: Final = Path(__file__).resolve().parent.parent
_FILES: Final = 65_536
_LIVED_SECONDS: Final = 5
_LONGEST_PAUSE_SECONDS: Final = 10

Work = Callable[[Settings, asyncio.Event], Awaitable[None]]


def run_child(work: Work) -> None:
    """The main function of a child: `work(settings, stop)` until the parent is gone or says so."""
    settings = msgspec.json.decode(
        sys.stdin.buffer.readline(), type=Settings, dec_hook=lambda kind, value: kind(value)
    )
    log.configure(settings.log_level)
    open_many_files()
    # uvicorn would install uvloop only where it runs the loop itself; a request costs half as much on it.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, work))


def open_many_files() -> None:
    """As many as the system allows this account: each connection is one, and most begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


async def _run(settings: Settings, work: Work) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def wait_for_parent() -> None:
        os.read(sys.stdin.fileno(), 1)
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    await work(settings, stop)


def run_parent(modules: Sequence[str], settings: Settings, environ: Mapping[str, str]) -> None:
    """Runs one child for each of `modules` until SIGTERM or SIGINT, then ends them all."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    children: list[_Child] = []
    try:
        children += [_Child(module, settings, environ) for module in modules]
        while not stopping.wait(0.1):
            for child in children:
                child.tend()
    finally:
        for child in children:
            child.ask_to_stop()
        end = monotonic() + STOP_SECONDS
        for child in children:
            child.wait(end)
        for number, handler in before.items():
            signal.signal(number, handler)


class _Child:
    """One process, started again when it falls; one that falls at once is started ever more slowly."""

    def __init__(self, module: str, settings: Settings, environ: Mapping[str, str]) -> None:
        self._module, self._environ = module, dict(environ)
        self._told = msgspec.json.encode(settings, enc_hook=str) + b"\n"
        self._falls, self._due = 0, 0.0
        self._start()

    def _start(self) -> None:
        self._began = monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            cwd=_CHECKOUT,
            env=self._environ,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it is over already: `tend` will see
            self._process.stdin.write(self._told)

    def tend(self) -> None:
        """Starts the process again where it has ended by itself."""
        code = self._process.poll()
        if code is None:
            return
        if self._due == 0:
            self._bury()
            lived = monotonic() - self._began
            self._falls = 0 if lived > _LIVED_SECONDS else self._falls + 1
            pause = min(self._falls, _LONGEST_PAUSE_SECONDS)
            self._due = monotonic() + pause
            log.get().error("process ended", module=self._module, code=code, again_in_seconds=pause)
        if monotonic() >= self._due:
            self._due = 0.0
            self._start()

    def _bury(self) -> None:
        """Without this, what its gauges held as it fell would be counted for ever."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if folder := self._environ.get("PROMETHEUS_MULTIPROC_DIR"):
            mark_process_dead(self._process.pid, folder)  # type: ignore[no-untyped-call]

    def ask_to_stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()

    def wait(self, end: float) -> None:
        """Waits until the monotonic second `end`, then kills."""
        while self._process.poll() is None:
            if monotonic() > end:
                self._process.kill()
            sleep(0.02)
        if self._process.stdin is not None:
            self._process.stdin.close()
