"""A database for each test process, made from a migrated template that is kept while the schema stays the
same.

One embedded cluster serves all runs of this checkout (tests never ask for durability); processes join and
leave it as the servers' own lock files say. DATABASE_URL, where set, is used instead.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from kernel.db.migrate import fingerprint
from kernel.db.roles import app_url, prepare_database
from kernel.serve import Stack, start_stack
from kernel.settings import load_settings

_PREFIX: Final = "tradeline_test_"
_LOCK: Final = 0x7465_7374


def start_servers() -> Stack:
    """The servers of the test runs; `stop()` leaves them, the last one out stops them."""
    settings = load_settings(os.environ)
    return start_stack(settings, durable=False, home=settings.home / "test")


def at(admin_url: str, database: str) -> str:
    """The same server, another database."""
    return urlsplit(admin_url)._replace(path=f"/{database}").geturl()


@asynccontextmanager
async def fresh_database(stack: Stack, mark: str = "") -> AsyncIterator[str]:
    """An admin's URL of an empty, migrated database of one's own, dropped at the end."""
    template = f"{_PREFIX}template_{fingerprint()[:16]}"
    name = f"{_PREFIX}{os.getpid()}{mark and f'_{mark}'}"
    async with _maintenance(stack) as connection:
        await _drop_leftovers(connection, template)
        await prepare_database(at(stack.admin_url, template), stack.secret_key)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await prepare_database(at(stack.admin_url, name), stack.secret_key)
    yield at(stack.admin_url, name)
    async with _maintenance(stack) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_of_application(admin_url: str, stack: Stack) -> str:
    return app_url(admin_url, stack.secret_key)


@asynccontextmanager
async def _maintenance(stack: Stack) -> AsyncIterator[Any]:
    """A connection that alone makes and drops test databases: nobody may use a template being copied."""
    connection = await asyncpg.connect(stack.admin_url, database="postgres")
    try:
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")
        yield connection
    finally:
        await connection.close()


async def _drop_leftovers(connection: Any, template: str) -> None:
    """Databases of killed processes, and templates of other schemas."""
    for (name,) in await connection.fetch(
        "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", _PREFIX
    ):
        process = name.removeprefix(_PREFIX).partition("_")[0]
        if name != template and not (process.isdigit() and _alive(int(process))):
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
