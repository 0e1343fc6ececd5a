"""Servers reached by URL: are they there, do they let us in, are they new enough?"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import asyncpg
import redis

from kernel.serve.errors import ServeError

OLDEST_POSTGRES = 15
PATIENCE_SECONDS = 10

T = TypeVar("T")


def check_postgres(url: str, variable: str) -> None:
    """Raises ServeError unless the database answers and is PostgreSQL 15 or newer."""
    number = ask_postgres(url, variable, lambda c: c.fetchval("SHOW server_version_num"))
    major = int(number) // 10_000
    if major < OLDEST_POSTGRES:
        raise ServeError(
            f"{variable}: the server at {_place(url)} is PostgreSQL {major}",
            f"Tradeline needs PostgreSQL {OLDEST_POSTGRES} or newer; unset {variable} for the embedded one",
        )


def ask_postgres(url: str, source: str, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Connect, ask, leave. In its own thread and loop, so that it may be called inside a running loop too.

    `source` names in errors where the URL comes from. Raises ServeError.
    """

    async def ask() -> T:
        connection = await asyncpg.connect(url, timeout=PATIENCE_SECONDS)
        try:
            return await question(connection)
        finally:
            await connection.close()

    def run() -> T:
        return asyncio.run(ask())

    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(run).result()
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise ServeError(
            f"{source}: {_place(url)} refused the user or password ({error})", f"correct {source}"
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise ServeError(
            f"{source}: {_place(url)} has no such database ({error})", "create it with createdb"
        ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ServeError(
            f"{source}: no PostgreSQL can be used at {_place(url)} ({_reason(error)})",
            f"start it, or correct {source}",
        ) from error


def check_redis(url: str, variable: str) -> None:
    """Raises ServeError unless the server answers."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS
        ) as client:
            client.ping()
    except redis.AuthenticationError as error:
        raise ServeError(
            f"{variable}: {_place(url)} refused the user or password ({error})", f"correct {variable}"
        ) from error
    except (redis.RedisError, OSError, ValueError) as error:
        raise ServeError(
            f"{variable}: no Redis or Valkey can be used at {_place(url)} ({_reason(error)})",
            f"start it, correct {variable}, or unset it for the embedded one",
        ) from error


def _place(url: str) -> str:
    """Host and port without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
