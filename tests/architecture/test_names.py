"""Names end in their unit, events are past tense, error codes are unique."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
    last_name,
    python,
    snippet,
)

UNITS: Final = {"date": "_on", "datetime": "_at", "Decimal": "_rate"}
"""Endings of fields by type; the unit of an `int` cannot be told, so bad endings are refused instead."""
COLUMNS: Final = {"Date": "_on", "Timestamptz": "_at", "timestamptz": "_at", "date": "_on"}
UNITLESS: Final = re.compile(r"(^|_)(amount|price|cost|money|cents|fen|date|time|datetime|timestamp|ts)$")
PLAIN: Final = {
    "as_of": "the word of the domain for the day a state stands at",
    "today": "the context's business date",
    "now": "the context's instant",
    "lease_until": "a lease has an end, not an event",
    "closed_through": "the last closed day, inclusive",
    "quantity": "in the unit of its goods, which the platform does not tell",
    "buyer_fee_share": "a share, of what is not shared",
    "subsidised_interest": "a share, of what is subsidised",
    "subsidised_fee": "a share, of what is subsidised",
    "irr_simple": "the domain's word for a yearly rate",
    "irr_compound": "the domain's word for a yearly rate",
    "at_most": "a bound of a mapping's rule, in the unit of the column that it is held against",
    "at_least": "a bound of a mapping's rule, in the unit of the column that it is held against",
}
"""Names that say their unit without its ending, each for a reason."""
GATHERING: Final = {"Refused": "its codes are those of the refusals in billing/rules"}
"""Error classes whose codes come from elsewhere."""
IRREGULAR: Final = {
    "became",
    "begun",
    "broken",
    "cut",
    "drawn",
    "fell",
    "frozen",
    "kept",
    "lost",
    "off",  # written off
    "paid",
    "sent",
    "set",
    "told",
    "won",
}
TOPIC: Final = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")
CODE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SQL_COLUMN: Final = re.compile(r"^\s*\"?([a-z_]+)\"?\s+(timestamptz|date)\b", re.MULTILINE)


def named_by_unit(name: str, ending: str) -> bool:
    """Does a field's name end in its unit, or in a word that says as much?"""
    return name.endswith(ending) or name in PLAIN or name == ending.strip("_")


def fields_end_in_their_unit(source: Source) -> Iterator[Fault]:
    """`amount_minor`, `annual_rate`, `paid_at` (instant), `due_on` (business date): a field's name ends
    in its unit.

    Way out: rename; a word of the domain that says the unit without the ending is entered in PLAIN with
    the reason.
    """
    for held in (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)):
        for name, kind, line in _fields(held):
            if UNITLESS.search(name):
                yield Fault(line, f"{name} does not end in a unit")
            ending = UNITS.get(kind) or COLUMNS.get(kind)
            if ending and not named_by_unit(name, ending):
                yield Fault(line, f"{name} is a {kind} and does not end in {ending}")


def _fields(held: ast.ClassDef) -> Iterator[tuple[str, str, int]]:
    """Name, type and line of each field of a Struct and each column of a table class."""
    for node in held.body:
        if isinstance(node, ast.AnnAssign):
            kinds = [kind for kind in _alternatives(node.annotation) if kind in UNITS]
            yield dotted(node.target), kinds[0] if len(kinds) == 1 else "", node.lineno
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield dotted(node.targets[0]), dotted(node.value.func).rpartition(".")[2], node.lineno


def _alternatives(annotation: ast.expr) -> list[str]:
    """The types of a union, by their last names: `a.B | None` gives B and nothing."""
    if isinstance(annotation, ast.BinOp):
        return _alternatives(annotation.left) + _alternatives(annotation.right)
    return [last_name(annotation)]


def columns_end_in_their_unit(source: Source) -> Iterator[Fault]:
    """A column of type timestamptz ends in `_at`, one of type date in `_on`.

    Way out: rename it before it is released; a word of the domain is entered in PLAIN with the reason.
    """
    for match in SQL_COLUMN.finditer(source.text):
        name, kind = match.groups()
        if not named_by_unit(name, COLUMNS[kind]):
            yield Fault(source.text.count("\n", 0, match.start(1)) + 1, f"{name} is a {kind}")


def events_are_past(source: Source) -> Iterator[Fault]:
    """An event is named by what happened, dotted and in the past tense: `drawdown.captured`.

    Way out: name the thing, then what befell it; a past tense without -ed is entered in IRREGULAR.
    """
    for node in source.tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            topic = value.value
            past = any(
                word.endswith("ed") or word in IRREGULAR for word in topic.rpartition(".")[2].split("_")
            )
            if not TOPIC.fullmatch(topic) or not past:
                yield Fault(node.lineno, f"{topic!r} is no dotted past tense")


def domain_errors(sources: Iterable[Source]) -> dict[str, tuple[str, ast.ClassDef]]:
    """Path and class of every DomainError, direct or through another, by class name."""
    classes = {
        node.name: (source.path, node)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {"DomainError"}
    while found := {
        name
        for name, (_, node) in classes.items()
        if name not in known and known & {dotted(base).rpartition(".")[2] for base in node.bases}
    }:
        known |= found
    return {name: classes[name] for name in known - {"DomainError"}}


def constant(held: ast.ClassDef, name: str) -> object:
    """The value a class gives `name` in its body; None where it gives none."""
    for node in held.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        value = getattr(node, "value", None)
        if name in map(dotted, targets) and isinstance(value, ast.Constant):
            return value.value
    return None


def bad_errors(sources: Iterable[Source]) -> list[str]:
    """Every operating error has its own snake_case `code` and a `status` of 4xx or 503 (`internal`: 500).

    Way out: give the class both; a class that only gathers others is entered in GATHERING.
    """
    errors = {name: found for name, found in domain_errors(sources).items() if name not in GATHERING}
    codes = Counter(constant(held, "code") for _, held in errors.values())
    wrong = []
    for name, (path, held) in sorted(errors.items()):
        code, status = constant(held, "code"), constant(held, "status")
        if not isinstance(code, str) or not CODE.fullmatch(code):
            wrong.append(f"{path}:{held.lineno}: {name} has no snake_case code of its own")
        elif codes[code] > 1:
            wrong.append(f"{path}:{held.lineno}: {name} shares its code {code}")
        fits = isinstance(status, int) and (
            400 <= status < 500 or status == 503 or (status, code) == (500, "internal")
        )
        if not fits:
            wrong.append(f"{path}:{held.lineno}: {name} has no status of 4xx or 503")
    return wrong


def refusals_have_codes(source: Source) -> Iterator[Fault]:
    """What a rule refuses has a snake_case code, for it becomes the error's code.

    Way out: name what was met (`amount_above_authorised`), and give it words in app/locale.
    """
    for call in calls(source, "Refusal"):
        code = (
            call.args[0]
            if call.args
            else next((word.value for word in call.keywords if word.arg == "code"), None)
        )
        if isinstance(code, ast.Constant) and not CODE.fullmatch(str(code.value)):
            yield Fault(call.lineno, f"{code.value!r} is no snake_case code")


IN_A_STRUCT = "class Line(Struct):\n    {}"
TWICE = "".join(f"class {name}(DomainError):\n    code = 'a'\n    status = 409\n" for name in "AB")
BAD = [
    (fields_end_in_their_unit, IN_A_STRUCT.format("amount: int")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("limit_amount: int | None = None")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("due_date: str")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("due: date")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("paid_on: datetime")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("penalty: Decimal | None = None")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("expires = Date(default=None)")),
    (fields_end_in_their_unit, IN_A_STRUCT.format("paid_time = Timestamptz(default=None)")),
    (columns_end_in_their_unit, "CREATE TABLE x (\n    due date NOT NULL\n)"),
    (columns_end_in_their_unit, "    paid_on timestamptz"),
    (events_are_past, 'CAPTURE = "drawdown.capture"'),
    (events_are_past, 'CAPTURED: Final = "captured"'),
    (events_are_past, 'CAPTURED = "Drawdown.Captured"'),
    (refusals_have_codes, "return Refusal('Wrong state', {})"),
    (refusals_have_codes, "return Refusal(code='wrong-state')"),
]
GOOD = [
    (
        fields_end_in_their_unit,
        IN_A_STRUCT.format("amount_minor: int\n    due_on: date | None\n    daily_rate: Decimal"),
    ),
    (fields_end_in_their_unit, IN_A_STRUCT.format("as_of: date\n    created_at = Timestamptz(default=None)")),
    (columns_end_in_their_unit, "    due_on date NOT NULL,\n    paid_at timestamptz,\n    date_style text"),
    (events_are_past, 'A = "drawdown.captured"\nB: Final = "order.part_paid"\nC = "key.rolled"\n'),
    (refusals_have_codes, "return Refusal('wrong_state', {'state': 'Closed'})"),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_sees(rule: Rule, text: str) -> None:
    assert faults(rule, text)


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_lets_pass(rule: Rule, text: str) -> None:
    assert faults(rule, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "class A(DomainError):\n    status = 409",
        "class A(DomainError):\n    code = 'LineFrozen'\n    status = 409",
        "class A(errors.DomainError):\n    code = 'line_frozen'",
        "class A(DomainError):\n    code = 'line_frozen'\n    status = 200",
        "class A(DomainError):\n    code = 'a'\n    status = 409\nclass B(A):\n    status = 409",
        TWICE,
    ],
)
def test_sees_a_bad_error(text: str) -> None:
    assert bad_errors([snippet(text)])


def test_lets_a_good_error_pass() -> None:
    text = (
        "class Refused(DomainError): ...\nclass A(Refused):\n    code: ClassVar = 'frozen'\n    status = 409"
    )
    assert bad_errors([snippet(text), snippet("class Other(Exception): ...")]) == []


def test_fields_end_in_their_unit() -> None:
    hold(fields_end_in_their_unit, python("kernel", "tenants", "products", "billing", "reports"))


def test_columns_end_in_their_unit() -> None:
    hold(
        columns_end_in_their_unit,
        [s for s in python(*LAYERS, migrations=True) if "/piccolo_migrations/" in s.path],
    )


def test_events_are_past() -> None:
    hold(events_are_past, [source for source in python(*LAYERS) if source.stem == "events"])


def test_refusals_have_codes() -> None:
    hold(refusals_have_codes, python("products", "billing"))


def test_error_codes() -> None:
    wrong = bad_errors(python(*LAYERS))
    assert not wrong, "\n".join([*wrong, bad_errors.__doc__ or ""])
