"""The product document: what a tenant writes, all that is wrong with it at once, and the terms that follow.

Its settings, one by one: settings.py. What must fit together: contradictions.py. What the law says to it:
lawful.py. What a tier, category, season or campaign changes: overrides.py. Who is in which tier: tiers.py.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec

from kernel.errors import FieldProblem, Invalid
from products.rules.contradictions import contradictions
from products.rules.document import fields, problems
from products.rules.due_dates import nominal_dates
from products.rules.law import LawRow, Party, cap_on, law_row
from products.rules.lawful import floating_rate, unlawful
from products.rules.overrides import override_problems, together, under, without_overrides
from products.rules.settings import SETTINGS
from products.rules.terms import LegalForm, MonthDay, Terms
from products.rules.tiers import limit_problems, tier_problems

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
    """What is chosen, or known, when an order is authorised. `party`: what the buyer is before the law."""

    instalments: int | None = None
    due_day: MonthDay | None = None
    tier: str | None = None
    category: str | None = None
    campaign: str | None = None
    party: Party = "company"


PLAIN = Choice()


def validate(
    document: ProductDocument, *, currency: str | None = None, on: date | None = None
) -> list[FieldProblem]:
    """All problems of the document; none: it can be published. `currency`: that of its programme.

    `on`: the law of that day, else what its rows always forbid. Each override must give a sound product too,
    alone and with each other one that an order can meet together with it.
    """
    if found := _problems(document):
        return found
    plain = without_overrides(document)
    if currency is not None and document["currency"] != currency:
        found.append(FieldProblem("#/currency", "currency_mismatch", {"currency": currency}))
    found += contradictions(plain, "#") + unlawful(plain, "#", on=on) + limit_problems(plain)
    if not found:
        for at, whole in together(document):
            found += contradictions(whole, at) + unlawful(whole, at, on=on)
    return list({(one.pointer, one.code): one for one in found}.values())


def resolve(
    document: ProductDocument,
    *,
    product_id: UUID,
    product_version: int,
    programme: Programme,
    on: date,
    choice: Choice = PLAIN,
) -> Terms:
    """The terms of a drawdown under this version, authorised `on` that day (season, law's row and cap).

    Raises ValueError if the document has problems; Invalid if the choice is not among what it offers, or if
    the overrides that meet here contradict each other or the law of that day (`#/terms/…`).
    """
    wrong = _problems(document) or contradictions(without_overrides(document), "#")
    if wrong or document["currency"] != programme.currency:
        raise ValueError(f"not a product of this programme: {wrong}")
    known = {"tier": choice.tier, "category": choice.category, "campaign": choice.campaign}
    whole = under(document, known, on)
    if found := contradictions(whole, "#/terms") + unlawful(whole, "#/terms", on=on, party=choice.party):
        raise Invalid(errors=tuple(found))
    row = _law_row(whole, choice.party, on)
    chosen = {"non_accrual_days": NON_ACCRUAL_DAYS} | fields(whole, SETTINGS) | _due_day(whole, choice)
    chosen["statement_day"] = cut_day(whole)
    chosen |= _floating(whole, on)
    if row is not None:
        chosen |= {"cap_annual_rate": cap_on(row, on), "cap_measure": row.measure, "law_row": row.code}
    terms = Terms(
        product_id=product_id,
        product_version=product_version,
        legal_form=programme.legal_form,
        lender_book=programme.lender_book,
        tenant_book=programme.tenant_book,
        instalments=_instalments(whole, choice),
        **chosen,
    )
    if row is not None and row.term_cap_days is not None:
        _refuse_long_terms(terms, row.term_cap_days, row.code, on)
    return terms


def _problems(document: ProductDocument) -> list[FieldProblem]:
    """Of each setting by itself."""
    if not isinstance(document, dict):
        return [FieldProblem("#", "not_a_group")]
    return [
        *problems(without_overrides(document), SETTINGS, "#"),
        *override_problems(document),
        *tier_problems(document),
    ]


def _instalments(document: ProductDocument, choice: Choice) -> int:
    """Unless chosen, the first that is offered."""
    offered = document.get("repayment", {}).get("instalments", 1)
    numbers: list[int] = offered if isinstance(offered, list) else [offered]
    if choice.instalments is None:
        return numbers[0]
    if choice.instalments not in numbers:
        names = ", ".join(map(str, numbers))
        raise Invalid(errors=(FieldProblem("#/instalments", "instalments_not_offered", {"offered": names}),))
    return choice.instalments


def _floating(document: ProductDocument, on: date) -> dict[str, Any]:
    """The rate of the day, with which the contract begins. Raises Invalid where none was published yet."""
    floating = document["price"].get("floating")
    if not floating:
        return {}
    try:
        return {"annual_rate": floating_rate(floating, on)}
    except ValueError:
        told = {"index": floating["index"], "on": str(on)}
        raise Invalid(errors=(FieldProblem("#/terms/price/floating/index", "no_index_rate", told),)) from None


def _due_day(document: ProductDocument, choice: Choice) -> dict[str, Any]:
    if choice.due_day is None:
        return {}
    offered = due_days(document)
    if choice.due_day not in offered:
        names = ", ".join(map(str, offered))
        raise Invalid(errors=(FieldProblem("#/due_day", "due_day_not_offered", {"offered": names}),))
    return {"due_day": choice.due_day}


def due_days(document: ProductDocument) -> tuple[MonthDay, ...]:
    """The days of the month of which a buyer may choose; none where the rule has no due day."""
    dates = document.get("due_dates", {})
    own = [dates["due_day"]] if "due_day" in dates else []
    return tuple(dict.fromkeys([*dates.get("buyer_due_days", []), *own]))


def cut_day(document: ProductDocument) -> MonthDay | None:
    """The day of the month on which statements are cut: a billing cycle's own, or the one named; None: there
    are none.
    """
    dates = document.get("due_dates", {})
    if dates.get("rule") == "bill_day":
        day: MonthDay | None = dates["bill_day"]
        return day
    named: MonthDay | None = document.get("statement", {}).get("bill_day")
    return named


def _law_row(document: ProductDocument, party: Party, on: date) -> LawRow | None:
    law = document.get("law")
    return law_row(law["jurisdiction"], law["licence"], party, on) if law else None


def _refuse_long_terms(terms: Terms, cap_days: int, rule: str, on: date) -> None:
    """On whatever day the order is captured before its authorisation ends."""
    for later in range(terms.authorisation_days):
        captured_on = on + timedelta(later)
        if (nominal_dates(terms, captured_on)[-1] - captured_on).days > cap_days:
            told = FieldProblem("#/terms/due_dates", "term_exceeds_cap", {"days": cap_days, "rule": rule})
            raise Invalid(errors=(told,))
