"""SQL that sees past row-level security, that forgets the tenant, that row-level security makes slow."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.definers import DEFINERS
from tests.architecture.house import LAYERS, Fault, Rule, Source, faults, hold, python, sql, strings
from tests.architecture.test_catalogue import WITHOUT_TENANT

CREATES: Final = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+([\w.]+)", re.IGNORECASE)
DEFINER: Final = re.compile(r"\bSECURITY\s+DEFINER\b", re.IGNORECASE)
TABLE: Final = re.compile(
    r"\b(?:INTO\s+|(?:FROM|JOIN|UPDATE)\s+(?![\w.]+\s*\())((?:kernel|tenants|products|billing)\.\w+)"
)
NOT_LEAKPROOF: Final = re.compile(
    r"\bI?LIKE\b|\bSIMILAR TO\b|@@|@>|<@|&&|\blower\s*\(|\bupper\s*\(", re.IGNORECASE
)


def one_function_a_file(source: Source) -> Iterator[Fault]:
    """A file under sql/ creates one function, named as the file, in the schema of its package.

    Way out: split the file, or rename one of the two.
    """
    created = CREATES.findall(_spoken(source.text))
    if created != [f"{source.package}.{source.stem}"]:
        yield Fault(1, f"creates {', '.join(created) or 'no function'}")


def definers_are_listed(source: Source) -> Iterator[Fault]:
    """A SECURITY DEFINER function is on the list in definers.py, pins its search_path and stands in a
    file under sql/.

    Way out: SECURITY INVOKER; what must see several tenants is argued in docs/decisions first.
    """
    text = _spoken(source.text)
    for match in DEFINER.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        names = CREATES.findall(text[: match.start()])
        if not names or names[-1] not in DEFINERS:
            yield Fault(line, f"{names[-1] if names else 'something'} runs with its owner's rights")
        if not source.path.endswith(".sql"):
            yield Fault(line, "creates a definer function outside sql/")
        if not re.search(r"\bSET\s+search_path\b", text, re.IGNORECASE):
            yield Fault(line, "does not pin its search_path")


def _spoken(text: str) -> str:
    """SQL without its comments, line for line."""
    return re.sub(r"--[^\n]*", "", text)


def names_its_tenant(source: Source) -> Iterator[Fault]:
    """Every query on a tenant's table says `tenant_id = …` itself, beside the policy.

    The planner then goes to the tenant's own rows, and the same text can be sent to the tenant's own shard.
    Way out: add the equality; a table without tenant is entered in WITHOUT_TENANT
    (test_catalogue.py).
    """
    for line, text in strings(source):
        tables = set(TABLE.findall(text)) - set(WITHOUT_TENANT)
        if tables and "tenant_id" not in text:
            yield Fault(line, f"asks {', '.join(sorted(tables))} without tenant_id")


def keeps_scope_local(source: Source) -> Iterator[Fault]:
    """Settings of a session are `SET LOCAL`: what outlives its transaction would be the next tenant's.

    Way out: `SET LOCAL`, inside the transaction.
    """
    for line, text in strings(source):
        if re.search(
            r"\bset_config\s*\(|^\s*SET\s+(?!LOCAL\b)(?:SESSION\s+)?(?:app\.|role\b)", text, re.IGNORECASE
        ):
            yield Fault(line, f"sets for the session: {text.strip()[:60]}")


def uses_leakproof_conditions(source: Source) -> Iterator[Fault]:
    """Lists filter on bigint, uuid, date, timestamptz and text by = and <: under a policy PostgreSQL uses
    an index for leakproof operators only, and LIKE, @@, @>, && and lower() are none.

    Way out: a column or a `search_key` row of normalised words, asked by text ranges.
    """
    for line, text in strings(source):
        found = NOT_LEAKPROOF.search(text)
        if found and re.search(r"\bSELECT\b", text):
            yield Fault(line, f"filters by {found.group().strip()}")


BAD = [
    (one_function_a_file, "CREATE FUNCTION billing.other() RETURNS int", "billing/sql/commit.sql"),
    (one_function_a_file, "SELECT 1", "billing/sql/commit.sql"),
    (
        definers_are_listed,
        "CREATE FUNCTION billing.x()\nSECURITY DEFINER SET search_path = ''",
        "billing/sql/x.sql",
    ),
    (definers_are_listed, "CREATE FUNCTION billing.commit()\nSECURITY DEFINER", "billing/sql/commit.sql"),
    (
        definers_are_listed,
        "F = 'CREATE FUNCTION billing.commit() SECURITY DEFINER SET search_path = x'",
        "billing/piccolo_migrations/m0001_x.py",
    ),
    (names_its_tenant, "q = 'SELECT id FROM billing.line WHERE id = $1'", "billing/queries.py"),
    (names_its_tenant, "q = f'DELETE FROM kernel.outbox WHERE id = {x}'", "kernel/outbox.py"),
    (names_its_tenant, "q = 'INSERT INTO billing.line (id) VALUES ($1)'", "billing/queries.py"),
    (keeps_scope_local, "q = f\"SET app.ctx = '{token}'\"", "kernel/db/scope.py"),
    (keeps_scope_local, "q = \"SELECT set_config('app.ctx', $1, true)\"", "kernel/db/scope.py"),
    (uses_leakproof_conditions, "q = 'SELECT id FROM x WHERE name LIKE $1'", "tenants/queries.py"),
    (uses_leakproof_conditions, "q = 'SELECT id FROM x WHERE lower(name) = $1'", "tenants/queries.py"),
]
GOOD = [
    (
        one_function_a_file,
        "-- CREATE FUNCTION x\nCREATE OR REPLACE FUNCTION billing.commit(a int)",
        "billing/sql/commit.sql",
    ),
    (
        definers_are_listed,
        "CREATE FUNCTION billing.commit() SECURITY DEFINER SET search_path = pg_catalog",
        "billing/sql/commit.sql",
    ),
    (definers_are_listed, "-- no SECURITY DEFINER here\nCREATE FUNCTION billing.x()", "billing/sql/x.sql"),
    (
        names_its_tenant,
        "q = 'SELECT id FROM billing.line WHERE tenant_id = $1 AND id = $2'",
        "billing/queries.py",
    ),
    (names_its_tenant, "q = 'SELECT * FROM billing.commit($1, $2)'", "billing/commit.py"),
    (names_its_tenant, "q = 'SELECT id FROM tenants.platform'", "tenants/queries.py"),
    (keeps_scope_local, "q = f\"BEGIN; SET LOCAL app.ctx = '{token}'\"", "kernel/db/scope.py"),
    (
        uses_leakproof_conditions,
        "q = 'SELECT id FROM x WHERE name >= $1 AND name < $2'",
        "tenants/queries.py",
    ),
]


@pytest.mark.parametrize(("rule", "text", "path"), BAD)
def test_sees(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path)


@pytest.mark.parametrize(("rule", "text", "path"), GOOD)
def test_lets_pass(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path) == []


def test_one_function_a_file() -> None:
    hold(one_function_a_file, sql(*LAYERS))


def test_definers_are_listed() -> None:
    hold(
        definers_are_listed,
        [*sql(*LAYERS), *(s for s in python(*LAYERS, migrations=True) if "migrations/" in s.path)],
    )


def test_queries_name_their_tenant() -> None:
    hold(names_its_tenant, python(*LAYERS))


def test_settings_stay_in_their_transaction() -> None:
    hold(keeps_scope_local, python(*LAYERS))


def test_lists_use_leakproof_conditions() -> None:
    hold(uses_leakproof_conditions, python("tenants", "products", "billing", "reports"))
