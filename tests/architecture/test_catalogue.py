"""What the database itself says of tenancy: asked of its catalogue, not of our sources (ARCHITECTURE §4).

Each rule lists its faults; it is put to the database as migrated, and to one broken for the moment.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio
from piccolo.columns import Column
from piccolo.table import Table

from kernel.db.migrate import PACKAGES
from tests.architecture.definers import DEFINERS

pytestmark = pytest.mark.db
Rule = Callable[[Any], Awaitable[list[str]]]

OURS: Final = [*PACKAGES, "public"]
TENANT_POLICY: Final = "(tenant_id = ( SELECT kernel.tenant_id() AS tenant_id))"
SPLIT: Final = {"kernel.tenant_day": "seen by all, for jobs; written in its own tenant's scope"}
"""Tables with a tenant_id whose policies differ by command."""
WITHOUT_TENANT: Final = {
    "kernel.tenant": "its own id is the tenant",
    "kernel.outbox_cursor": "how far a consumer has read",
    "kernel.scope_key": "the key of signed scopes, one for all",
    "kernel.sql_function": "checksums of the functions",
    "kernel.migration": "Piccolo's history",
    "tenants.platform": "stands above its tenants",
}
GLOBAL_KEYS: Final = {"tenants.api_key_hash_unique": "a key is looked up before its tenant is known"}
"""Unique indexes that do not begin with tenant_id: they would leak existence, so each has a reason."""
APPEND_ONLY: Final = ("kernel.audit", "kernel.audit_seal")
WRITTEN_BY_APP: Final = {
    "billing.terms": ("INSERT",),
    "billing.day_end": ("INSERT", "UPDATE"),
    "billing.verified": ("INSERT", "UPDATE"),
}
"""What the application may write in billing: no money stands there."""
DEFINER_OWNERS: Final = ("tradeline_lookup", "tradeline_money")
CLASSLESS: Final = {"kernel.migration": "Piccolo has its own class"}
TYPES: Final = {
    "ARRAY": "text[]",
    "TIME": "time without time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
}


async def tenant_tables_are_walled(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, c.relname) AS name, c.relrowsecurity AS on,
            c.relforcerowsecurity AS forced, EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant,
            (SELECT count(*) FROM pg_policies p WHERE p.schemaname = n.nspname AND p.tablename = c.relname
                AND p.policyname = 'tenant' AND p.permissive = 'PERMISSIVE' AND p.roles = '{public}'
                AND p.cmd = 'ALL' AND p.qual = $2 AND coalesce(p.with_check, p.qual) = $2) AS policies,
            (SELECT array_agg(p.policyname::text) FROM pg_policies p
                WHERE p.schemaname = n.nspname AND p.tablename = c.relname AND p.policyname <> 'tenant'
                AND NOT (p.qual = 'true' AND p.roles <@ $3::name[])) AS others
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p')
        """,
        OURS,
        TENANT_POLICY,
        DEFINER_OWNERS,
    )
    faults = []
    for row in rows:
        name = row["name"]
        if not row["has_tenant"]:
            faults += [] if name in WITHOUT_TENANT else [f"{name} has no tenant_id"]
            continue
        if not row["on"] or not row["forced"]:
            faults.append(f"{name}: row-level security is not on and forced")
        if name not in SPLIT and (row["policies"] != 1 or row["others"]):
            faults.append(f"{name}: not the tenant's policy alone, but {row['others']}")
    return faults


async def keys_begin_with_the_tenant(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, k.relname) AS name
        FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
        WHERE n.nspname = ANY($1) AND i.indisunique AND i.indkey[0] <> t.attnum
        UNION ALL
        SELECT format('%s.%s', n.nspname, f.conname)
        FROM pg_constraint f JOIN pg_namespace n ON n.oid = f.connamespace
        LEFT JOIN pg_attribute t ON t.attrelid = f.conrelid AND t.attname = 'tenant_id'
        LEFT JOIN pg_attribute o ON o.attrelid = f.confrelid AND o.attname = 'tenant_id'
        WHERE n.nspname = ANY($1) AND f.contype = 'f'
            AND (f.conkey[1] IS DISTINCT FROM t.attnum OR f.confkey[1] IS DISTINCT FROM o.attnum)
        """,
        OURS,
    )
    return [f"{row['name']} does not begin with tenant_id" for row in rows if row["name"] not in GLOBAL_KEYS]


async def definers_are_listed(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, p.proname) AS name, pg_get_userbyid(p.proowner) AS owner,
            coalesce(p.proconfig, '{}') AS config,
            (SELECT array_agg(DISTINCT coalesce(r.rolname, 'PUBLIC')) FROM aclexplode(p.proacl) a
                LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> p.proowner) AS callers
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """
    )
    faults = [
        f"{name} is missing"
        for name in ("kernel.check_scope", "tenants.find_key")
        if name not in {row["name"] for row in rows}
    ]
    for row in rows:
        name = row["name"]
        if name not in DEFINERS:
            faults.append(f"{name} is not on the list")
        if row["owner"] not in DEFINER_OWNERS:
            faults.append(f"{name} belongs to {row['owner']}")
        if "search_path=pg_catalog, pg_temp" not in row["config"]:
            faults.append(f"{name} does not fix its search_path")
        if not set(row["callers"] or ()) <= {"tradeline_app", *DEFINER_OWNERS}:
            faults.append(f"{name} may be called by {row['callers']}")
    return faults


async def views_ask_as_their_caller(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, c.relname) AS name FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY($1) AND (c.relkind = 'm' OR c.relkind = 'v'
            AND NOT coalesce('security_invoker=true' = ANY(c.reloptions), false))
        """,
        OURS,
    )
    return [f"{row['name']} shows what its owner may see" for row in rows]


async def nothing_is_public(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        WITH acl AS (
            SELECT format('%s.%s', n.nspname, c.relname) AS name, c.relacl AS acl FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY($1)
            UNION ALL SELECT format('%s.%s()', n.nspname, p.proname),
                coalesce(p.proacl, acldefault('f', p.proowner))
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY($1)
            UNION ALL SELECT nspname, nspacl FROM pg_namespace WHERE nspname = ANY($1) AND nspname <> 'public'
            UNION ALL SELECT datname, coalesce(datacl, acldefault('d', datdba)) FROM pg_database
                WHERE datname = current_database()
        )
        SELECT name, privilege_type FROM acl, aclexplode(acl) WHERE grantee = 0
        """,
        OURS,
    )
    return [f"PUBLIC has {row['privilege_type']} on {row['name']}" for row in rows]


async def roles_are_humble(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT r.rolname AS name, r.rolcanlogin AS login, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
                OR r.rolcreatedb OR r.rolreplication AS mighty,
            EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS member,
            EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid) AS owns_tables,
            EXISTS (SELECT FROM pg_shdepend d WHERE d.refobjid = r.oid AND d.deptype = 'o') AS owns
        FROM pg_roles r WHERE r.rolname LIKE 'tradeline\\_%' AND r.rolname <> 'tradeline_admin'
        """
    )
    faults = []
    for row in rows:
        name = row["name"]
        if row["mighty"] or row["member"] or row["login"] != (name == "tradeline_app"):
            faults.append(f"{name} may more than it should")
        if (name == "tradeline_app" and row["owns"]) or (name != "tradeline_owner" and row["owns_tables"]):
            faults.append(f"{name} owns something")
    return faults


async def app_writes_what_it_may(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, c.relname) AS name, privilege
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
            AS privilege
        WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND CASE
            WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
            THEN has_any_column_privilege('tradeline_app', c.oid, privilege)
            ELSE has_table_privilege('tradeline_app', c.oid, privilege) END
        """,
        OURS,
    )
    faults = []
    for name, privilege in rows:
        if (
            privilege in ("TRUNCATE", "REFERENCES", "TRIGGER")
            or name == "kernel.scope_key"
            or (name.startswith("billing.") and privilege not in ("SELECT", *WRITTEN_BY_APP.get(name, ())))
            or (name in APPEND_ONLY and privilege in ("UPDATE", "DELETE"))
        ):
            faults.append(f"the application has {privilege} on {name}")
    makes = await connection.fetch(
        "SELECT nspname FROM pg_namespace WHERE has_schema_privilege('tradeline_app', oid, 'CREATE')"
    )
    temporary = await connection.fetchval(
        "SELECT has_database_privilege('tradeline_app', current_database(), 'TEMP')"
    )
    faults += [f"the application creates in {row['nspname']}" for row in makes]
    return faults + (["the application makes temporary tables"] if temporary else [])


async def history_cannot_be_changed(connection: Any) -> list[str]:
    guarded = {
        row["name"]
        for row in await connection.fetch(
            """
            SELECT format('%s.%s', n.nspname, c.relname) AS name FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE t.tgname = 'append_only' AND t.tgenabled <> 'D'
            """
        )
    }
    return [f"{name} can be changed" for name in APPEND_ONLY if name not in guarded]


async def classes_agree(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT format('%s.%s', n.nspname, c.relname) AS name, a.attname AS column,
            format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        """,
        list(PACKAGES),
    )
    stands = {(row["name"], row["column"], row["type"], row["nullable"]) for row in rows}
    stands = {column for column in stands if column[0] not in CLASSLESS}
    told = {_described(column) for table in _classes() for column in table._meta.columns}
    return [f"only in the database: {column}" for column in sorted(stands - told)] + [
        f"only in the table class: {column}" for column in sorted(told - stands)
    ]


def _classes() -> list[type[Table]]:
    return [
        table
        for package in PACKAGES
        for table in importlib.import_module(f"{package}.piccolo_app").APP_CONFIG.table_classes
    ]


def _described(column: Column) -> tuple[str, str, str, bool]:
    meta, kind = column._meta, column.column_type
    name = f"{meta.table._meta.schema}.{meta.table._meta.tablename}"
    return (name, str(meta.db_column_name), TYPES.get(kind, kind.lower().replace(", ", ",")), meta.null)


RULES: Final[list[Rule]] = [
    tenant_tables_are_walled,
    keys_begin_with_the_tenant,
    definers_are_listed,
    views_ask_as_their_caller,
    nothing_is_public,
    roles_are_humble,
    app_writes_what_it_may,
    history_cannot_be_changed,
    classes_agree,
]
BROKEN: Final[list[tuple[Rule, str]]] = [
    (tenant_tables_are_walled, "ALTER TABLE tenants.buyer NO FORCE ROW LEVEL SECURITY"),
    (tenant_tables_are_walled, "ALTER TABLE kernel.tenant_day DISABLE ROW LEVEL SECURITY"),
    (tenant_tables_are_walled, "DROP POLICY tenant ON tenants.buyer"),
    (tenant_tables_are_walled, "ALTER POLICY tenant ON tenants.buyer WITH CHECK (true)"),
    (tenant_tables_are_walled, "CREATE POLICY more ON tenants.buyer TO tradeline_app USING (true)"),
    (tenant_tables_are_walled, "CREATE TABLE tenants.note (tenant_id uuid, id uuid)"),
    (tenant_tables_are_walled, "CREATE TABLE tenants.note (id uuid)"),
    (keys_begin_with_the_tenant, "CREATE UNIQUE INDEX odd ON tenants.buyer (name) WHERE false"),
    (keys_begin_with_the_tenant, "CREATE UNIQUE INDEX odd ON tenants.buyer (name, tenant_id) WHERE false"),
    (
        keys_begin_with_the_tenant,
        "ALTER TABLE tenants.buyer ADD COLUMN platform_id uuid REFERENCES tenants.platform (id)",
    ),
    (
        definers_are_listed,
        "CREATE FUNCTION kernel.peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    (definers_are_listed, "ALTER FUNCTION kernel.check_scope(text) RESET search_path"),
    (definers_are_listed, "ALTER FUNCTION kernel.check_scope(text) OWNER TO tradeline_owner"),
    (definers_are_listed, "ALTER FUNCTION tenants.find_key(bytea) SECURITY INVOKER"),
    (definers_are_listed, "GRANT EXECUTE ON FUNCTION tenants.find_key(bytea) TO PUBLIC"),
    (views_ask_as_their_caller, "CREATE VIEW tenants.all_buyers AS SELECT * FROM tenants.buyer"),
    (
        views_ask_as_their_caller,
        "CREATE MATERIALIZED VIEW tenants.all_buyers AS SELECT * FROM tenants.buyer",
    ),
    (nothing_is_public, "GRANT SELECT ON tenants.buyer TO PUBLIC"),
    (nothing_is_public, "GRANT USAGE ON SCHEMA billing TO PUBLIC"),
    (nothing_is_public, "CREATE FUNCTION kernel.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    (roles_are_humble, "ALTER ROLE tradeline_app BYPASSRLS"),
    (roles_are_humble, "ALTER ROLE tradeline_lookup LOGIN"),
    (roles_are_humble, "GRANT tradeline_lookup TO tradeline_app"),
    (roles_are_humble, "ALTER TABLE tenants.buyer OWNER TO tradeline_app"),
    (app_writes_what_it_may, "GRANT DELETE ON kernel.audit TO tradeline_app"),
    (app_writes_what_it_may, "GRANT TRUNCATE ON tenants.buyer TO tradeline_app"),
    (app_writes_what_it_may, "GRANT SELECT (key) ON kernel.scope_key TO tradeline_app"),
    (app_writes_what_it_may, "GRANT UPDATE (limit_minor) ON billing.line TO tradeline_app"),
    (app_writes_what_it_may, "GRANT CREATE ON SCHEMA tenants TO tradeline_app"),
    (history_cannot_be_changed, "ALTER TABLE kernel.audit DISABLE TRIGGER append_only"),
    (classes_agree, "ALTER TABLE tenants.buyer ADD COLUMN note text"),
    (classes_agree, "ALTER TABLE tenants.buyer DROP COLUMN name"),
    (classes_agree, "ALTER TABLE tenants.buyer ALTER COLUMN version TYPE bigint"),
    (classes_agree, "ALTER TABLE tenants.buyer ALTER COLUMN name DROP NOT NULL"),
]


@pytest_asyncio.fixture
async def catalogue(admin_url: str) -> AsyncIterator[Any]:
    """A superuser's connection in a transaction that is always rolled back."""
    connection = await asyncpg.connect(admin_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.mark.parametrize("rule", RULES)
async def test_holds(rule: Rule, catalogue: Any) -> None:
    assert await rule(catalogue) == []


@pytest.mark.parametrize(("rule", "harm"), BROKEN)
async def test_sees(rule: Rule, harm: str, catalogue: Any) -> None:
    before = await rule(catalogue)
    await catalogue.execute(harm)
    assert set(await rule(catalogue)) - set(before)
