"""The process's one connection pool to PostgreSQL, and the Piccolo engine on top of it.

`open_database` once per process and event loop, `close_database` at its end; between them
`kernel.db.scope.scope` is the only door. `ENGINE` exists from import on (piccolo_conf.py names it) but
connects to nothing until it is opened.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, NoReturn, Protocol
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from kernel.db.roles import scope_key
from kernel.db.token import scope_token, use_scope_key
from kernel.serve.errors import ServeError

ACQUIRE_SECONDS: Final = 5
CLOSE_SECONDS: Final = 10
COMMAND_SECONDS: Final = 300
"""Longer than any statement takes: only a silent network meets it."""

_LEAST_VERSION: Final = 150_000
_NOBODY: Final = UUID(int=0)
_SESSION: Final = {
    "application_name": "tradeline",
    "search_path": "pg_catalog",
    "timezone": "UTC",
    "jit": "off",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


class Tx(Protocol):
    """A database connection: parameters are `$1`, `$2` …, rows answer by name, jsonb is text both ways."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, command: str, args: Any) -> None: ...
    async def copy_records_to_table(self, table_name: str, **options: Any) -> str: ...


class Transaction(PostgresTransaction):
    """A transaction begun by `opening` in one round trip; whatever its end, connection and context are
    given back.

    Piccolo 1.38 keeps both when BEGIN or COMMIT itself fails.
    """

    __slots__ = ("_pool", "opening", "scoped")

    def __init__(self, engine: Engine, opening: str) -> None:
        super().__init__(engine, allow_nested=False)
        self.scoped = engine
        self.opening = opening

    async def __aenter__(self) -> Transaction:
        self.connection = await self.get_connection()
        try:
            await self.connection.execute(self.opening)
        except BaseException:
            await self.rollback()
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def get_connection(self) -> Any:
        self._pool = self.scoped.open_pool()
        return await self._pool.acquire(timeout=ACQUIRE_SECONDS)

    async def commit(self) -> None:
        if await self.connection.execute("COMMIT") != "COMMIT":
            raise ValueError("a database error was swallowed inside the transaction: it was rolled back")

    async def rollback(self) -> None:
        """The server does it by itself where the connection is lost."""
        with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, ConnectionError):
            await self.connection.execute("ROLLBACK")

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        try:
            await (self.commit() if error is None else self.rollback())
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._give_back()
        return False

    async def _give_back(self) -> None:
        await self._pool.release(self.connection)


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """Nothing of ours outlives a transaction (SET LOCAL only), so its release costs no further round trip."""

    def get_reset_query(self) -> str:
        return ""


class Engine(PostgresEngine):
    """Piccolo's engine without its traps: no connection at import, no query outside a scope."""

    def __init__(self) -> None:
        super().__init__(config={})

    async def check_version(self) -> None:
        """Done by `refuse_unsafe_role`, once there is a server."""

    async def prep_database(self) -> None:
        """No extensions are used."""

    async def get_new_connection(self) -> NoReturn:
        raise ValueError("a query outside a scope: open one with `async with scope(ctx) as tx`")

    async def _run_in_pool(self, query: str, args: Any = None) -> NoReturn:
        await self.get_new_connection()

    def open_pool(self) -> Any:
        if self.pool is None:
            raise ValueError("the database is not open: call open_database() first")
        return self.pool

    def transaction(self, allow_nested: bool = True) -> NoReturn:
        raise ValueError("open a transaction with `async with scope(ctx) as tx`")

    def atomic(self) -> NoReturn:
        raise ValueError("open a transaction with `async with scope(ctx) as tx`")


ENGINE: Final = Engine()


async def open_database(url: str, secret_key: str, *, size: int = 10) -> None:
    """Opens this process's pool of up to `size` connections as the application's role.

    Raises ServeError where the server is away or the role could see past row-level security.
    """
    if ENGINE.pool is not None:
        raise ValueError("the database is open already")
    use_scope_key(*scope_key(secret_key))
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=ACQUIRE_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings=_SESSION,
            connection_class=Connection,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ServeError(
            f"the database cannot be reached: {error}", "look at DATABASE_URL, or at the server's log"
        ) from error
    try:
        async with pool.acquire() as connection:
            await refuse_unsafe_role(connection)
    except BaseException:
        await pool.close()
        raise
    ENGINE.pool = pool


async def close_database() -> None:
    """Waits for open scopes, but not for ever, then closes the pool; nothing happens where none is open."""
    pool, ENGINE.pool = ENGINE.pool, None
    if pool is None:
        return
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except TimeoutError:
        pool.terminate()


async def refuse_unsafe_role(connection: Tx) -> None:
    """Raises ServeError unless row-level security binds the role and the server accepts our signature."""
    found = await connection.fetchrow(
        """
        WITH mine AS (SELECT oid, rolsuper OR rolbypassrls AS sees_all FROM pg_roles
            WHERE pg_has_role(current_user, oid, 'MEMBER'))
        SELECT current_user AS role, current_setting('server_version_num')::int AS version,
            (SELECT bool_or(sees_all) FROM mine) AS sees_all,
            EXISTS (SELECT FROM pg_class WHERE relowner IN (SELECT oid FROM mine)) AS owns_table,
            EXISTS (SELECT FROM pg_proc WHERE prosecdef AND proowner IN (SELECT oid FROM mine)) AS
            owns_function
        """
    )
    role = found["role"]
    wrong = None
    if found["version"] < _LEAST_VERSION:
        raise ServeError(f"PostgreSQL {found['version'] // 10_000} is too old", "use PostgreSQL 15 or newer")
    if found["sees_all"]:
        wrong = f"role {role} is a superuser or has BYPASSRLS, itself or through a membership"
    elif found["owns_table"] or found["owns_function"]:
        wrong = f"role {role} owns tables or privileged functions, itself or through a membership"
    if wrong:
        raise ServeError(
            f"{wrong}: row-level security would not hold",
            "serve with the URL that prepare_database gives (role tradeline_app)",
        )
    try:
        await connection.fetchval("SELECT kernel.check_scope($1)", scope_token(_NOBODY))
    except asyncpg.PostgresError as error:
        raise ServeError(
            f"the database does not accept this process's signature: {error}",
            "run the migrations with the same secret key, and compare the clocks of both machines",
        ) from error
