"""The server as users run it: a parent that restarts its children, of which a test may kill any."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import psutil

from tests.faults.wire import BROKEN, HOST, Wire

READY_SECONDS: Final = 90
STOP_SECONDS: Final = 60
HUNG_SECONDS: Final = 10
ROOT: Final = Path(__file__).resolve().parents[2]
SERVE: Final = (
    "import os; from app.server import serve; from kernel.settings import load_settings; "
    "serve(load_settings(os.environ))"
)


class Serving:
    def __init__(self, parent: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.parent, self.port, self._log = parent, port, log
        self._first_seen: dict[int, float] = {}

    def wire(self, secret: str | None = None) -> Wire:
        return Wire(self.port, secret)

    def children(self, module: str = "app.") -> list[psutil.Process]:
        """The processes of `module` that have begun: app.server, app.worker."""
        found = []
        for child in psutil.Process(self.parent.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(part.startswith(module) for part in child.cmdline()):
                    found.append(child)
                    self._first_seen.setdefault(child.pid, monotonic())
        return found

    def lived(self, child: psutil.Process) -> float:
        """Seconds since `children` first told of it."""
        return monotonic() - self._first_seen[child.pid]

    def reached(self, wires: Iterable[Wire]) -> Counter[int]:
        """How many of the open connections end at each server process."""
        ports = {wire.own_port for wire in wires}
        ends = Counter[int]()
        for child in self.children("app.server"):
            with contextlib.suppress(psutil.NoSuchProcess):
                ends[child.pid] += sum(
                    bool(at.raddr) and at.raddr.port in ports for at in child.net_connections("tcp")
                )
        return +ends

    async def ready(self) -> None:
        """Waits until a process answers that all is there. Fails with the end of the log."""
        await self._until(lambda heard: bool(heard))

    async def all_ready(self, servers: int = 2) -> None:
        """Waits until every server process has answered so."""
        await self._until(lambda heard: len(heard & {child.pid for child in self.children()}) == servers)

    async def _until(self, enough: Callable[[set[int]], bool]) -> None:
        """`enough` is given the processes that were ready; each question has a connection of its own."""
        end, heard, last = monotonic() + READY_SECONDS, set[int](), "nothing"
        while monotonic() < end and self.parent.poll() is None:
            try:
                async with self.wire() as wire, asyncio.timeout(HUNG_SECONDS):
                    answer = await wire.ask("GET", "/readyz")
                    heard |= set(self.reached([wire])) if answer.status == 200 else set()
                last = repr(answer.body)
            except BROKEN as broken:
                last = repr(broken)
            if enough(heard):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"ready are only {heard}, last {last}: {await self._where_they_stand()}")

    async def _where_they_stand(self) -> str:
        """The end of the log, after each process has written there what it is doing, and ended."""
        for child in self.children():
            child.send_signal(signal.SIGABRT)
        await asyncio.sleep(1)
        return self.log_end()

    def log_end(self) -> str:
        return self._log.read_text()[-6000:]


@asynccontextmanager
async def serving(home: Path, environ: Mapping[str, str]) -> AsyncIterator[Serving]:
    """Server processes and a worker on a free port; at the end all of them are gone, or it fails."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    log = home / f"server-{port}.log"
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRADELINE_") and name not in ("DATABASE_URL", "REDIS_URL")
    }
    own = {"TRADELINE_HOME": str(home), "TRADELINE_PORT": str(port), "TRADELINE_LOG_LEVEL": "warning"}
    own["PYTHONFAULTHANDLER"] = "1"  # for `_where_they_stand`
    parent = _start(log, ours | own | dict(environ))
    running = Serving(parent, port, log)
    children: list[psutil.Process] = []
    try:
        await running.ready()
        yield running
        children = running.children()
        parent.terminate()
        assert await asyncio.to_thread(parent.wait, STOP_SECONDS) == 0, log.read_text()[-2000:]
        assert not any(child.is_running() for child in children), "children outlive their parent"
    finally:
        if parent.poll() is None:
            parent.kill()
            parent.wait()


def _start(log: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
