"""A mapping: which column of a file is which field, how its text is read, which rows are left out (JSON).

`read_mapping` finds all that is wrong with it at once; `bind` holds it against a file's header before the
first row. How values are read: rules/cells.py; how rows become objects: rules/rows.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, cast, get_args
from zoneinfo import available_timezones

import msgspec

from kernel.errors import FieldProblem, Invalid, Params

Kind = Literal["buyers", "merchants", "orders", "returns", "receipts"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ENCODINGS: Final = ("utf-8", "gb18030")
DELIMITERS: Final = (",", ";", "\t", "|")
_SIGNS: Final = (".", ",")
_THOUSANDS: Final = ("", ",", ".", " ", "'", "\u00a0", "\u202f")
_DIRECTIVES: Final = frozenset("YmdHMSfzyjBbpI%")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

Use = Literal["text", "number", "amount", "instant", "day"]

_LINES: Final[dict[str, Use]] = {
    "sku": "text",
    "category": "text",
    "quantity": "number",
    "amount": "amount",
    "unit_price": "number",
}
FIELDS: Final[dict[Kind, dict[str, Use]]] = {
    "buyers": {
        "external_ref": "text",
        "name": "text",
        "party_type": "text",
        "owner_name": "text",
        "mobile": "text",
    },
    "merchants": {"external_ref": "text", "name": "text"},
    "orders": {
        "external_ref": "text",
        "buyer": "text",
        "merchant": "text",
        "order": "text",
        "ordered_at": "instant",
        "currency": "text",
        **_LINES,
    },
    "returns": {
        "external_ref": "text",
        "buyer": "text",
        "order": "text",
        "returned_at": "instant",
        "currency": "text",
        **_LINES,
    },
    "receipts": {
        "external_ref": "text",
        "buyer": "text",
        "amount": "amount",
        "currency": "text",
        "effective_on": "day",
        "channel": "text",
    },
}
"""Every field of a kind, and as what it is read."""
OPTIONAL: Final = frozenset(
    {"owner_name", "mobile", "merchant", "order", "category", "amount", "unit_price", "effective_on"}
)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Where a field's value comes from and how it is read: a `column`, or the constant `value`."""

    use: Use
    column: str | None = None
    value: str | None = None
    default: str | None = None
    case: Literal["upper", "lower"] | None = None
    prepend: str = ""
    words: dict[str, str] = {}
    decimal: str = "."
    thousands: str = ""
    minor: bool = False
    negate: bool = False
    format: str | None = None
    zone: str | None = None


class LeaveOut(msgspec.Struct, frozen=True, kw_only=True):
    """A rule by which rows are left out; `column` None: `at_most` asks the total of the whole object."""

    name: str
    column: str | None
    only: Literal["orders", "returns"] | None = None
    empty: bool = False
    one_of: frozenset[str] = frozenset()
    prefix: tuple[str, ...] = ()
    upper: bool = False
    at_most: Decimal | None = None
    at_least: Decimal | None = None


class Credit(msgspec.Struct, frozen=True):
    """Rows whose `column` begins with `prefix` are returns; what they count is told negative."""

    column: str
    prefix: str


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """`one_row_each`: a reference that comes again is an error and no further line. `first_of_many`: the
    first row with a reference tells all of it, the others are passed over."""

    kind: Kind
    fields: dict[str, Cell]
    left_out: tuple[LeaveOut, ...] = ()
    returns: Credit | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    one_row_each: bool = False
    first_of_many: bool = False

    def columns(self) -> dict[str, str]:
        """Every column it names, with the place of the naming."""
        named = {cell.column: f"#/fields/{name}/column" for name, cell in self.fields.items() if cell.column}
        for place, rule in enumerate(self.left_out):
            if rule.column:
                named.setdefault(rule.column, f"#/left_out/{place}/column")
        if self.returns:
            named.setdefault(self.returns.column, "#/returns/column")
        return named


def read_mapping(given: object) -> Mapping:
    """The mapping that the decoded JSON says. Raises Invalid with every problem, each at its place."""
    reader = _Reader()
    mapping = reader.read(given)
    if reader.problems or mapping is None:
        raise Invalid(errors=tuple(reader.problems))
    return mapping


def bind(mapping: Mapping, header: Sequence[str]) -> None:
    """Holds it against the file's columns. Raises Invalid: a column named twice in the file, or not there."""
    problems = [
        FieldProblem(pointer, "column_missing", {"column": column, "columns": _told(header)})
        for column, pointer in mapping.columns().items()
        if column not in header
    ]
    twice = {column for column in mapping.columns() if list(header).count(column) > 1}
    problems += [
        FieldProblem(mapping.columns()[column], "column_twice", {"column": column})
        for column in sorted(twice)
    ]
    if problems:
        raise Invalid(errors=tuple(problems))


def _told(header: Sequence[str]) -> str:
    names = ", ".join(name[:40] for name in header[:30])
    return f"{names}, …" if len(header) > 30 else names


class _Reader:
    """Reads the JSON part by part and keeps what was wrong with each."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    def read(self, given: object) -> Mapping | None:
        root = self._object(given, "#", ("kind", "fields"), _ROOT)
        kind = root.get("kind")
        if kind not in KINDS:
            if "kind" in root:
                self._unknown("#/kind", kind, KINDS)
            return None
        kind = cast("Kind", kind)
        mapping = Mapping(
            kind=kind,
            fields=self._fields(root, kind),
            left_out=self._left_out(root),
            returns=self._credit(root, kind),
            encoding=str(self._one_of(root, "encoding", "#", ENCODINGS, "utf-8")).lower(),
            delimiter=str(self._one_of(root, "delimiter", "#", DELIMITERS, ",")),
            one_row_each=self._flag(root, "one_row_each", "#"),
            first_of_many=self._flag(root, "first_of_many", "#"),
        )
        if mapping.first_of_many and kind not in ("buyers", "merchants"):
            self._add("#/first_of_many", ("not_of_this_kind", {"kind": kind}))
        return mapping

    def _fields(self, root: Dict[str, Any], kind: Kind) -> dict[str, Cell]:
        known = FIELDS[kind]
        wanted = tuple(name for name in known if name not in OPTIONAL)
        given = self._object(root.get("fields", {}), "#/fields", wanted, tuple(known))
        cells = {
            name: self._cell(value, f"#/fields/{name}", known[name], root)
            for name, value in given.items()
            if name in known
        }
        if "unit_price" in known and ("amount" in cells) == ("unit_price" in cells):
            self._add("#/fields/unit_price", ("amount_or_price", {}))
        if kind == "receipts" and "amount" not in cells:
            self._add("#/fields/amount", ("required", {}))
        return cells

    def _cell(self, given: object, at: str, use: Use, root: Dict[str, Any]) -> Cell:
        cell = self._object(given, at, (), _CELL)
        column, value = self._text(cell, "column", at), self._text(cell, "value", at)
        if (column is None) == (value is None) and isinstance(given, dict):
            self._add(at, ("column_or_value", {}))
        words = cell.get("words", {})
        if not (isinstance(words, dict) and all(isinstance(word, str) for word in words.values())):
            self._add(f"{at}/words", ("wrong_form", {"expected": '{"theirs": "ours"}'}))
            words = {}
        signs = {**{key: root[key] for key in ("decimal", "thousands") if key in root}, **cell}
        decimal = str(self._one_of(signs, "decimal", at, _SIGNS, "."))
        thousands = str(self._one_of(signs, "thousands", at, _THOUSANDS, ""))
        if decimal == thousands:
            self._add(f"{at}/thousands", ("signs_alike", {}))
        return Cell(
            use=use,
            column=column,
            value=value,
            default=self._text(cell, "default", at),
            case=cast("Any", self._one_of(cell, "case", at, ("upper", "lower"), None)),
            prepend=self._text(cell, "prepend", at) or "",
            words=words,
            decimal=decimal,
            thousands=thousands,
            minor=self._flag(cell, "minor", at),
            negate=self._flag(cell, "negate", at),
            format=self._format(cell, at),
            zone=self._zone(cell, at) or self._zone(root, "#"),
        )

    def _left_out(self, root: Dict[str, Any]) -> tuple[LeaveOut, ...]:
        given = root.get("left_out", [])
        if not isinstance(given, list):
            self._add("#/left_out", ("wrong_form", {"expected": "[…]"}))
            return ()
        return tuple(self._leave_out(rule, f"#/left_out/{place}") for place, rule in enumerate(given))

    def _leave_out(self, given: object, at: str) -> LeaveOut:
        rule = self._object(given, at, ("name",), _LEAVE_OUT)
        name = self._text(rule, "name", at) or ""
        if name and not _NAME.fullmatch(name):
            self._add(f"{at}/name", ("wrong_form", {"expected": "no_customer"}))
        at_most = self._number(rule, "at_most", at)
        if isinstance(given, dict):
            asks = {"empty", "in", "prefix", "at_most", "at_least"} & set(rule)
            if not asks or ("column" not in rule and asks != {"at_most"}):
                self._add(at, ("leaves_nothing_out", {}))
        return LeaveOut(
            name=name,
            column=self._text(rule, "column", at),
            only=cast("Any", self._one_of(rule, "only", at, ("orders", "returns"), None)),
            empty=self._flag(rule, "empty", at),
            one_of=frozenset(self._texts(rule, "in", at)),
            prefix=tuple(self._texts(rule, "prefix", at)),
            upper=self._one_of(rule, "case", at, ("upper",), None) is not None,
            at_most=at_most,
            at_least=self._number(rule, "at_least", at),
        )

    def _credit(self, root: Dict[str, Any], kind: Kind) -> Credit | None:
        if "returns" not in root:
            return None
        if kind != "orders":
            self._add("#/returns", ("not_of_this_kind", {"kind": kind}))
        credit = self._object(root["returns"], "#/returns", ("column", "prefix"), ("column", "prefix"))
        column, prefix = (self._text(credit, key, "#/returns") or "" for key in ("column", "prefix"))
        return Credit(column, prefix)

    def _object(self, given: object, at: str, wanted: Iterable[str], known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(given, dict):
            self._add(at, ("wrong_form", {"expected": "{…}"}))
            return {}
        self.problems += [FieldProblem(f"{at}/{key}", "required") for key in wanted if key not in given]
        self.problems += [
            FieldProblem(f"{at}/{_token(str(key))}", "unknown_key", {"known": ", ".join(known)})
            for key in given
            if key not in known
        ]
        return {key: value for key, value in given.items() if key in known}

    def _text(self, given: Dict[str, Any], key: str, at: str) -> str | None:
        if (value := given.get(key)) is None:
            return None
        if not isinstance(value, str) or not value:
            self._add(f"{at}/{key}", ("wrong_form", {"expected": "text"}))
            return None
        return value

    def _texts(self, given: Dict[str, Any], key: str, at: str) -> list[str]:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self._add(f"{at}/{key}", ("wrong_form", {"expected": '["A", "B"]'}))
            return []
        return value

    def _flag(self, given: Dict[str, Any], key: str, at: str) -> bool:
        if not isinstance(value := given.get(key, False), bool):
            self._add(f"{at}/{key}", ("wrong_form", {"expected": "true, false"}))
            return False
        return value

    def _number(self, given: Dict[str, Any], key: str, at: str) -> Decimal | None:
        if key not in given:
            return None
        try:
            number = Decimal(given[key]) if isinstance(given[key], str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            self._add(f"{at}/{key}", ("wrong_form", {"expected": '"0.00"'}))
        return number

    def _one_of(
        self, given: Dict[str, Any], key: str, at: str, known: Sequence[str], default: str | None
    ) -> str | None:
        value = given.get(key, default)
        if value is not default and value not in known:
            self._unknown(f"{at}/{key}", value, known)
            return default
        return cast("str | None", value)

    def _format(self, cell: Dict[str, Any], at: str) -> str | None:
        form = self._text(cell, "format", at)
        if form is not None and (
            "%" not in form or not set(re.findall(r"%(.?)", form)) <= _DIRECTIVES or "%d" not in form + "%j%d"
        ):
            self._add(f"{at}/format", ("wrong_form", {"expected": "%Y-%m-%d %H:%M:%S"}))
            return None
        return form

    def _zone(self, given: Dict[str, Any], at: str) -> str | None:
        zone = self._text(given, "zone", at)
        if zone is not None and zone not in available_timezones():
            if f"{at}/zone" not in {problem.pointer for problem in self.problems}:
                self._add(f"{at}/zone", ("unknown_value", {"given": zone[:80]}))
            return None
        return zone

    def _unknown(self, at: str, value: object, known: Sequence[str]) -> None:
        if at not in {problem.pointer for problem in self.problems}:
            params: Params = {"given": str(value)[:80], "known": " ".join(map(repr, known))}
            self._add(at, ("not_one_of", params))

    def _add(self, at: str, wrong: tuple[str, Params]) -> None:
        self.problems.append(FieldProblem(at, *wrong))


_ROOT: Final = (
    *("kind", "fields", "left_out", "returns", "encoding", "delimiter", "decimal", "thousands", "zone"),
    *("one_row_each", "first_of_many"),
)
_CELL: Final = (
    *("column", "value", "default", "case", "prepend", "words", "decimal", "thousands", "minor", "negate"),
    *("format", "zone"),
)
_LEAVE_OUT: Final = ("name", "column", "only", "empty", "in", "prefix", "case", "at_most", "at_least")


def _token(key: str) -> str:
    """A key as a part of a JSON Pointer (RFC 6901)."""
    return key[:40].replace("~", "~0").replace("/", "~1")
