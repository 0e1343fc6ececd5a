"""Who may do what in PostgreSQL, and the one function that makes a database ready.

tradeline_owner    no login; owns schemas and tables; migrations run as it
tradeline_lookup   no login; owns check_scope, find_* and claim_*: the only one that reads the scope key
tradeline_money    no login; owns billing.commit: the only one that writes money tables
tradeline_app      the application's login; owns nothing, is bound by row-level security

None is a superuser or has BYPASSRLS. They belong to the whole server: all databases of one server share
one secret key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg

from kernel.db.migrate import OWNER, PACKAGES, apply_all
from kernel.serve.errors import ServeError

APP: Final = "tradeline_app"
_ROLES: Final = {
    OWNER: "NOLOGIN NOINHERIT",
    "tradeline_lookup": "NOLOGIN",
    "tradeline_money": "NOLOGIN",
    APP: "LOGIN",
}
_LOCK: Final = 0x7472_6164_656D
_SCRAM_ROUNDS: Final = 4096
_ADMIN_HINT: Final = (
    "give TRADELINE_ADMIN_DATABASE_URL of a superuser, or of the database's owner with CREATEROLE"
)


def scope_key(secret_key: str) -> tuple[int, bytes]:
    """Id (0–9) and 32 bytes of the key that signs scopes, derived from the secret key."""
    key = _derive(secret_key, "scope")
    return _derive(secret_key, "scope id")[0] % 10, key


def app_url(admin_url: str, secret_key: str) -> str:
    """The same server and database as the application's role."""
    url = urlsplit(admin_url)
    host = url.netloc.rpartition("@")[2]
    options = [(name, value) for name, value in parse_qsl(url.query) if name not in ("user", "password")]
    user = f"{APP}:{quote(_app_password(secret_key))}"
    return url._replace(netloc=f"{user}@{host}", query=urlencode(options)).geturl()


async def prepare_database(admin_url: str, secret_key: str) -> str:
    """Roles, database, schemas, functions, migrations and scope key, each only as far as missing; the
    application's URL.

    Safe to run from many processes at once and again at every start. Raises ServeError where the admin
    may not.
    """
    try:
        async with _connected(admin_url, maintenance=True) as connection:
            await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")
            await _make_roles(connection, secret_key)
            await _make_database(connection, urlsplit(admin_url).path.strip("/"))
        async with _connected(admin_url) as connection, connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await _make_schemas(connection)
            await apply_all(connection)
            await _keep_scope_key(connection, *scope_key(secret_key))
    except asyncpg.InsufficientPrivilegeError as error:
        raise ServeError(f"the database cannot be prepared: {error}", _ADMIN_HINT) from error
    return app_url(admin_url, secret_key)


@asynccontextmanager
async def _connected(admin_url: str, *, maintenance: bool = False) -> AsyncIterator[Any]:
    """A connection to the URL's database; for `maintenance` to `postgres`, where the server lets us."""
    connection = None
    try:
        if maintenance:
            try:
                connection = await asyncpg.connect(admin_url, database="postgres")
            except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError):
                connection = await asyncpg.connect(admin_url)
        else:
            connection = await asyncpg.connect(admin_url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ServeError(f"the database cannot be reached: {error}", "look at DATABASE_URL") from error
    try:
        yield connection
    finally:
        await connection.close()


async def _make_roles(connection: Any, secret_key: str) -> None:
    """Those missing; the application's password is set each time, for the secret key may have changed."""
    found = {
        row["rolname"]: row
        for row in await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1)", list(_ROLES))
    }
    for role, attributes in _ROLES.items():
        if role not in found:
            await connection.execute(f"CREATE ROLE {role} {attributes}")
        elif found[role]["rolsuper"] or found[role]["rolbypassrls"]:
            raise ServeError(
                f"role {role} is a superuser or has BYPASSRLS", f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS"
            )
    await connection.execute(f"ALTER ROLE {APP} LOGIN PASSWORD '{_scram(secret_key)}'")
    for role in (role for role in _ROLES if role != APP):
        if not await connection.fetchval("SELECT pg_has_role(current_user, $1, 'USAGE')", role):
            await connection.execute(f"GRANT {role} TO CURRENT_USER")


async def _make_database(connection: Any, name: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        quoted = '"' + name.replace('"', '""') + '"'
        await connection.execute(
            f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )


async def _make_schemas(connection: Any) -> None:
    """One a package. PUBLIC gets nothing: not to connect, no temporary tables, no function."""
    name = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(
        f"""
        REVOKE ALL ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name} TO {APP};
        ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER}, tradeline_lookup, tradeline_money
            REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
        """
    )
    for package in PACKAGES:
        await connection.execute(
            f"""
            CREATE SCHEMA IF NOT EXISTS {package} AUTHORIZATION {OWNER};
            SET LOCAL ROLE {OWNER};
            GRANT USAGE ON SCHEMA {package} TO {APP}, tradeline_lookup, tradeline_money;
            RESET ROLE
            """
        )


async def _keep_scope_key(connection: Any, key_id: int, key: bytes) -> None:
    """This secret's key and the one before it are valid, so that processes can change over one by one."""
    await connection.execute(f"SET LOCAL ROLE {OWNER}")
    await connection.execute(
        "INSERT INTO kernel.scope_key (id, key) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE "
        "SET key = excluded.key, created_at = now() WHERE scope_key.key <> excluded.key",
        str(key_id),
        key,
    )
    await connection.execute(
        "DELETE FROM kernel.scope_key WHERE id NOT IN "
        "(SELECT id FROM kernel.scope_key ORDER BY id = $1 DESC, created_at DESC LIMIT 2)",
        str(key_id),
    )
    await connection.execute("RESET ROLE")


def _derive(secret_key: str, purpose: str) -> bytes:
    return hmac.digest(secret_key.encode(), f"tradeline {purpose}".encode(), "sha256")


def _app_password(secret_key: str) -> str:
    return _derive(secret_key, "application password").hex()


def _scram(secret_key: str) -> str:
    """The password as PostgreSQL stores it (RFC 5803): in clear it never crosses the wire or enters a log."""
    salt = _derive(secret_key, "application salt")[:16]
    salted = hashlib.pbkdf2_hmac("sha256", _app_password(secret_key).encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{salt64}${stored64}:{server64}"
