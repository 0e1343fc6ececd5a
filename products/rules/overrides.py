"""What a tier, a goods category, a season or a campaign changes of a product (DOMAIN.md §3).

They are laid over the product in this order, and the last one wins. Each may set the groups in
`OVERRIDABLE` only, setting by setting.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations
from typing import Any

import msgspec

from kernel.errors import FieldProblem
from products.rules.checks import day, name
from products.rules.document import escaped, problems
from products.rules.settings import OVERRIDABLE, OVERRIDES, SETTINGS, Setting

_SEASON = ("name", "from_on", "to_on", "override")
RATES = frozenset({"daily_rate", "annual_rate", "floating"})
"""Of these a price has exactly one."""
_ANY_RULE = ("shift", "calendar", "min_notice_days")
"""Settings of due dates that outlive another rule."""


class Layer(msgspec.Struct, frozen=True):
    """`at`: where it stands in the document."""

    kind: str
    name: str
    at: str
    override: Mapping[str, Any]
    from_on: date = date.min
    to_on: date = date.max


def without_overrides(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in ("overrides", "seasons")}


def layers(document: Mapping[str, Any]) -> list[Layer]:
    """In the order in which they are laid."""
    found = []
    for kind in OVERRIDES:
        if kind == "season":
            for place, season in enumerate(document.get("seasons", [])):
                days = date.fromisoformat(season["from_on"]), date.fromisoformat(season["to_on"])
                found.append(
                    Layer(kind, season["name"], f"#/seasons/{place}/override", season["override"], *days)
                )
        else:
            for one, override in document.get("overrides", {}).get(kind, {}).items():
                found.append(Layer(kind, one, f"#/overrides/{kind}/{escaped(one)}", override))
    return found


def together(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The product under each layer alone, then under each two that one order can meet; at the later one."""
    plain, laid = without_overrides(document), layers(document)
    for layer in laid:
        yield layer.at, merged(plain, layer.override)
    for first, second in combinations(laid, 2):
        both = first.kind != second.kind or first.kind == "season"
        if both and first.from_on <= second.to_on and second.from_on <= first.to_on:
            yield second.at, merged(merged(plain, first.override), second.override)


def under(document: Mapping[str, Any], known: Mapping[str, str | None], on: date) -> dict[str, Any]:
    """The product with the overrides of what is known by kind (tier, category, campaign) and of that day's
    seasons. A name without an override changes nothing.
    """
    whole = without_overrides(document)
    for layer in layers(document):
        fits = layer.kind == "season" or known.get(layer.kind) == layer.name
        if fits and layer.from_on <= on <= layer.to_on:
            whole = merged(whole, layer.override)
    return whole


def merged(whole: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Group by group, the override's settings over the others. Choosing one rate drops the other; another
    rule drops what belonged to the old one.
    """
    found = dict(whole)
    for key, value in override.items():
        if isinstance(value, Mapping):
            found[key] = merged(_kept(key, found.get(key, {}), value), value)
        else:
            found[key] = value
    return found


def _kept(group: str, before: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(before)
    if group == "price" and RATES & set(override) and not ("floating" in kept and "floating" in override):
        kept = {key: value for key, value in kept.items() if key not in RATES}
    if "rule" in override and override["rule"] != kept.get("rule"):
        kept = {key: value for key, value in kept.items() if key in _ANY_RULE}
    return kept


def override_problems(document: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Of each override and season by itself, before anything is laid over the product."""
    overrides = document.get("overrides", {})
    if not isinstance(overrides, Mapping):
        yield FieldProblem("#/overrides", "not_a_group")
        overrides = {}
    for kind, named in overrides.items():
        at = f"#/overrides/{escaped(kind)}"
        if kind not in OVERRIDES or kind == "season":
            yield FieldProblem(at, "unknown_field")
        elif not isinstance(named, Mapping):
            yield FieldProblem(at, "not_a_group")
        else:
            for one, override in named.items():
                if problem := name(one):
                    yield FieldProblem(f"{at}/{escaped(one)}", *problem)
                yield from _settings(override, f"{at}/{escaped(one)}")
    seasons = document.get("seasons", [])
    if not isinstance(seasons, list):
        yield FieldProblem("#/seasons", "not_a_list")
        return
    for place, season in enumerate(seasons):
        yield from _season(season, f"#/seasons/{place}")


def _season(season: object, at: str) -> Iterator[FieldProblem]:
    if not isinstance(season, Mapping):
        yield FieldProblem(at, "not_a_group")
        return
    yield from (FieldProblem(f"{at}/{key}", "required") for key in _SEASON if key not in season)
    yield from (FieldProblem(f"{at}/{escaped(key)}", "unknown_field") for key in season if key not in _SEASON)
    if "name" in season and (problem := name(season["name"])):
        yield FieldProblem(f"{at}/name", *problem)
    wrong = {key: problem for key in ("from_on", "to_on") if key in season and (problem := day(season[key]))}
    yield from (FieldProblem(f"{at}/{key}", *problem) for key, problem in wrong.items())
    if not wrong and {"from_on", "to_on"} <= season.keys() and season["to_on"] < season["from_on"]:
        yield FieldProblem(f"{at}/to_on", "ends_before_it_begins", {"from_on": season["from_on"]})
    if "override" in season:
        yield from _settings(season["override"], f"{at}/override")


def _settings(override: object, at: str) -> Iterator[FieldProblem]:
    if not isinstance(override, Mapping):
        yield FieldProblem(at, "not_a_group")
        return
    for group in override:
        settings = SETTINGS.get(group) if group in OVERRIDABLE else None
        if settings is None or isinstance(settings, Setting):
            yield FieldProblem(f"{at}/{escaped(group)}", "not_overridable")
        else:
            yield from problems(override[group], settings, f"{at}/{group}")
