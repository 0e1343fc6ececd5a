"""How the rules of the house look at the tree: what a source is, what a fault is, and one way to report it.

A rule is a function from one source to its faults, so that it is tried on bad and good snippets before it
is put to the tree. Its docstring tells the rule and the way out; both are printed when the tree breaks
it.
"""

from __future__ import annotations

import ast
import os
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
LAYERS: Final = ("kernel", "tenants", "products", "billing", "reports", "app")
"""Lowest first: each may import those before it."""
BUSINESS: Final = ("tenants", "products", "billing")
"""The packages whose doings are use cases."""

ROOMS: Final = {
    "__init__": "the contents page",
    "tables": "table classes",
    "piccolo_app": "tells Piccolo of tables and migrations",
    "queries": "reads for lists and pages",
    "errors": "refusals with a code",
    "events": "topics of the outbox",
    "schemas": "what goes out over HTTP",
    "api": "routes",
    "jobs": "the package's timetable",
}
"""Files that stand directly in a package and are no use case."""
OWN_ROOMS: Final = {
    "products/templates.py": "whole documents to begin with, read from their files",
    "billing/command.py": "the shape of a decided money command",
    "billing/commit.py": "hands it to the one SQL function that writes money",
    "billing/commit_queue.py": "gathers what waits into one call",
    "billing/rows.py": "the rows that a decision writes",
    "billing/loaded.py": "a drawdown as it is stored, and how it is told",
    "billing/known.py": "what a process may keep because it never changes",
    "billing/receipts.py": "the rows of a settlement: receipt, its reversal and a use of credit share them",
    "billing/statement_rows.py": "the rows of a statement in a money command",
    "billing/statements.py": "reads of statements, for lists, pages and paper",
    "billing/cycle_facts.py": "what a statement is made of, for its cut and its preview",
    "billing/cycles.py": "cuts statements, for day end and for whoever cannot wait for it",
    "billing/after_sale.py": "what the commands after the sale have in common",
    "billing/without_cash.py": "what set-off and goodwill have in common",
    "billing/bring_forward.py": "what the schedule brought, for day end and for whoever cannot wait for it",
    "billing/history.py": "reads of what happened: events, charges, entries",
    "billing/explanations.py": "what an amount follows from: reads that change nothing",
    "billing/quotes.py": "what an order or a payoff would cost: reads that change nothing",
    "billing/verification.py": "what stands in the database against what the engine says, for verify_book",
    "products/buyer_tiers.py": "reads of facts, tiers and moves, for reviews and whoever decides limits",
    "products/tier_judging.py": "buyers judged in the caller's transaction: dry or to be written",
    "products/tier_rows.py": "the rows that a review writes",
    "products/calendars.py": "calendars by name, from packages that are renewed: no rule, no read",
    "tenants/trade.py": "orders and returns written in the caller's transaction: bulk and imports share it",
    "tenants/parties.py": "buyers and merchants written likewise, for imports",
    "tenants/imports.py": "imports as they stand, and what a piece of a file comes to",
    "billing/day.py": "day end, for run_day and for a clock that is moved over days",
}
"""Further rooms of one package, each for a reason."""


class Fault(NamedTuple):
    line: int
    wrong: str


@dataclass(frozen=True)
class Source:
    """One text file; `path` is relative to the checkout, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def package(self) -> str:
        return self.path.partition("/")[0]

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def parent(self) -> str:
        return str(PurePosixPath(self.path).parent)


Rule = Callable[[Source], Iterable[Fault]]


def snippet(text: str, path: str = "billing/anything.py") -> Source:
    """A made-up source, to see a rule fail or pass."""
    return Source(path, textwrap.dedent(text))


def faults(rule: Rule, text: str, path: str = "billing/anything.py") -> list[str]:
    """What a rule finds wrong with a made-up source."""
    return [fault.wrong for fault in rule(snippet(text, path))]


def hold(rule: Rule, sources: Iterable[Source]) -> None:
    """Fail with every place where the tree breaks `rule`, and the rule's own words."""
    broken = [
        f"{source.path}:{fault.line}: {fault.wrong}" for source in sources for fault in _found(rule, source)
    ]
    if broken:
        pytest.fail(
            "\n".join([*broken, "", f"The rule: {textwrap.dedent(rule.__doc__ or '')}"]), pytrace=False
        )


def _found(rule: Rule, source: Source) -> list[Fault]:
    try:
        return sorted(set(rule(source)))
    except SyntaxError as error:
        return [Fault(error.lineno or 1, f"cannot be read: {error.msg}")]


@cache
def files() -> tuple[str, ...]:
    """Every file of the checkout that is not ignored, relative to it; asks no git."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split() if line}
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in ignored | {".git"} and not name.endswith(".egg-info")
        )
        found += [
            (Path(folder) / name).relative_to(ROOT).as_posix()
            for name in sorted(names)
            if name not in ignored
        ]
    return tuple(found)


@cache
def read(path: str) -> Source:
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def python(*folders: str, migrations: bool = False) -> list[Source]:
    """The Python files under `folders` (all of the tree without one); migrations only when asked."""
    return [
        read(path)
        for path in files()
        if path.endswith(".py")
        and (not folders or path.startswith(tuple(f"{folder}/" for folder in folders)))
        and (migrations or "/piccolo_migrations/" not in path)
    ]


def sql(*folders: str) -> list[Source]:
    """The SQL files under `folders`."""
    return [
        read(path)
        for path in files()
        if path.endswith(".sql") and path.startswith(tuple(f"{f}/" for f in folders))
    ]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, wherever in it; `from a import b` gives `a.b`."""
    here = source.parent.split("/")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def within(name: str, modules: Iterable[str]) -> bool:
    """Is the dotted `name` one of `modules` or something inside one?"""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def calls(source: Source, *names: str) -> Iterator[ast.Call]:
    """Every call whose last name is one of `names`: `scope(…)`, `db.scope(…)`, `x().scope(…)`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and last_name(node.func) in names:
            yield node


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c` and of `a(…).c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def strings(source: Source) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; of an f-string its fixed parts, joined by `?`."""
    docs = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
    joined = [node for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr)]
    seen = docs | {id(part) for node in joined for part in node.values}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "?" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen:
            yield node.lineno, node.value


def public_functions(source: Source) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions at the top of a module whose names do not begin with an underscore."""
    return [
        node
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]


def is_use_case(source: Source) -> bool:
    """A file directly in tenants, products or billing that is none of the known rooms."""
    return source.parent in BUSINESS and source.stem not in ROOMS and source.path not in OWN_ROOMS


def use_case_modules() -> set[str]:
    """Dotted names of all use cases in the tree."""
    return {source.path.removesuffix(".py").replace("/", ".") for source in use_cases()}


def use_cases() -> list[Source]:
    """The use-case files of the tree."""
    return [source for source in python(*BUSINESS) if is_use_case(source)]
