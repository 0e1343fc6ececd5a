"""The server as users run it: a parent that restarts its children, of which a test may kill any."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import psutil

from tests.faults.wire import BROKEN, HOST, Wire

READY_SECONDS: Final = 90
STOP_SECONDS: Final = 60
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
            ends[child.pid] += sum(
                bool(at.raddr) and at.raddr.port in ports for at in child.net_connections("tcp")
            )
        return +ends

    async def ready(self) -> None:
        """Waits until a process answers that all is there. Fails with the end of the log."""
        end = monotonic() + READY_SECONDS
        while monotonic() < end and self.parent.poll() is None:
            with contextlib.suppress(*BROKEN):
                async with self.wire() as wire:
                    if (await wire.ask("GET", "/readyz")).status == 200:
                        return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the server does not become ready: {self._log.read_text()[-2000:]}")

    async def all_up(self, servers: int = 2) -> None:
        """Waits until every server process takes connections, so that copies reach each of them."""
        await self.ready()
        end = monotonic() + READY_SECONDS
        while monotonic() < end:
            up = [child for child in self.children("app.server") if _listens(child)]
            if len(up) == servers:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not {servers} servers listen: {self._log.read_text()[-2000:]}")


def _listens(child: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return any(at.status == psutil.CONN_LISTEN for at in child.net_connections("tcp"))
    return False


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
