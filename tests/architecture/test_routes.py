"""Routes are thin: they say what they need, call one use case or read, and open no scope but to read."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, TypeGuard

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
    last_name,
    public_functions,
    python,
)

METHODS: Final = ("get", "post", "put", "patch", "delete")


def routes_only_read(source: Source) -> Iterator[Fault]:
    """A route opens no scope of its own, but to read: `scope(ctx, read_only=True)`.

    Way out: what changes something is a use case, which opens its own.
    """
    for call in calls(source, "scope", "transaction", "unscoped"):
        read_only = [word.value for word in call.keywords if word.arg == "read_only"]
        if not (read_only and isinstance(read_only[0], ast.Constant) and read_only[0].value is True):
            yield Fault(call.lineno, f"opens {ast.unparse(call)}")


def ask_for_what_they_call(source: Source) -> Iterator[Fault]:
    """A route says beside its path what it needs. Of a use case: that one's own PERMISSION, and then it
    calls it.
    Of a read: a permission that ends in `:read`.

    Way out: `opt=needs(capture_order.PERMISSION)` and `capture_order.capture_order(…)`; a GET reads by
    queries.
    """
    words = dict(_constants(source))
    for route in public_functions(source):
        for decorator in route.decorator_list:
            if isinstance(decorator, ast.Call) and last_name(decorator.func) in METHODS:
                needed = [word.value.args[0] for word in decorator.keywords if _is_needs(word.value)]
                yield from _faults_of(route, last_name(decorator.func), needed, words)


def _faults_of(
    route: ast.FunctionDef | ast.AsyncFunctionDef,
    method: str,
    needed: list[ast.expr],
    words: dict[str, object],
) -> Iterator[Fault]:
    if len(needed) != 1:
        yield Fault(route.lineno, f"{route.name} does not say what it needs")
        return
    owner, _, last = dotted(needed[0]).rpartition(".")
    called = {dotted(node.func) for node in ast.walk(route) if isinstance(node, ast.Call)}
    if last == "PERMISSION":
        if not any(name.startswith(f"{owner}.") for name in called):
            yield Fault(route.lineno, f"{route.name} asks {owner}.PERMISSION and does not call {owner}")
        return
    word = needed[0].value if isinstance(needed[0], ast.Constant) else words.get(last, "")
    if method != "get" or not str(word).endswith(":read"):
        yield Fault(route.lineno, f"{route.name} asks {word or last}, which is no use case's own")


def _is_needs(value: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(value, ast.Call) and last_name(value.func) == "needs" and bool(value.args)


def _constants(source: Source) -> Iterator[tuple[str, object]]:
    """Names and values of what is assigned at the top of a module."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            yield from ((dotted(target), node.value.value) for target in targets)


def routes() -> list[Source]:
    """Modules of routes below /v1."""
    return [source for source in python(*LAYERS) if {"api", "api.py"} & set(PurePosixPath(source.path).parts)]


WRITING = """
    @post("/limits", opt=needs(cut_limit.PERMISSION), operation_id="cut_limit")
    async def create_cut(request, data):
        return view(await cut_limit.cut_limit(request.ctx, cut_limit.CutLimit(data.limit_minor)))
"""
READING = """
    READ: Final = "lines:read"
    @get("/lines", opt=needs(READ), operation_id="list_lines")
    async def list_lines(request):
        async with scope(request.ctx, read_only=True) as tx: ...
"""
BAD = [
    (routes_only_read, READING.replace(", read_only=True", "")),
    (routes_only_read, READING.replace("scope", "db.scope").replace("True", "False")),
    (ask_for_what_they_call, WRITING.replace("opt=needs(cut_limit.PERMISSION), ", "")),
    (ask_for_what_they_call, WRITING.replace("needs(cut_limit.", "needs(void_order.")),
    (ask_for_what_they_call, WRITING.replace("cut_limit.PERMISSION", "'lines:read'")),
    (ask_for_what_they_call, READING.replace("lines:read", "lines:write")),
]
GOOD = [
    (routes_only_read, READING),
    (ask_for_what_they_call, WRITING),
    (ask_for_what_they_call, READING),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_sees(rule: Rule, text: str) -> None:
    assert faults(rule, text, "billing/api.py")


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_lets_pass(rule: Rule, text: str) -> None:
    assert faults(rule, text, "billing/api.py") == []


def test_routes_open_no_scope_but_to_read() -> None:
    hold(routes_only_read, routes())


def test_routes_ask_for_what_they_call() -> None:
    hold(ask_for_what_they_call, routes())
