"""A derivation: how an amount comes about, as a tree that can be computed again (explain every yuan)."""

from datetime import date
from typing import Literal

import msgspec

from kernel.money import Rounding, round_ratio

Op = Literal["given", "product", "rounded", "sum", "difference", "least"]
"""given: stands in an event or in the terms. product: base × rate × days, exact, not yet an amount.
rounded: the sum of its parts ÷ `denominator`. difference: the first less the others. least: of its parts."""


class Derivation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`value` in minor units (of a product: minor units × the denominator above it).

    `rule` is the key of a text in plain words; `facts` are dates, rates, days and numbers as they entered.
    """

    rule: str
    op: Op
    value: int
    facts: dict[str, str | int] = {}
    denominator: int = 1
    parts: tuple["Derivation", ...] = ()


def given(rule: str, value: int, **facts: str | int) -> Derivation:
    return Derivation(rule=rule, op="given", value=value, facts=facts)


def product(
    rule: str, base: int, rate_billionths: int, days: int, on: tuple[date, date], **facts: str | int
) -> Derivation:
    """The nights from one date to the other (not itself): base × rate × days."""
    entered: dict[str, str | int] = {
        "from_on": on[0].isoformat(),
        "to_on": on[1].isoformat(),
        "base_minor": base,
        "rate_billionths": rate_billionths,
        "days": days,
    }
    return Derivation(rule=rule, op="product", value=base * rate_billionths * days, facts=entered | facts)


def rounded(
    rule: str, parts: tuple[Derivation, ...], denominator: int, mode: Rounding | Literal["down"]
) -> Derivation:
    exact = sum(part.value for part in parts)
    return Derivation(
        rule=rule,
        op="rounded",
        value=exact // denominator if mode == "down" else round_ratio(exact, denominator, mode),
        facts={"rounding": mode},
        denominator=denominator,
        parts=parts,
    )


def total(rule: str, *parts: Derivation) -> Derivation:
    return Derivation(rule=rule, op="sum", value=sum(part.value for part in parts), parts=parts)


def less(rule: str, whole: Derivation, *parts: Derivation) -> Derivation:
    value = whole.value - sum(part.value for part in parts)
    return Derivation(rule=rule, op="difference", value=value, parts=(whole, *parts))


def least(rule: str, *parts: Derivation) -> Derivation:
    return Derivation(rule=rule, op="least", value=min(part.value for part in parts), parts=parts)
