"""All servers up before Tradeline runs, down when the last who uses them leaves.

Two lock files in HOME make the rule; the system frees both whenever a process ends, by `kill -9` too.
`gate.lock` is held by one process while it starts or stops servers, `users.lock` is shared by all who use
them. Who leaves and can have `users.lock` alone was the last and stops the servers; all others just leave.
So `tradeline verify` beside `tradeline serve` joins and stops nothing, and servers left behind by a killed
process are joined by the next one and stopped with it. A child that outlives its parent calls `start_stack`
itself.
"""

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from kernel.serve.errors import ServeError
from kernel.serve.home import Home, way_out
from kernel.serve.outside import check_postgres, check_redis
from kernel.serve.postgres import EmbeddedPostgres
from kernel.serve.valkey import EmbeddedValkey
from kernel.settings import Settings


class Stack:
    """Servers that answer. `admin_url` may migrate; `app_url` is DATABASE_URL where that is another role."""

    admin_url: str
    app_url: str | None
    redis_url: str
    secret_key: str

    def __init__(self, settings: Settings, *, durable: bool, home: Path) -> None:
        self._users: int | None = None
        self._home: Home | None = None
        self._servers: list[EmbeddedPostgres | EmbeddedValkey] = []
        outside = (settings.database_url, settings.redis_url, settings.secret_key)
        if None in outside:
            self._home = Home(home)
        try:
            self._start(settings, durable=durable)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave; stop the embedded servers if nobody else uses them. A second call does nothing."""
        if self._users is None or self._home is None:
            return
        users, self._users = self._users, None
        with _Gate(self._home.path):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                for server in reversed(self._servers):
                    server.stop()
            finally:
                os.close(users)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, settings: Settings, *, durable: bool) -> None:
        home = self._home
        if settings.database_url:
            self.admin_url = settings.admin_database_url or settings.database_url
            self.app_url = settings.database_url if settings.admin_database_url else None
            check_postgres(settings.database_url, "DATABASE_URL")
            if settings.admin_database_url:
                check_postgres(settings.admin_database_url, "TRADELINE_ADMIN_DATABASE_URL")
        if settings.redis_url:
            self.redis_url = settings.redis_url
            check_redis(settings.redis_url, "REDIS_URL")
        if settings.secret_key:
            self.secret_key = settings.secret_key
        if home is None:
            return
        with _Gate(home.path):
            self._users = os.open(home.path / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not settings.secret_key:
                self.secret_key = home.load_secrets().secret_key
            if not settings.database_url:
                postgres = EmbeddedPostgres(home, durable=durable, port=settings.pg_port)
                self._servers.append(postgres)
                self.admin_url, self.app_url = postgres.start(), None
            if not settings.redis_url:
                valkey = EmbeddedValkey(home, port=settings.valkey_port)
                self._servers.append(valkey)
                self.redis_url = valkey.start()


class _Gate:
    """Held while servers are started or stopped; waits for whoever holds it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "gate.lock"

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def start_stack(settings: Settings, *, durable: bool = True, home: Path | None = None) -> Stack:
    """Servers up and checked: embedded ones, except where DATABASE_URL or REDIS_URL names another.

    `durable=False` (tests) trades safety in a crash for speed; `home` replaces `settings.home`.
    Blocks for about a second at the first start. Raises ServeError; what it had started is stopped again.
    """
    place = home or settings.home
    try:
        return Stack(settings, durable=durable, home=place)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServeError(f"{error.filename or place}: {reason}", way_out(reason)) from error


def remove_data(home: Path) -> None:
    """Stops the embedded servers of `home` and removes what they hold; the secrets stay.

    Raises ServeError where somebody else uses them.
    """
    if not home.exists():
        return
    place = Home(home)
    with _Gate(place.path):
        users = os.open(place.path / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for server in (EmbeddedValkey(place), EmbeddedPostgres(place)):
                server.stop()
            if (place.path / "postgres").exists():
                # First out of the way, so that a removal that is broken off leaves no half a database.
                (place.path / "postgres").rename(place.path / f"postgres-half-{os.getpid()}")
            for half in place.path.glob("postgres-half-*"):
                shutil.rmtree(half)
        except BlockingIOError:
            raise ServeError(
                f"the servers in {place.path} are in use", "stop ./dev demo or ./dev serve first"
            ) from None
        finally:
            os.close(users)
