"""The product document: what a tenant writes, all that is wrong with it at once, and the terms that follow.

Its settings, one by one: settings.py. What must fit together: contradictions.py.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from kernel.errors import FieldProblem, Invalid
from products.rules.checks import day, name
from products.rules.contradictions import contradictions
from products.rules.law import cap_on, law_row
from products.rules.settings import LATER, OVERRIDABLE, OVERRIDES, SETTINGS, Setting, Settings
from products.rules.terms import LegalForm, MonthDay, Terms

ProductDocument = Mapping[str, Any]
"""JSON, in the groups of `SETTINGS`. Rates are text (`"0.0005"`), since JSON numbers may lose digits."""


NON_ACCRUAL_DAYS = 90
"""Unless the product says otherwise (DOMAIN.md §11)."""


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """What the programme gives to the terms of all its products."""

    currency: str
    legal_form: LegalForm = "loan"
    lender_book: UUID
    tenant_book: UUID


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is chosen, or known, when an order is authorised."""

    instalments: int | None = None
    due_day: MonthDay | None = None
    tier: str | None = None
    category: str | None = None
    campaign: str | None = None


def validate(document: ProductDocument, *, currency: str | None = None) -> list[FieldProblem]:
    """All problems of the document; none: it can be published. `currency`: that of its programme.

    Every override must give a sound product too, applied alone.
    """
    if not isinstance(document, dict):
        return [FieldProblem("#", "not_a_group")]
    plain = {key: value for key, value in document.items() if key not in ("overrides", "seasons")}
    found = list(_problems(plain, SETTINGS, "#"))
    found += _override_problems(document)
    if found:
        return found
    if currency is not None and document["currency"] != currency:
        found.append(FieldProblem("#/currency", "currency_mismatch", {"currency": currency}))
    found += contradictions(plain, "#")
    if not found:
        for pointer, override in _overrides(document):
            found += contradictions(_merged(plain, override), pointer)
    return found


def resolve(
    document: ProductDocument,
    *,
    product_id: UUID,
    product_version: int,
    programme: Programme,
    on: date | None = None,
    choice: Choice | None = None,
) -> Terms:
    """The terms of a drawdown under this version, authorised `on` that day (season, law's cap).

    Raises ValueError if the document has problems, Invalid if the choice is not among what it offers.
    """
    if problems := validate(document, currency=programme.currency):
        raise ValueError(f"not a product: {problems}")
    choice = choice or Choice()
    whole = _under(document, choice, on)
    chosen = _chosen(whole, SETTINGS)
    if choice.due_day is not None:
        if choice.due_day not in (offered := whole.get("due_dates", {}).get("buyer_due_days", [])):
            names = ", ".join(map(str, offered))
            raise Invalid(errors=(FieldProblem("#/due_day", "due_day_not_offered", {"offered": names}),))
        chosen["due_day"] = choice.due_day
    chosen.setdefault("non_accrual_days", NON_ACCRUAL_DAYS)
    return Terms(
        product_id=product_id,
        product_version=product_version,
        legal_form=programme.legal_form,
        lender_book=programme.lender_book,
        tenant_book=programme.tenant_book,
        instalments=_instalments(whole, choice),
        **(chosen | _law(whole, on)),
    )


def _instalments(document: ProductDocument, choice: Choice) -> int:
    offered = document.get("repayment", {}).get("instalments", 1)
    numbers: list[int] = offered if isinstance(offered, list) else [offered]
    if choice.instalments is None:
        return numbers[0]
    if choice.instalments not in numbers:
        names = ", ".join(map(str, numbers))
        raise Invalid(errors=(FieldProblem("#/instalments", "instalments_not_offered", {"offered": names}),))
    return choice.instalments


def _law(document: ProductDocument, on: date | None) -> dict[str, Any]:
    law = document.get("law")
    row = law_row(law["jurisdiction"], law["licence"], on) if law and on else None
    if row is None or on is None:
        return {}
    return {"cap_annual_rate": cap_on(row, on), "cap_measure": row.measure, "law_row": row.code}


def _under(document: ProductDocument, choice: Choice, on: date | None) -> dict[str, Any]:
    """The document with the overrides of this choice and day, in their order."""
    whole = {key: value for key, value in document.items() if key not in ("overrides", "seasons")}
    overrides = document.get("overrides", {})
    for kind in OVERRIDES:
        if kind == "campaign" and on is not None:
            for season in document.get("seasons", []):
                if date.fromisoformat(season["from_on"]) <= on <= date.fromisoformat(season["to_on"]):
                    whole = _merged(whole, season["override"])
        chosen = getattr(choice, kind)
        if chosen is not None and chosen in overrides.get(kind, {}):
            whole = _merged(whole, overrides[kind][chosen])
    return whole


def _merged(whole: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Group by group, the override's settings over the others; choosing one rate drops the other."""
    merged = dict(whole)
    for key, value in override.items():
        if isinstance(value, Mapping):
            kept = dict(merged.get(key, {}))
            if key == "price" and {"daily_rate", "annual_rate"} & set(value):
                kept = {k: v for k, v in kept.items() if k not in ("daily_rate", "annual_rate")}
            merged[key] = _merged(kept, value)
        else:
            merged[key] = value
    return merged


def _overrides(document: ProductDocument) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind, named in document.get("overrides", {}).items():
        for one, override in named.items():
            yield f"#/overrides/{kind}/{_escaped(one)}", override
    for place, season in enumerate(document.get("seasons", [])):
        yield f"#/seasons/{place}/override", season["override"]


def _override_problems(document: ProductDocument) -> Iterator[FieldProblem]:
    overrides = document.get("overrides", {})
    if not isinstance(overrides, Mapping):
        yield FieldProblem("#/overrides", "not_a_group")
        overrides = {}
    for kind, named in overrides.items():
        at = f"#/overrides/{_escaped(kind)}"
        if kind not in OVERRIDES:
            yield FieldProblem(at, "unknown_field")
        elif not isinstance(named, Mapping):
            yield FieldProblem(at, "not_a_group")
        else:
            for one, override in named.items():
                if problem := name(one):
                    yield FieldProblem(f"{at}/{_escaped(one)}", *problem)
                yield from _override_settings(override, f"{at}/{_escaped(one)}")
    yield from _season_problems(document.get("seasons", []))


def _season_problems(seasons: object) -> Iterator[FieldProblem]:
    if not isinstance(seasons, list):
        yield FieldProblem("#/seasons", "not_a_list")
        return
    for place, season in enumerate(seasons):
        at = f"#/seasons/{place}"
        if not isinstance(season, Mapping):
            yield FieldProblem(at, "not_a_group")
            continue
        for key in ("name", "from_on", "to_on", "override"):
            if key not in season:
                yield FieldProblem(f"{at}/{key}", "required")
        for key in season:
            if key not in ("name", "from_on", "to_on", "override"):
                yield FieldProblem(f"{at}/{_escaped(key)}", "unknown_field")
        for key in ("from_on", "to_on"):
            if key in season and (problem := day(season[key])):
                yield FieldProblem(f"{at}/{key}", *problem)
        if "override" in season:
            yield from _override_settings(season["override"], f"{at}/override")


def _override_settings(override: object, at: str) -> Iterator[FieldProblem]:
    if not isinstance(override, Mapping):
        yield FieldProblem(at, "not_a_group")
        return
    for group in override:
        if group not in OVERRIDABLE:
            yield FieldProblem(f"{at}/{_escaped(group)}", "not_overridable")
        else:
            settings = SETTINGS[group]
            assert not isinstance(settings, Setting)
            yield from _problems(override[group], settings, f"{at}/{group}")


def _problems(group: object, settings: Settings, pointer: str) -> Iterator[FieldProblem]:
    if not isinstance(group, Mapping):
        yield FieldProblem(pointer, "not_a_group")
        return
    for key in group:
        if key not in settings:
            later = key in LATER.get(pointer, ())
            yield FieldProblem(
                f"{pointer}/{_escaped(key)}", "not_supported_yet" if later else "unknown_field"
            )
    for key, setting in settings.items():
        at = f"{pointer}/{key}"
        if not isinstance(setting, Setting):
            yield from _problems(group.get(key, {}), setting, at)
        elif key not in group:
            if setting.required:
                yield FieldProblem(at, "required")
        elif problem := setting.check(group[key]):
            yield FieldProblem(at, *problem)


def _escaped(key: object) -> str:
    """RFC 6901: `~` is `~0`, `/` is `~1`."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _chosen(group: ProductDocument, settings: Settings) -> dict[str, Any]:
    """The fields of `Terms` that the document sets; the others have their defaults there."""
    chosen: dict[str, Any] = {}
    for key, setting in settings.items():
        if not isinstance(setting, Setting):
            chosen |= _chosen(group.get(key, {}), setting)
        elif key in group and setting.becomes:
            chosen[setting.becomes] = setting.read(group[key])
    return chosen
