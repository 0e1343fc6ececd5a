"""The tiers of a product: what is wrong with them, which one a buyer's facts give, and with what limit.

`tiers` is a list, best first. A buyer's tier is the first whose condition holds (DOMAIN.md §5). A condition
without a value (a fact that is not known, an overflow) does not hold, and that is told.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from kernel.errors import FieldProblem, Params
from products.rules.checks import AMOUNT, MOST_TIERS, name, whole
from products.rules.condition import Condition, Problem, Refused, Wanted, compile_rule
from products.rules.document import escaped
from products.rules.facts import FACTS, Values
from tenants.rules import inputs

_KEYS: Final = ("code", "name_zh", "name_en", "condition", "initial_limit", "maximum_limit_minor")

Direction = Literal["first", "up", "down", "out"]
"""How a buyer moves: into its first tier (or back into one), to a better or a worse one, out of all."""


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """`initial_limit`: minor units, or the expression that gives them."""

    code: str
    name_zh: str
    name_en: str
    condition: Condition
    initial_limit: int | Condition
    maximum_limit_minor: int


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """A product's tiers, best first, and what cuts their limits."""

    tiers: tuple[Tier, ...]
    step_minor: int = 1
    line_minimum_minor: int = 0

    def place(self, code: str | None) -> int:
        """0 for the best; behind the last where there is none of that name (any more)."""
        codes = [tier.code for tier in self.tiers]
        return codes.index(code) if code in codes else len(codes)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """`rule`: the condition that decided, or all that did not hold. `facts`: those it names, with their
    values; `missing`: those of better tiers too that are not known and so kept the buyer out of one.
    """

    tier: str | None
    rule: str
    facts: dict[str, int | None]
    missing: tuple[str, ...]


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """`limit_minor`: the tier's initial limit, cut to maximum and step; None: no line of at least the
    minimum, or no value (`refusal`).
    """

    limit_minor: int | None
    maximum_limit_minor: int
    refusal: str | None = None


def tier_problems(document: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Of each tier by itself, of its conditions too, of codes that come twice and of overrides for none."""
    tiers = document.get("tiers")
    if not isinstance(tiers, list):
        return
    codes: list[str] = []
    for place, tier in enumerate(tiers[:MOST_TIERS]):
        at = f"#/tiers/{place}"
        if not isinstance(tier, Mapping):
            yield FieldProblem(at, "not_a_group")
            continue
        yield from (FieldProblem(f"{at}/{escaped(key)}", "unknown_field") for key in tier if key not in _KEYS)
        for key in _KEYS:
            if key not in tier:
                yield FieldProblem(f"{at}/{key}", "required")
            else:
                yield from _wrong(key, tier[key], f"{at}/{key}")
        if (code := tier.get("code")) in codes:
            yield FieldProblem(f"{at}/code", "duplicate_code", {"code": str(code)})
        codes.append(str(code))
    yield from _nobody(document.get("overrides"), codes)


def limit_problems(document: Mapping[str, Any]) -> list[FieldProblem]:
    """Of limits that are sound one by one: a maximum below the initial limit, a limit below the line's
    minimum.
    """
    found, told = ladder(document), []
    for place, tier in enumerate(found.tiers):
        at, initial, maximum = f"#/tiers/{place}", tier.initial_limit, tier.maximum_limit_minor
        least = max(found.line_minimum_minor, found.step_minor)
        if isinstance(initial, int) and maximum < initial:
            told.append(
                FieldProblem(f"{at}/maximum_limit_minor", "below_initial", {"initial_minor": initial})
            )
        elif maximum < least:
            params: Params = {"minimum_minor": least}
            told.append(FieldProblem(f"{at}/maximum_limit_minor", "below_line_minimum", params))
        elif isinstance(initial, int) and propose(found, tier, {}).limit_minor is None:
            told.append(FieldProblem(f"{at}/initial_limit", "below_line_minimum", {"minimum_minor": least}))
    return told


def ladder(document: Mapping[str, Any]) -> Ladder:
    """Of a document without problems; without tiers an empty one."""
    limits = document.get("limits", {})
    return Ladder(
        tiers=tuple(_tier(tier) for tier in document.get("tiers", [])),
        step_minor=limits.get("step_minor", 1),
        line_minimum_minor=limits.get("line_minimum_minor", 0),
    )


def judge(ladder: Ladder, values: Values) -> Judged:
    """The first tier whose condition holds."""
    missing: dict[str, None] = {}
    for tier in ladder.tiers:
        found = tier.condition.evaluate(values)
        if found is True:
            facts = {name: values[name] for name in tier.condition.names}
            return Judged(tier=tier.code, rule=tier.condition.text, facts=facts, missing=tuple(missing))
        if isinstance(found, Refused):
            missing |= {f"{tier.code}:{found.fact or found.code}": None}
    asked = dict.fromkeys(name for tier in ladder.tiers for name in tier.condition.names)
    rule = " | ".join(tier.condition.text for tier in ladder.tiers)
    return Judged(tier=None, rule=rule, facts={name: values[name] for name in asked}, missing=tuple(missing))


def direction(ladder: Ladder, old: str | None, new: str | None) -> Direction:
    """`old`: a tier that the product no longer has counts as behind the last."""
    if new is None:
        return "out"
    if old is None:
        return "first"
    return "up" if ladder.place(new) < ladder.place(old) else "down"


def propose(ladder: Ladder, tier: Tier | None, values: Values) -> Proposed:
    """The initial limit of a tier: never above its maximum, down to a whole step.

    Step 1,000, maximum 50,000: 12,345 gives 12,000, 99,999 gives 50,000; with a minimum of 20,000 the first
    gives none.
    """
    if tier is None:
        return Proposed(limit_minor=None, maximum_limit_minor=0)
    maximum = tier.maximum_limit_minor
    initial = tier.initial_limit
    found = initial.evaluate(values) if isinstance(initial, Condition) else initial
    if isinstance(found, Refused):
        told = f"{found.code}:{found.fact}" if found.fact else found.code
        return Proposed(limit_minor=None, maximum_limit_minor=maximum, refusal=told)
    limit = min(max(found, 0), maximum) // ladder.step_minor * ladder.step_minor
    if limit < max(ladder.line_minimum_minor, 1):
        return Proposed(limit_minor=None, maximum_limit_minor=maximum, refusal="below_line_minimum")
    return Proposed(limit_minor=limit, maximum_limit_minor=maximum)


def _wrong(key: str, value: object, at: str) -> Iterator[FieldProblem]:
    if key == "code":
        if not isinstance(value, str) or inputs.slug(value):
            yield FieldProblem(at, "not_a_slug")
    elif key in ("name_zh", "name_en"):
        if problem := name(value):
            yield FieldProblem(at, *problem)
    elif key == "condition" or isinstance(value, str):
        wanted: Wanted = "bool" if key == "condition" else "int"
        rule = compile_rule(value, FACTS, wanted) if key != "maximum_limit_minor" else None
        if isinstance(rule, Problem):
            yield FieldProblem(at, rule.code, rule.params)
        elif rule is None:
            yield FieldProblem(at, "not_a_whole_number")
    elif problem := whole(1, AMOUNT)(value):
        yield FieldProblem(at, *problem)


def _nobody(overrides: object, codes: list[str]) -> Iterator[FieldProblem]:
    named = overrides.get("tier") if isinstance(overrides, Mapping) else None
    for one in named if isinstance(named, Mapping) else ():
        if one not in codes:
            at = f"#/overrides/tier/{escaped(one)}"
            yield FieldProblem(at, "unknown_tier", {"allowed": ", ".join(codes)})


def _tier(tier: Mapping[str, Any]) -> Tier:
    initial = tier["initial_limit"]
    return Tier(
        code=tier["code"],
        name_zh=tier["name_zh"],
        name_en=tier["name_en"],
        condition=_sound(tier["condition"], "bool"),
        initial_limit=initial if isinstance(initial, int) else _sound(initial, "int"),
        maximum_limit_minor=tier["maximum_limit_minor"],
    )


def _sound(text: object, wanted: Wanted) -> Condition:
    rule = compile_rule(text, FACTS, wanted)
    if isinstance(rule, Problem):
        raise ValueError(f"no condition: {rule.code} {rule.params}")
    return rule
