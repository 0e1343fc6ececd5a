"""Conditions and amounts as CEL expressions over named whole numbers (DOMAIN.md §3). The one file that knows
the CEL library.

Only a small part of the language is let through: names, whole numbers, `true`, `false`, arithmetic,
comparison, `&&`, `||`, `!`, `?:`, parentheses and `in [ … ]`. Text, calls, member access and comments
(`//` would hide the rest of a rule) are refused before the library sees them, and with them regular
expressions, comprehensions and conversions to other kinds of number. What is left is walked once from end
to end: its cost is bounded by its length (`LONGEST`), so that an evaluation cannot run away and needs no
interruption. A review has a deadline of its own (products/review_tiers.py).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, Literal, cast

import msgspec
from cel_expr_python import cel

from kernel.errors import Params

LONGEST: Final = 1_000
"""Characters of a rule."""
DEEPEST: Final = 12
"""Brackets and signs inside each other."""
LONGEST_LIST: Final = 50

Wanted = Literal["bool", "int"]
RefusalCode = Literal["fact_missing", "overflow", "divided_by_zero", "not_evaluated"]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+(?![0-9A-Za-z_.]))"
    r"|(?P<symbol>&&|\|\||[<>=!]=|/(?!/)|[-+*%<>!?:(),\[\]]))"
)
_WORDS: Final = frozenset({"true", "false", "in"})
_PLACE: Final = re.compile(r"<input>:(\d+):(\d+): (.*)")
_OPERATORS: Final = re.compile(r"'_?([^'_]+)_?_?'")
_TYPES: Final = {"bool": cel.Type.BOOL, "int": cel.Type.INT}


class Problem(msgspec.Struct, frozen=True):
    """Why a text is no condition: a code with words in the catalogue, and what fills them."""

    code: str
    params: Params


class Refused(msgspec.Struct, frozen=True):
    """Why a condition has no value for these facts. `fact`: one that is not known, where that is the
    cause.
    """

    code: RefusalCode
    fact: str | None = None


class Condition(msgspec.Struct, frozen=True):
    """A checked expression. `names`: the facts that it mentions, in their order."""

    text: str
    wanted: Wanted
    names: tuple[str, ...]
    program: Any

    def evaluate(self, values: Mapping[str, int | None]) -> bool | int | Refused:
        """Of `a > 1 || b == 2` with a not known and b = 2: true; with b = 3: refused, for a is missing."""
        known = {name: value for name in self.names if (value := values[name]) is not None}
        found = self.program.eval(data=known)
        if found.type() == _TYPES[self.wanted]:
            return cast("bool | int", found.value())
        told = str(found.value())
        if "overflow" in told or "too big" in told:
            return Refused("overflow")
        if "by zero" in told:
            return Refused("divided_by_zero")
        missing = next((name for name in self.names if name not in known), None)
        return Refused("fact_missing", missing) if missing else Refused("not_evaluated")


def compile_rule(text: object, names: Collection[str], wanted: Wanted) -> Condition | Problem:
    """`wanted`: what it must give. Positions count characters from 1.

    `orders_90d > 2 && trend_bp_90d >= -500` is a condition; `orders_90 > 2` is a Problem, `unknown_fact` at
    1 with `orders_90d` as the name that was perhaps meant.
    """
    if not isinstance(text, str) or not text.strip():
        return Problem("rule_not_text", {})
    if len(text) > LONGEST:
        return Problem("rule_too_long", {"length": len(text), "most": LONGEST})
    return _compiled(text, tuple(names), wanted)


@lru_cache(maxsize=4096)
def _compiled(text: str, names: tuple[str, ...], wanted: Wanted) -> Condition | Problem:
    read = list(_tokens(text))
    if problem := _form(read, frozenset(names)):
        return problem
    try:
        program = _environment(names).compile(text)
    except RuntimeError as refused:
        return _told(str(refused))
    if program.return_type() != _TYPES[wanted]:
        return Problem("rule_gives_another_type", {"wanted": wanted, "found": program.return_type().name()})
    used = {token for kind, token, _ in read if kind == "name"}
    return Condition(text, wanted, tuple(name for name in names if name in used), program)


@lru_cache(maxsize=16)
def _environment(names: tuple[str, ...]) -> cel.Env:
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.INT))


Token = tuple[str, str, int]
"""Kind (name, number, symbol, other), text and position."""


def _tokens(text: str) -> Iterator[Token]:
    """What is not of the small language ends the reading, as `other`."""
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            rest = text[place:].lstrip()
            yield "other", rest[0], len(text) - len(rest) + 1
            return
        yield match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1
        place = match.end()


def _form(tokens: list[Token], names: frozenset[str]) -> Problem | None:
    """What is refused before the library reads it: a stranger symbol or name, a call, depth, a long list."""
    opened: list[list[Any]] = []
    signs = 0
    for number, (kind, token, place) in enumerate(tokens):
        if kind == "other":
            return Problem("rule_symbol_not_allowed", {"symbol": token, "position": place})
        if kind == "name" and token not in _WORDS:
            if tokens[number + 1 : number + 2] and tokens[number + 1][1] == "(":
                return Problem("rule_has_no_calls", {"name": token, "position": place})
            if token not in names:
                close = get_close_matches(token, names, 1)
                return Problem(
                    "unknown_fact", {"name": token, "position": place, "close": close[0] if close else None}
                )
        signs = signs + 1 if token in ("!", "-", "?") else (signs if token in ("(", "[") else 0)
        if token in ("(", "["):
            opened.append([token, 1])
        elif token in (")", "]") and opened:
            opened.pop()
        elif opened and token == ",":  # noqa: S105
            opened[-1][1] += 1
            if opened[-1][1] > LONGEST_LIST:
                return Problem("rule_list_too_long", {"most": LONGEST_LIST, "position": place})
        if len(opened) > DEEPEST or signs > DEEPEST:
            return Problem("rule_too_deep", {"most": DEEPEST, "position": place})
    return None


def _told(message: str) -> Problem:
    """The library's own message as one of ours; what it found first."""
    found = _PLACE.search(message)
    if "recursion" in message or found is None:
        return Problem("rule_too_deep", {"most": DEEPEST, "position": 1})
    line, column, words = int(found[1]), int(found[2]), found[3]
    at: Params = {"line": line, "position": column}
    if "no matching overload" in words:
        operator, _, kinds = words.partition(" applied to ")
        sign = _OPERATORS.search(operator)
        return Problem("rule_types_do_not_fit", at | {"sign": sign[1] if sign else "", "kinds": kinds[1:-1]})
    if "invalid int literal" in words:
        return Problem("rule_number_too_large", at)
    return Problem("rule_not_readable", at)
