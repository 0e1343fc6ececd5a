"""Every migration goes both ways; a run is whole or nothing; functions follow their files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from kernel.db import migrate as module
from kernel.db.migrate import PACKAGES, fingerprint, migrate, migrate_back, sql_migration
from kernel.db.roles import prepare_database
from kernel.serve import Stack
from tests.support.database import fresh_database

pytestmark = pytest.mark.db

SHAPE = """
SELECT 'column', n.nspname || '.' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
    || a.attnotnull::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = ANY(SELECT oid FROM pg_namespace WHERE nspname = ANY($1))
UNION ALL SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = ANY($1)
UNION ALL SELECT 'policy', schemaname || '.' || tablename || '.' || policyname,
    cmd || roles::text || coalesce(qual, '') || coalesce(with_check, '')
FROM pg_policies WHERE schemaname = ANY($1)
UNION ALL SELECT 'table', c.oid::regclass::text, coalesce(c.reloptions::text, '') || c.relrowsecurity
    || c.relforcerowsecurity
    || coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) a), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'trigger', tgrelid::regclass::text || '.' || tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3
"""


@pytest_asyncio.fixture
async def own_url(stack: Stack) -> AsyncIterator[str]:
    """A migrated database that this test may take apart."""
    async with fresh_database(stack, "apart") as url:
        yield url


async def _shape(url: str) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await _fetch(url, SHAPE, list(PACKAGES))]


async def _fetch(url: str, sql: str, *args: Any) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql, *args))
    finally:
        await connection.close()


async def test_all_the_way_back_and_forth(own_url: str, stack: Stack) -> None:
    before = await _shape(own_url)
    undone = []
    for package in reversed(PACKAGES):
        while (name := await migrate_back(own_url, package)) is not None:
            undone.append(f"{package}/{name}")
    left = {row["relname"] for row in await _fetch(own_url, TABLES, list(PACKAGES))}
    assert left == {"migration", "sql_function"}
    done = [name for name in await migrate(own_url) if not name.endswith(".sql")]
    assert sorted(done) == sorted(undone)
    assert "kernel/0001_ground" in done
    assert await _shape(own_url) == before
    assert await migrate(own_url) == []


TABLES = """
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p', 'v')
"""


async def test_a_failing_migration_leaves_nothing(own_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await _shape(own_url)
    real = module._migrations

    async def with_more(package: str) -> list[tuple[str, Any]]:
        good = sql_migration(package, "9998", "", "CREATE TABLE kernel.half (id uuid)", "")
        bad = sql_migration(package, "9999", "", "SELECT {} FROM nowhere", "")
        return [*await real(package), ("9998", good), ("9999", bad)]

    monkeypatch.setattr(module, "_migrations", with_more)
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await migrate(own_url)
    assert await _shape(own_url) == before
    assert await _fetch(own_url, "SELECT FROM kernel.migration WHERE name = '9998'") == []


async def test_braces_and_percents_are_sent_as_they_stand(
    own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'CREATE TABLE kernel.odd (data jsonb DEFAULT \'{"a": "{}%s"}\')'

    async def one(package: str) -> list[tuple[str, Any]]:
        return [("9998", sql_migration(package, "9998", "", text, ""))] if package == "kernel" else []

    monkeypatch.setattr(module, "_migrations", one)
    assert await migrate(own_url) == ["kernel/9998"]
    assert await _fetch(own_url, "INSERT INTO kernel.odd DEFAULT VALUES RETURNING data->>'a' AS a") == [
        ("{}%s",)
    ]


async def test_a_changed_function_is_applied_again(own_url: str) -> None:
    await _fetch(own_url, "DELETE FROM kernel.sql_function WHERE file = 'kernel/sql/check_scope.sql'")
    await _fetch(
        own_url, "UPDATE kernel.sql_function SET checksum = 'x' WHERE file = 'tenants/sql/find_key.sql'"
    )
    assert await migrate(own_url) == ["kernel/sql/check_scope.sql", "tenants/sql/find_key.sql"]
    creates = await _fetch(
        own_url,
        "SELECT FROM pg_namespace WHERE has_schema_privilege('tradeline_lookup', oid, 'CREATE')",
    )
    assert creates == []


async def test_preparing_again_changes_nothing(own_url: str, stack: Stack) -> None:
    before = await _shape(own_url), await _fetch(own_url, "SELECT * FROM kernel.scope_key")
    url = await prepare_database(own_url, stack.secret_key)
    assert (await _shape(own_url), await _fetch(own_url, "SELECT * FROM kernel.scope_key")) == before
    assert [row["who"] for row in await _fetch(url, "SELECT current_user::text AS who")] == ["tradeline_app"]


def test_the_fingerprint_follows_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    monkeypatch.setattr(module, "PACKAGES", ("kernel", "tenants"))
    assert fingerprint() != before
