"""Nothing half-done, nothing swallowed, no query outside its scope."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.house import (
    LAYERS,
    Fault,
    Rule,
    Source,
    calls,
    dotted,
    faults,
    hold,
    imports,
    python,
    sql,
)

NOTES: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b")
BROAD: Final = ("Exception", "BaseException")


def nothing_left_for_later(source: Source) -> Iterator[Fault]:
    """No note of work to do in what is committed.

    Way out: do it, or leave it out and say so in an issue.
    """
    if not NOTES.search(source.text):
        return
    notes = (
        _notes_in_python(source) if source.path.endswith(".py") else enumerate(source.text.splitlines(), 1)
    )
    for line, text in notes:
        if NOTES.search(text):
            yield Fault(line, f"left for later: {text.strip()}")


def _notes_in_python(source: Source) -> Iterator[tuple[int, str]]:
    """Comments and docstrings with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def no_stub(source: Source) -> Iterator[Fault]:
    """No function that only raises NotImplementedError.

    Way out: write it, or leave it out. (A hook that refuses kinds it does not know may raise it.)
    """
    for node in ast.walk(source.tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            told = [
                part
                for part in body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            ]
            if (
                len(told) == 1
                and isinstance(told[0], ast.Raise)
                and "NotImplementedError" in ast.unparse(told[0])
            ):
                yield Fault(told[0].lineno, "is a stub")


def swallows_nothing(source: Source) -> Iterator[Fault]:
    """No bare `except:`, no `except Exception` that does nothing, no `suppress(Exception)`.

    Way out: name the error that is expected; log or turn into a DomainError what is not.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            types = {dotted(part) for part in ast.walk(node.type)} if node.type else set()
            idle = all(
                isinstance(part, ast.Pass | ast.Continue)
                or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
                for part in node.body
            )
            if not node.type:
                yield Fault(node.lineno, "catches everything: except:")
            elif idle and types & set(BROAD):
                yield Fault(node.lineno, "swallows every error")
    for call in calls(source, "suppress"):
        if {dotted(argument) for argument in call.args} & set(BROAD):
            yield Fault(call.lineno, "suppresses every error")


def queries_stay_in_scope(source: Source) -> Iterator[Fault]:
    """A Piccolo query is awaited inside a scope, never sent by `.run()` or `.run_sync()`, nor in a task
    of its own.

    A task or a gather inside a transaction leaves it, or mixes two queries on one connection.
    Way out: `await Line.select()…` within `async with scope(ctx) as tx`.
    """
    for call in calls(source, "run_sync"):
        yield Fault(call.lineno, "sends a query by run_sync")
    for call in calls(source, "run"):
        if isinstance(call.func, ast.Attribute) and not (call.args or call.keywords):
            yield Fault(call.lineno, "sends a query by run()")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncWith) and any(
            isinstance(item.context_expr, ast.Call) and dotted(item.context_expr.func).endswith("scope")
            for item in node.items
        ):
            inside = ast.Module(body=node.body, type_ignores=[])
            for call in calls(Source(source.path, ast.unparse(inside)), "gather", "create_task", "TaskGroup"):
                yield Fault(node.lineno, f"starts tasks inside a scope: {ast.unparse(call)}")


def uses_no_trap(source: Source) -> Iterator[Fault]:
    """Names of the stack that are known to hurt: Piccolo's `batch()` (leaves the transaction, hides
    errors), `--auto` migrations, Litestar's PiccoloDTO, APScheduler's shared job stores.

    Way out: read in chunks by key; raw SQL migrations (kernel/db/migrate.py); Structs by hand;
    kernel/jobs.py.
    """
    for call in calls(source, "batch"):
        if isinstance(call.func, ast.Attribute) and any(word.arg == "batch_size" for word in call.keywords):
            yield Fault(call.lineno, "reads by batch()")
    for line, name in imports(source):
        if "PiccoloDTO" in name or name.startswith("apscheduler.jobstores"):
            yield Fault(line, f"imports {name}")


BAD = [
    (nothing_left_for_later, "x = 1  # TODO: more"),
    (nothing_left_for_later, 'def f():\n    """FIXME."""'),
    (no_stub, "def f():\n    raise NotImplementedError"),
    (no_stub, "class A:\n    async def f(self):\n        'Why.'\n        raise NotImplementedError('x')"),
    (swallows_nothing, "try:\n    f()\nexcept:\n    log()"),
    (swallows_nothing, "try:\n    f()\nexcept Exception:\n    pass"),
    (
        swallows_nothing,
        "for x in y:\n    try:\n        f()\n    except (KeyError, Exception):\n        continue",
    ),
    (swallows_nothing, "with suppress(Exception):\n    f()"),
    (queries_stay_in_scope, "rows = await Line.select().run()"),
    (queries_stay_in_scope, "rows = Line.select().run_sync()"),
    (
        queries_stay_in_scope,
        "async def f():\n    async with scope(ctx) as tx:\n        await asyncio.gather(a(), b())",
    ),
    (uses_no_trap, "async for rows in Line.select().batch(batch_size=100): ..."),
    (uses_no_trap, "from litestar.contrib.piccolo import PiccoloDTO"),
]
GOOD = [
    (nothing_left_for_later, "x = 'TODO'  # why"),
    (no_stub, "def hook(kind):\n    if kind is not Id:\n        raise NotImplementedError\n    return 1"),
    (swallows_nothing, "try:\n    f()\nexcept KeyError:\n    pass\nexcept Exception:\n    log()\n    raise"),
    (
        queries_stay_in_scope,
        "subprocess.run(['a'])\nasync def f():\n    async with scope(ctx) as tx:\n        await q()",
    ),
    (uses_no_trap, "batch(rows)"),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_sees(rule: Rule, text: str) -> None:
    assert faults(rule, text)


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_lets_pass(rule: Rule, text: str) -> None:
    assert faults(rule, text) == []


def test_sees_a_note_in_sql() -> None:
    assert faults(nothing_left_for_later, "SELECT 1; -- FIXME", "billing/sql/commit.sql")


def test_nothing_is_left_for_later() -> None:
    hold(nothing_left_for_later, [*python(migrations=True), *sql(*LAYERS)])


def test_no_function_is_a_stub() -> None:
    hold(no_stub, python())


def test_nothing_is_swallowed() -> None:
    hold(swallows_nothing, python())


def test_queries_stay_in_scope() -> None:
    hold(queries_stay_in_scope, python(*LAYERS))


def test_traps_of_the_stack_are_left_alone() -> None:
    hold(uses_no_trap, python(*LAYERS))
