"""Who may import what: one direction between packages, pure rules, one door to the database."""

import tomllib
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.house import LAYERS, ROOT, Fault, Rule, Source, faults, hold, imports, python, within

IMPURE: Final = (
    "piccolo",
    "litestar",
    "redis",
    "asyncpg",
    "httpx",
    "apscheduler",
    "weasyprint",
    "kernel.db",
    "kernel.clock",
)
"""What rules never import, directly or through others; import-linter follows the chains."""
ALSO_IMPURE: Final = (
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "structlog",
    "subprocess",
    "time",
)
NEVER: Final = (
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "service",
    "services",
    "manager",
    "managers",
    "base",
)


def one_direction(source: Source) -> Iterator[Fault]:
    """app > reports > billing > products > tenants > kernel: a package imports only those below it.

    Way out: let what is low write an outbox row that what is high reads, or take the value as an argument.
    """
    own = LAYERS.index(source.package)
    for line, name in imports(source):
        other = name.partition(".")[0]
        if other in LAYERS and LAYERS.index(other) > own:
            yield Fault(line, f"{source.package} imports {name}, which stands above it")
        if other in ("tests", "bench", "scripts", "examples"):
            yield Fault(line, f"imports {name}: what runs does not lean on what tests or measures it")


def rules_are_pure(source: Source) -> Iterator[Fault]:
    """rules/ is values in, values out: no input or output, no clock, no chance, no new ids.

    Way out: the use case loads, asks the context for the day, makes the ids, and passes all of it in.
    """
    for line, name in imports(source):
        if within(name, (*IMPURE, *ALSO_IMPURE)):
            yield Fault(line, f"a rule imports {name}")
        if name == "kernel.ids.uuid7":
            yield Fault(line, "a rule makes ids")


def one_door_to_the_database(source: Source) -> Iterator[Fault]:
    """Only the kernel opens connections (asyncpg, piccolo's engine), and billing's commit with its own pool.

    Way out: `async with scope(ctx) as tx`, and take `tx` where a query is made.
    """
    if source.package == "kernel" or source.path.startswith("billing/commit"):
        return
    for line, name in imports(source):
        if within(name, ("asyncpg", "piccolo.engine")):
            yield Fault(line, f"imports {name}")


def no_drawer_for_everything(source: Source) -> Iterator[Fault]:
    """No utils, helpers, services, managers, bases: a file is named by what it holds.

    Way out: name the concept. What two use cases share is a rule, or a private function that takes `tx`.
    """
    for word in source.path.removesuffix(".py").split("/"):
        if word in NEVER:
            yield Fault(1, f"{word} names nothing")


BAD = [
    (one_direction, "import billing.rules", "kernel/x.py"),
    (one_direction, "def f():\n    from app import server", "billing/x.py"),
    (one_direction, "from tests.support import clock", "kernel/x.py"),
    (one_direction, "from ...app import server", "billing/rules/x.py"),
    (rules_are_pure, "from kernel.db import scope", "billing/rules/x.py"),
    (rules_are_pure, "from kernel import clock", "billing/rules/x.py"),
    (rules_are_pure, "import asyncpg.pool", "products/rules/x.py"),
    (rules_are_pure, "from kernel.ids import uuid7", "products/rules/x.py"),
    (one_door_to_the_database, "import asyncpg", "billing/queries.py"),
    (one_door_to_the_database, "from piccolo.engine.postgres import PostgresEngine", "tenants/tables.py"),
    (no_drawer_for_everything, "", "billing/utils.py"),
    (no_drawer_for_everything, "", "kernel/helpers/dates.py"),
]
GOOD = [
    (one_direction, "import kernel.ids\nfrom products.rules import terms\nimport decimal", "billing/x.py"),
    (one_direction, "from ..tables import Line", "billing/rules/x.py"),
    (
        rules_are_pure,
        "from kernel.ids import digest\nfrom kernel.money import round_ratio",
        "billing/rules/x.py",
    ),
    (one_door_to_the_database, "import asyncpg", "billing/commit_queue.py"),
    (one_door_to_the_database, "from piccolo.columns import UUID", "tenants/tables.py"),
    (no_drawer_for_everything, "", "billing/rules/interest.py"),
]


@pytest.mark.parametrize(("rule", "text", "path"), BAD)
def test_sees(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path)


@pytest.mark.parametrize(("rule", "text", "path"), GOOD)
def test_lets_pass(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path) == []


def test_packages_point_one_way() -> None:
    hold(one_direction, python(*LAYERS))


def test_rules_are_pure() -> None:
    hold(rules_are_pure, python("billing/rules", "products/rules", "tenants/rules"))


def test_only_the_kernel_opens_connections() -> None:
    hold(one_door_to_the_database, python(*LAYERS))


def test_every_file_is_named_by_what_it_holds() -> None:
    hold(no_drawer_for_everything, python(*LAYERS))


def test_import_linter_is_told_the_same() -> None:
    """`./dev check` also runs import-linter, which follows chains of imports: its contracts say the same."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers, pure = config["contracts"]
    assert sorted(config["root_packages"]) == sorted(LAYERS)
    assert layers["layers"] == list(reversed(LAYERS))
    assert set(pure["source_modules"]) == {"products.rules", "billing.rules"}
    assert set(pure["forbidden_modules"]) == set(IMPURE)
