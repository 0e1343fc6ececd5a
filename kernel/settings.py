"""What the environment says, read once: each variable, its default, and all that is wrong at once."""

import difflib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

import msgspec

CHECKOUT = Path(__file__).resolve().parent.parent

LogLevel = Literal["debug", "info", "warning", "error"]
Environment = Literal["development", "production"]

VARIABLES = {
    "TRADELINE_HOME": "where the embedded servers and the generated secrets live",
    "DATABASE_URL": "a PostgreSQL 15+ of your own instead of the embedded one",
    "TRADELINE_ADMIN_DATABASE_URL": "the same database as a role that may migrate; default DATABASE_URL",
    "REDIS_URL": "a Redis or Valkey of your own instead of the embedded one",
    "TRADELINE_PG_PORT": "port of the embedded PostgreSQL; default any free one",
    "TRADELINE_VALKEY_PORT": "port of the embedded Valkey; default any free one",
    "TRADELINE_SECRET_KEY": "32+ characters that sign sessions and links; generated when embedded",
    "TRADELINE_HOST": "address the server listens on; default 127.0.0.1",
    "TRADELINE_PORT": "port the server listens on; default 8000",
    "TRADELINE_PROCESSES": "server processes; default 2",
    "TRADELINE_LOG_LEVEL": "debug, info, warning or error; default info",
    "TRADELINE_ENV": "development or production; default development",
    "TRADELINE_DATA": "folder of the order files; default shared/data beside the checkout",
    "TRADELINE_REQUIRE_ALL": "tests only: 1 turns skipped tests into failures",
}
"""Every variable Tradeline knows, and what it is for."""


class Problem(msgspec.Struct, frozen=True):
    """One variable that cannot be used, and how to mend it. Never holds a value: it may be a password."""

    variable: str
    wrong: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.variable} {self.wrong}; {self.way_out}"


class SettingsError(Exception):
    """Everything that is wrong with the environment, not only the first thing."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. `None` for a URL or port means: the embedded server, any free port."""

    home: Path
    data: Path
    database_url: str | None = None
    admin_database_url: str | None = None
    redis_url: str | None = None
    pg_port: int | None = None
    valkey_port: int | None = None
    secret_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 2
    log_level: LogLevel = "info"
    env: Environment = "development"

    def __repr__(self) -> str:
        """Keys and passwords stay out of logs and tracebacks."""
        return f"Settings(home={str(self.home)!r}, host={self.host!r}, port={self.port}, env={self.env!r})"


def default_home(checkout: Path = CHECKOUT, *, root: bool | None = None) -> Path:
    """Folder for what is not code. As root it is outside the checkout, where the server's account may go."""
    if os.geteuid() == 0 if root is None else root:
        mark = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:8]
        return Path("/var/lib/tradeline", f"{checkout.name}-{mark}")
    return checkout / ".tradeline"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment; an empty variable counts as absent.

    Raises SettingsError with every problem found, unknown TRADELINE_ variables included.
    """
    reader = _Reader(environ)
    settings = Settings(
        home=reader.read("TRADELINE_HOME", _absolute_path, default_home()),
        data=reader.read("TRADELINE_DATA", _path, CHECKOUT.parent / "shared" / "data"),
        database_url=reader.read("DATABASE_URL", _postgres_url, None),
        admin_database_url=reader.read("TRADELINE_ADMIN_DATABASE_URL", _postgres_url, None),
        redis_url=reader.read("REDIS_URL", _redis_url, None),
        pg_port=reader.read("TRADELINE_PG_PORT", _port, None),
        valkey_port=reader.read("TRADELINE_VALKEY_PORT", _port, None),
        secret_key=reader.read("TRADELINE_SECRET_KEY", _secret, None),
        host=reader.read("TRADELINE_HOST", str, "127.0.0.1"),
        port=reader.read("TRADELINE_PORT", _port, 8000),
        processes=reader.read("TRADELINE_PROCESSES", _processes, 2),
        log_level=reader.read("TRADELINE_LOG_LEVEL", _one_of(get_args(LogLevel)), "info"),
        env=reader.read("TRADELINE_ENV", _one_of(get_args(Environment)), "development"),
    )
    reader.check_together()
    reader.refuse_unknown()
    if reader.problems:
        raise SettingsError(tuple(reader.problems))
    return settings


T = TypeVar("T")
D = TypeVar("D")


class _Reader:
    """Reads variables one by one and keeps what was wrong with each."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.given = {name: value.strip() for name, value in environ.items() if value.strip()}
        self.problems: list[Problem] = []

    def read(self, variable: str, parse: Callable[[str], T], default: D) -> T | D:
        """The parsed value; the default when it is absent or wrong (then a problem is noted)."""
        if variable not in self.given:
            return default
        try:
            return parse(self.given[variable])
        except _WrongError as wrong:
            self.problems.append(Problem(variable, wrong.wrong, wrong.way_out))
            return default

    def check_together(self) -> None:
        """What no variable can tell alone."""
        given = self.given
        if "TRADELINE_ADMIN_DATABASE_URL" in given and "DATABASE_URL" not in given:
            self.problems.append(
                Problem("TRADELINE_ADMIN_DATABASE_URL", "is set without DATABASE_URL", "set both or neither")
            )
        production = given.get("TRADELINE_ENV") == "production"
        if production and "DATABASE_URL" in given and "TRADELINE_SECRET_KEY" not in given:
            self.problems.append(
                Problem(
                    "TRADELINE_SECRET_KEY",
                    "is missing: in production with DATABASE_URL it must be the same on every machine",
                    "set it to the output of: openssl rand -hex 32",
                )
            )

    def refuse_unknown(self) -> None:
        """A mistyped variable must not pass in silence for its default."""
        for name in sorted(self.given):
            if name.startswith("TRADELINE_") and name not in VARIABLES:
                near = _nearest(name)
                way_out = f"did you mean {near}?" if near else "unset it"
                self.problems.append(Problem(name, "is not a variable of Tradeline", way_out))


def _nearest(name: str) -> str | None:
    """The known variable most like this one, if any is; what all have in common does not count."""
    ends = {variable.removeprefix("TRADELINE_"): variable for variable in VARIABLES}
    near = difflib.get_close_matches(name.removeprefix("TRADELINE_"), ends, n=1)
    return ends[near[0]] if near else None


class _WrongError(Exception):
    def __init__(self, wrong: str, way_out: str) -> None:
        super().__init__(wrong)
        self.wrong, self.way_out = wrong, way_out


def _absolute_path(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise _WrongError("is not an absolute path", "begin it with /")
    return path


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _postgres_url(text: str) -> str:
    return _url(text, ("postgresql", "postgres"), "postgresql://USER:PASSWORD@HOST/DATABASE", database=True)


def _redis_url(text: str) -> str:
    return _url(text, ("redis", "rediss"), "redis://:PASSWORD@HOST:6379/0", database=False)


def _url(text: str, schemes: tuple[str, ...], form: str, *, database: bool) -> str:
    try:
        url = urlsplit(text)
        whole = bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        whole = False
    if not whole or url.scheme not in schemes or (database and not url.path.strip("/")):
        raise _WrongError("is not a whole URL of its kind", f"write it as {form}")
    return text


def _port(text: str) -> int:
    return _number(text, 1, 65_535)


def _processes(text: str) -> int:
    return _number(text, 1, 64)


def _number(text: str, lowest: int, highest: int) -> int:
    if not (text.isascii() and text.isdigit() and lowest <= int(text[:9]) <= highest and len(text) <= 9):
        raise _WrongError("is not a whole number in its range", f"choose {lowest} to {highest}")
    return int(text)


def _secret(text: str) -> str:
    if len(text) < 32:
        raise _WrongError("has fewer than 32 characters", "set it to the output of: openssl rand -hex 32")
    return text


def _one_of(words: tuple[str, ...]) -> Callable[[str], Any]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise _WrongError("is none of the words it may be", f"choose one of {', '.join(words)}")
        return text.lower()

    return parse
