"""The product document: what a tenant writes, all that is wrong with it at once, and the terms that follow.

One table holds every setting: how it is checked, and which field of `Terms` it becomes. What DOMAIN.md §3
knows and this version does not offer yet is `not_supported_yet`; anything else is `unknown_field`.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from kernel.errors import FieldProblem, Params
from kernel.money import UnknownCurrency, currency_digits
from products.rules.terms import COMPONENTS, LegalForm, Terms, billionths

ProductDocument = Mapping[str, Any]
"""JSON, in the groups of `SETTINGS`. Rates are text (`"0.0005"`), since JSON numbers may lose digits."""


Problem = tuple[str, Params]
"""What is wrong with a value: its code and what fills the sentence."""


def _as_is(value: Any) -> Any:
    return value


class Setting(msgspec.Struct, frozen=True):
    """`becomes`: the field of `Terms`, or "" where only one value is offered and nothing depends on it."""

    becomes: str
    check: Callable[[object], Problem | None]
    read: Callable[[Any], Any] = _as_is
    required: bool = False


def whole(low: int = 0, high: int = 3650) -> Callable[[object], Problem | None]:
    def check(value: object) -> Problem | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "not_a_whole_number", {}
        return None if low <= value <= high else ("out_of_range", {"low": low, "high": high})

    return check


def choice(*now: str, later: tuple[str, ...] = ()) -> Callable[[object], Problem | None]:
    def check(value: object) -> Problem | None:
        if value in now:
            return None
        if value in later:
            return "not_supported_yet", {"value": str(value)}
        return "unknown_value", {"allowed": ", ".join(now)}

    return check


def rate(value: object) -> Problem | None:
    if not isinstance(value, str):
        return "not_a_rate", {}
    try:
        parsed = Decimal(value)
        billionths(parsed)
    except (InvalidOperation, ValueError):
        return "not_a_rate", {}
    return None if 0 <= parsed < 1 else ("out_of_range", {"low": 0, "high": 1})


def flag(value: object) -> Problem | None:
    return None if isinstance(value, bool) else ("not_a_flag", {})


def order(value: object) -> Problem | None:
    if isinstance(value, list | tuple) and sorted(map(str, value)) == sorted(COMPONENTS):
        return None
    return "invalid_order", {"allowed": ", ".join(COMPONENTS)}


def currency(value: object) -> Problem | None:
    try:
        currency_digits(str(value))
    except UnknownCurrency:
        return "unknown_currency", {"value": str(value)}
    return None


Settings = Mapping[str, "Setting | Settings"]
AMOUNT = 10**15
FORMS_LATER = ("equal_instalment", "equal_principal", "interest_only", "flat_fee")

SETTINGS: Settings = {
    "currency": Setting("currency", currency, required=True),
    "due_dates": {
        "rule": Setting("", choice("days_after", later=("end_of_month", "end_of_week", "bill_day"))),
        "days": Setting("term_days", whole(1), required=True),
        "shift": Setting("", choice("none", later=("following", "modified_following", "preceding"))),
        "min_notice_days": Setting("min_notice_days", whole()),
    },
    "repayment": {"form": Setting("", choice("one_payment", later=FORMS_LATER))},
    "price": {
        "daily_rate": Setting("daily_rate", rate, Decimal, required=True),
        "day_count": Setting("", choice("actual/365", later=("actual/360", "actual/actual", "30/360"))),
        "interest_free": {
            "rule": Setting("", choice("days", later=("until_due", "if_closed_within"))),
            "days": Setting("free_days", whole()),
        },
        "merchant_fee_rate": Setting("merchant_fee_rate", rate, Decimal),
        "merchant_fee_returns": Setting("merchant_fee_returns", flag),
    },
    "past_due": {
        "grace_days": Setting("grace_days", whole(high=365)),
        "after_due": Setting("after_due", choice("replaced", later=("continues",))),
        "penalty_daily_rate": Setting("penalty_daily_rate", rate, Decimal),
        "penalty_base": Setting("penalty_base", choice("overdue_principal", "overdue_total")),
        "penalty_start": Setting("penalty_start", choice("due_date", "grace_end")),
    },
    "early_payment": Setting("early_payment", choice("allowed", "refused")),
    "refund": {"method": Setting("refund_method", choice("from_capture", "from_refund"))},
    "allocation": {
        "order": Setting("allocation_order", order, tuple),
        "direction": Setting("", choice("horizontal", later=("vertical",))),
        "surplus": Setting("surplus", choice("credit", "prepay")),
    },
    "limits": {
        "drawdown_minimum_minor": Setting("drawdown_minimum_minor", whole(1, AMOUNT)),
        "drawdown_maximum_minor": Setting("drawdown_maximum_minor", whole(1, AMOUNT)),
    },
    "authorisation": {
        "days": Setting("authorisation_days", whole(1, 365)),
        "partial_capture": Setting("partial_capture", flag),
        "capture_backdating_days": Setting("capture_backdating_days", whole(high=365)),
    },
    "rounding": Setting("rounding", choice("half_up", "half_even")),
}

LATER: Mapping[str, frozenset[str]] = {
    "#": frozenset(
        {"floating_rate", "down_payment", "subsidy", "tiers", "season", "guarantee", "eligibility"}
        | {"approval", "reminders", "collections", "law", "fees", "ladder", "campaigns"}
    ),
    "#/due_dates": frozenset({"calendar", "due_day", "bill_day", "first_due"}),
    "#/repayment": frozenset({"instalments", "period"}),
    "#/price": frozenset({"annual_rate", "drawdown_fee", "minimum_charge", "overrides", "shares"}),
    "#/past_due": frozenset({"penalty_cap", "shortfall_tolerance"}),
    "#/limits": frozenset({"tenant_budget", "group_budget", "step", "over_capture", "sub_lines"}),
    "#/authorisation": frozenset({"renewals"}),
    "#/refund": frozenset({"non_refundable", "from_refund_order"}),
}
"""Settings of DOMAIN.md §3 that have a name and no effect yet, by the pointer of their group."""


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """What the programme gives to the terms of all its products."""

    currency: str
    legal_form: LegalForm = "loan"
    lender_book: UUID
    tenant_book: UUID


def validate(document: ProductDocument, *, currency: str | None = None) -> list[FieldProblem]:
    """All problems of the document; none: it can be published. `currency`: that of its programme."""
    found = list(_problems(document, SETTINGS, "#"))
    if found:
        return found
    chosen = _chosen(document, SETTINGS)
    if currency is not None and chosen["currency"] != currency:
        found.append(FieldProblem("#/currency", "currency_mismatch", {"currency": currency}))
    maximum = chosen.get("drawdown_maximum_minor")
    minimum = chosen.get("drawdown_minimum_minor", 1)
    if maximum is not None and maximum < minimum:
        found.append(
            FieldProblem("#/limits/drawdown_maximum_minor", "below_minimum", {"minimum_minor": minimum})
        )
    return found


def resolve(
    document: ProductDocument, *, product_id: UUID, product_version: int, programme: Programme
) -> Terms:
    """The terms of a drawdown under this version. Raises ValueError if the document has problems."""
    if problems := validate(document, currency=programme.currency):
        raise ValueError(f"not a product: {problems}")
    return Terms(
        product_id=product_id,
        product_version=product_version,
        legal_form=programme.legal_form,
        lender_book=programme.lender_book,
        tenant_book=programme.tenant_book,
        **_chosen(document, SETTINGS),
    )


def _problems(group: object, settings: Settings, pointer: str) -> Iterator[FieldProblem]:
    if not isinstance(group, Mapping):
        yield FieldProblem(pointer, "not_a_group")
        return
    for name in group:
        if name not in settings:
            later = name in LATER.get(pointer, ())
            yield FieldProblem(
                f"{pointer}/{_escaped(name)}", "not_supported_yet" if later else "unknown_field"
            )
    for name, setting in settings.items():
        at = f"{pointer}/{name}"
        if not isinstance(setting, Setting):
            yield from _problems(group.get(name, {}), setting, at)
        elif name not in group:
            if setting.required:
                yield FieldProblem(at, "required")
        elif problem := setting.check(group[name]):
            yield FieldProblem(at, *problem)


def _escaped(name: object) -> str:
    """RFC 6901: `~` is `~0`, `/` is `~1`."""
    return str(name).replace("~", "~0").replace("/", "~1")


def _chosen(group: ProductDocument, settings: Settings) -> dict[str, Any]:
    """The fields of `Terms` that the document sets; the others have their defaults there."""
    chosen: dict[str, Any] = {}
    for name, setting in settings.items():
        if not isinstance(setting, Setting):
            chosen |= _chosen(group.get(name, {}), setting)
        elif name in group and setting.becomes:
            chosen[setting.becomes] = setting.read(group[name])
    return chosen
