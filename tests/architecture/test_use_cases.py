"""One use case, one file, one signature; what queries may do beside it; where a context comes from."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tenants.rules.roles import OPERATOR, VOCABULARY
from tests.architecture.house import (
    BUSINESS,
    LAYERS,
    Fault,
    Rule,
    Source,
    calls,
    dotted,
    faults,
    hold,
    imports,
    is_use_case,
    public_functions,
    python,
    snippet,
    strings,
    use_case_modules,
    use_cases,
)

BUILDERS: Final = {
    "app/context.py": "from a key or a member",
    "kernel/jobs.py": "for a slot",
    "kernel/context.py": "what may be derived from one",
    "kernel/web/request.py": "adds the idempotency key of the request",
}
"""Where a `Ctx` comes from."""
PERMISSION: Final = re.compile(r"[a-z_]+:[a-z_]+")


def signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, str]]:
    """Names and annotations of a function's positional arguments."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    return [
        (argument.arg, dotted(argument.annotation) if argument.annotation else "") for argument in arguments
    ]


def has_the_signature(source: Source) -> Iterator[Fault]:
    """A use case is one public async function named as its file:
    `async def capture_order(ctx: Ctx, command: CaptureOrder) -> Captured`.

    API, console, CLI and jobs build the same command and call it. Way out: what else is public there is a
    rule, a query or another use case; a room that every package may have goes into ROOMS, one of one
    package into OWN_ROOMS (house.py).
    """
    functions = public_functions(source)
    asynchronous = [function for function in functions if isinstance(function, ast.AsyncFunctionDef)]
    if [function.name for function in asynchronous] != [source.stem]:
        names = ", ".join(function.name for function in functions) or "none"
        yield Fault(1, f"its public functions are {names}, not `async def {source.stem}`")
        return
    function = asynchronous[0]
    given = signature(function)
    fits = (
        [name for name, _ in given] == ["ctx", "command"]
        and given[0][1].rpartition(".")[2] == "Ctx"
        and given[1][1] != ""
        and function.returns is not None
        and not (function.args.kwonlyargs or function.args.vararg or function.args.kwarg)
    )
    if not fits:
        yield Fault(
            function.lineno,
            "its signature is not `async def verb_noun(ctx: Ctx, command: Command) -> Result`",
        )


def asks_its_permission(source: Source) -> Iterator[Fault]:
    """Each use case declares `PERMISSION = "resource:verb"` and asks for it: `ctx.require(PERMISSION)`.

    Key scopes and role permissions are this one vocabulary. Way out: declare it at the top of the file,
    ask in the first line, before anything is loaded.
    """
    declared = [
        node
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and "PERMISSION" in map(dotted, [node.target] if isinstance(node, ast.AnnAssign) else node.targets)
    ]
    values = [node.value.value for node in declared if isinstance(node.value, ast.Constant)]
    if len(values) != 1 or not isinstance(values[0], str) or not PERMISSION.fullmatch(values[0]):
        yield Fault(1, 'declares no `PERMISSION = "resource:verb"`')
    for function in public_functions(source):
        if function.name == source.stem:
            first = function.body[1:2] if ast.get_docstring(function) else function.body[:1]
            if [ast.unparse(statement) for statement in first] != ["ctx.require(PERMISSION)"]:
                yield Fault(function.lineno, "does not begin with `ctx.require(PERMISSION)`")


def calls_no_other(source: Source) -> Iterator[Fault]:
    """Nothing in tenants, products and billing imports a use case but the package's doors: routes, what they
    answer, jobs.

    Way out: shared work is a rule, or a function that takes `tx` in a module of its own.
    """
    others = use_case_modules() - {source.path.removesuffix(".py").replace("/", ".")}
    for line, name in imports(source):
        if name in others or name.rpartition(".")[0] in others:
            yield Fault(line, f"imports the use case {name}")


def asks_what_can_be_granted(source: Source) -> Iterator[Fault]:
    """Every permission that is asked stands in the vocabulary (tenants/rules/roles.py), else nobody can
    have it.

    Way out: use the word that is there, or add it to VOCABULARY and to the roles that need it.
    """
    for line, text in strings(source):
        if PERMISSION.fullmatch(text) and text not in VOCABULARY | OPERATOR:
            yield Fault(line, f"asks {text}, which is in no vocabulary")


def queries_take_tx(source: Source) -> Iterator[Fault]:
    """Every public function of queries.py takes `tx` first and opens nothing.

    Way out: the caller holds the scope and passes it in.
    """
    for function in public_functions(source):
        if isinstance(function, ast.AsyncFunctionDef) and [name for name, _ in signature(function)][:1] != [
            "tx"
        ]:
            yield Fault(function.lineno, f"{function.name} does not take tx first")
    for call in calls(source, "scope", "transaction", "unscoped"):
        yield Fault(call.lineno, f"opens {ast.unparse(call)}")


def builds_no_ctx(source: Source) -> Iterator[Fault]:
    """`Ctx` is built in app/context.py and by the job runner (kernel/jobs.py) only, and never changed.

    Way out: take the ctx that is there, or what may be derived from it: `ctx.unkeyed()`, `ctx.on_day(…)`.
    """
    for call in calls(source, "Ctx"):
        yield Fault(call.lineno, "builds a Ctx")
    for call in calls(source, "replace"):
        if call.args and dotted(call.args[0]) == "ctx":
            yield Fault(call.lineno, "changes a Ctx")


GOOD_CASE = """
    PERMISSION = "lines:write"

    async def cut_limit(ctx: Ctx, command: CutLimit) -> Cut:
        ctx.require(PERMISSION)
        async with scope(ctx) as tx:
            return await _cut(tx, command)

    async def _cut(tx, command): ...
"""
BAD = [
    (has_the_signature, GOOD_CASE.replace("cut_limit(", "cut("), "billing/cut_limit.py"),
    (has_the_signature, GOOD_CASE.replace("async def cut_limit", "def cut_limit"), "billing/cut_limit.py"),
    (has_the_signature, GOOD_CASE.replace("ctx: Ctx, ", ""), "billing/cut_limit.py"),
    (has_the_signature, GOOD_CASE.replace(" -> Cut", ""), "billing/cut_limit.py"),
    (has_the_signature, GOOD_CASE.replace("CutLimit)", "CutLimit, *, twice: bool)"), "billing/cut_limit.py"),
    (has_the_signature, GOOD_CASE.replace("def _cut", "def cut_again"), "billing/cut_limit.py"),
    (asks_its_permission, GOOD_CASE.replace('PERMISSION = "lines:write"', ""), "billing/cut_limit.py"),
    (asks_its_permission, GOOD_CASE.replace("lines:write", "write lines"), "billing/cut_limit.py"),
    (asks_its_permission, GOOD_CASE.replace("ctx.require(PERMISSION)", "pass"), "billing/cut_limit.py"),
    (
        asks_its_permission,
        GOOD_CASE.replace("ctx.require", "x = 1\n        ctx.require"),
        "billing/cut_limit.py",
    ),
    (asks_what_can_be_granted, 'PERMISSION = "lines:rewrite"', "billing/cut_limit.py"),
    (queries_take_tx, "async def lines(ctx): ...", "billing/queries.py"),
    (queries_take_tx, "async def lines(tx):\n    async with scope(ctx): ...", "billing/queries.py"),
    (builds_no_ctx, "ctx = Ctx(tenant_id=t)", "billing/jobs.py"),
    (builds_no_ctx, "ctx = context.Ctx(tenant_id=t)", "app/demo.py"),
    (builds_no_ctx, "other = msgspec.structs.replace(ctx, today=day)", "app/demo.py"),
]
GOOD = [
    (has_the_signature, GOOD_CASE, "billing/cut_limit.py"),
    (asks_its_permission, GOOD_CASE, "billing/cut_limit.py"),
    (asks_its_permission, GOOD_CASE.replace("PERMISSION =", "PERMISSION: Final ="), "billing/cut_limit.py"),
    (asks_what_can_be_granted, 'PERMISSION = "lines:write"', "billing/cut_limit.py"),
    (queries_take_tx, "async def lines(tx, tenant_id): ...\ndef _decode(row): ...", "billing/queries.py"),
    (builds_no_ctx, "def f(ctx: Ctx) -> Ctx:\n    return text.replace('a', 'b')", "billing/jobs.py"),
]


@pytest.mark.parametrize(("rule", "text", "path"), BAD)
def test_sees(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path)


@pytest.mark.parametrize(("rule", "text", "path"), GOOD)
def test_lets_pass(rule: Rule, text: str, path: str) -> None:
    assert faults(rule, text, path) == []


def test_sees_a_use_case_that_calls_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.use_case_modules", lambda: {"billing.cut_limit", "billing.void_order"})
    inner = snippet("from billing.cut_limit import CutLimit, cut_limit", "billing/void_order.py")
    assert len(list(calls_no_other(inner))) == 2
    assert list(calls_no_other(snippet("import billing.cut_limit", "billing/void_order.py")))
    assert list(calls_no_other(snippet("from billing import errors", "billing/void_order.py"))) == []


@pytest.mark.parametrize("path", ["billing/cut_limit.py", "tenants/issue_key.py"])
def test_knows_a_use_case(path: str) -> None:
    assert is_use_case(snippet("", path))


@pytest.mark.parametrize(
    "path", ["billing/queries.py", "billing/commit.py", "billing/rules/interest.py", "kernel/jobs.py"]
)
def test_knows_what_is_none(path: str) -> None:
    assert not is_use_case(snippet("", path))


def test_use_cases_have_the_signature() -> None:
    hold(has_the_signature, use_cases())


def test_use_cases_ask_their_permission() -> None:
    hold(asks_its_permission, use_cases())


def test_use_cases_call_no_other() -> None:
    doors = ("api", "schemas", "jobs")
    hold(
        calls_no_other,
        [s for s in python(*BUSINESS) if not set(s.path.removesuffix(".py").split("/")) & set(doors)],
    )


def test_permissions_can_be_granted() -> None:
    hold(asks_what_can_be_granted, [s for s in python(*LAYERS) if s.path != "tenants/rules/roles.py"])


def test_queries_take_tx() -> None:
    reads = ("queries", "history")
    hold(queries_take_tx, [s for s in python(*LAYERS) if s.stem in reads or "/queries/" in s.path])


def test_ctx_is_built_at_the_doors() -> None:
    hold(
        builds_no_ctx,
        [source for source in python(*LAYERS, "bench", "scripts") if source.path not in BUILDERS],
    )
