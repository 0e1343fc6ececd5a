"""Schema changes: Piccolo's migration objects around plain SQL, and the few SQL functions.

How a package changes its schema. Every package in `PACKAGES` owns the PostgreSQL schema of its name and has

    <package>/piccolo_migrations/m0001_lines.py     one file a change, never edited once released

        from piccolo.apps.migrations.auto.migration_manager import MigrationManager
        from kernel.db.migrate import sql_migration

        ID = "0001_lines"              # history key; files run in the order of their ids
        VERSION = "1.38.0"
        DESCRIPTION = "Credit lines and what is drawn on them"
        FORWARDS = "CREATE TABLE billing.line (...); SELECT kernel.tenant_table('billing.line', 'SELECT')"
        BACKWARDS = "DROP TABLE billing.line"

        async def forwards() -> MigrationManager:
            return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)

    <package>/sql/<function>.sql                    one function a file, re-applied when its checksum changes

        -- owner: tradeline_money
        CREATE OR REPLACE FUNCTION billing.commit(...) ... LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$ ... $$;
        GRANT EXECUTE ON FUNCTION billing.commit(text[], jsonb) TO tradeline_app;

- Statements are sent as they stand, by asyncpg: no `{}` formatting, no parameters. Write every name with
  its schema.
- A migration runs as `tradeline_owner`. A function file runs as the role of its first line (`tradeline_owner`
  without one), which then owns it. Nothing is granted to PUBLIC, functions included: name who may EXECUTE.
- The functions of a package are applied *before* its migrations, with unchecked bodies: policies and
  triggers need the functions; the functions' bodies find the tables when they run. So no function has a
  table's row type as parameter. Removing a function file needs a migration that drops the function.
- After CREATE TABLE every table with a tenant_id is handed to `kernel.tenant_table`
  (kernel/sql/tenant_table.sql): row-level security on and forced, the tenant's policy, the grants.
  `kernel.append_only('x.y')` refuses UPDATE, DELETE and TRUNCATE even for the owner.
- A run is one transaction under one advisory lock: a failure leaves the database as it was.

kernel/piccolo_migrations/m0001_ground.py is the example. `kernel.db.roles.prepare_database` does all
there is to do before and after (roles, database, grants, scope key).
"""

from __future__ import annotations

import hashlib
import importlib
import re
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

OWNER: Final = "tradeline_owner"
PACKAGES: Final = ("kernel", "tenants", "products", "billing")
"""Those with tables, the lower first."""

_ROOT: Final = Path(__file__).resolve().parents[2]
_LOCK: Final = 0x7472_6164_656C
_OWNER_LINE: Final = re.compile(r"-- owner: (tradeline_[a-z]+)\n")

_connection: ContextVar[Any] = ContextVar("migration_connection")

_HISTORY: Final = """
CREATE TABLE IF NOT EXISTS kernel.migration (
    id serial PRIMARY KEY,
    name varchar(200) NOT NULL,
    app_name varchar(200) NOT NULL,
    ran_on timestamp NOT NULL DEFAULT current_timestamp,
    UNIQUE (app_name, name)
);
CREATE TABLE IF NOT EXISTS kernel.sql_function (
    file text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON kernel.migration, kernel.sql_function TO tradeline_app;
"""


def sql_migration(
    app_name: str, migration_id: str, description: str, forwards: str, backwards: str
) -> MigrationManager:
    """A migration that runs `forwards` as it stands, and undoes it with `backwards`."""
    manager = MigrationManager(migration_id=migration_id, app_name=app_name, description=description)
    manager.add_raw(lambda: _run(forwards))
    manager.add_raw_backwards(lambda: _run(backwards))
    return manager


async def _run(sql: str) -> None:
    await _connection.get().execute(sql)


async def migrate(url: str) -> list[str]:
    """Brings the database at `url` (an admin's; `prepare_database` has made roles and schemas) up to date.

    Returns what was applied, `billing/0001_lines` and `billing/sql/commit.sql`, in order.
    """
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            return await apply_all(connection)
    finally:
        await connection.close()


async def apply_all(connection: Any) -> list[str]:
    """As `migrate`, inside the caller's transaction."""
    await _begin(connection)
    applied = []
    for package in PACKAGES:
        applied += await _apply_functions(connection, package)
        done = await _done(connection, package)
        for name, manager in await _migrations(package):
            if name not in done:
                await _step(connection, manager.raw)
                await connection.execute(
                    "INSERT INTO kernel.migration (name, app_name) VALUES ($1, $2)", name, package
                )
                applied.append(f"{package}/{name}")
    await connection.execute("RESET ROLE")
    return applied


async def migrate_back(url: str, package: str) -> str | None:
    """Undoes the last applied migration of `package`; its id, or None where nothing is left to undo."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await _begin(connection)
            done = await _done(connection, package)
            last = [(name, manager) for name, manager in await _migrations(package) if name in done][-1:]
            for name, manager in last:
                await _step(connection, manager.raw_backwards)
                await connection.execute(
                    "DELETE FROM kernel.migration WHERE name = $1 AND app_name = $2", name, package
                )
                return name
            return None
    finally:
        await connection.close()


async def pending(tx: Any) -> list[str]:
    """What this code has and the database of `tx` (the application's) lacks; newer things do no harm."""
    rows = await tx.fetch("SELECT app_name, name FROM kernel.migration")
    done = {f"{row['app_name']}/{row['name']}" for row in rows}
    files = dict(await tx.fetch("SELECT file, checksum FROM kernel.sql_function"))
    wanted = {f"{package}/{name}" for package in PACKAGES for name, _ in await _migrations(package)}
    changed = {name for name, checksum in _function_checksums().items() if files.get(name) != checksum}
    return sorted((wanted - done) | changed)


@cache
def _function_checksums() -> dict[str, str]:
    return {
        file.relative_to(_ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for package in PACKAGES
        for file in (_ROOT / package / "sql").glob("*.sql")
    }


def fingerprint() -> str:
    """Hash of all that shapes the schema: two databases migrated under the same one are alike."""
    state = hashlib.sha256()
    for package in PACKAGES:
        folder = _ROOT / package
        for file in sorted([*folder.glob("piccolo_migrations/*.py"), *folder.glob("sql/*.sql")]):
            state.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    for file in (Path(__file__), Path(__file__).with_name("roles.py")):
        state.update(file.read_bytes())
    return state.hexdigest()


async def _begin(connection: Any) -> None:
    await connection.execute(
        f"SELECT pg_advisory_xact_lock({_LOCK}); SET LOCAL check_function_bodies = off; "
        f"SET LOCAL ROLE {OWNER}; {_HISTORY}"
    )


async def _done(connection: Any, package: str) -> set[str]:
    rows = await connection.fetch("SELECT name FROM kernel.migration WHERE app_name = $1", package)
    return {row["name"] for row in rows}


async def _step(connection: Any, actions: list[Any]) -> None:
    token = _connection.set(connection)
    try:
        for action in actions:
            await action()
    finally:
        _connection.reset(token)


async def _migrations(package: str) -> list[tuple[str, MigrationManager]]:
    found = {}
    for file in (_ROOT / package / "piccolo_migrations").glob("m*.py"):
        module = importlib.import_module(f"{package}.piccolo_migrations.{file.stem}")
        found[module.ID] = await module.forwards()
    return sorted(found.items())


async def _apply_functions(connection: Any, package: str) -> list[str]:
    known = dict(await connection.fetch("SELECT file, checksum FROM kernel.sql_function"))
    applied = []
    for file in sorted((_ROOT / package / "sql").glob("*.sql")):
        name, sql = file.relative_to(_ROOT).as_posix(), file.read_text("utf-8")
        checksum = hashlib.sha256(sql.encode()).hexdigest()
        if known.get(name) == checksum:
            continue
        await _apply_function(connection, package, sql)
        await connection.execute(
            "INSERT INTO kernel.sql_function (file, checksum) VALUES ($1, $2) "
            "ON CONFLICT (file) DO UPDATE SET checksum = excluded.checksum, applied_at = now()",
            name,
            checksum,
        )
        applied.append(name)
    return applied


async def _apply_function(connection: Any, package: str, sql: str) -> None:
    """Runs a function file as the role that is to own it, which may create in the schema just now only."""
    named = _OWNER_LINE.match(sql)
    owner = named[1] if named else OWNER
    if owner == OWNER:
        await connection.execute(sql)
        return
    await connection.execute(f"GRANT CREATE ON SCHEMA {package} TO {owner}; SET LOCAL ROLE {owner}")
    await connection.execute(sql)
    await connection.execute(f"SET LOCAL ROLE {OWNER}; REVOKE CREATE ON SCHEMA {package} FROM {owner}")
