"""The frozen terms of one drawdown: all that the engine must know of the product under which it was made."""

from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec

from kernel.money import HALF_UP, Rounding

Component = Literal["penalty", "fee", "interest", "principal"]
COMPONENTS: tuple[Component, ...] = ("penalty", "fee", "interest", "principal")

LegalForm = Literal["loan"]
AfterDue = Literal["replaced"]
PenaltyBase = Literal["overdue_principal", "overdue_total"]
PenaltyStart = Literal["due_date", "grace_end"]
RefundMethod = Literal["from_capture", "from_refund"]

RATE_DIGITS = 9
"""A rate has at most this many decimals, so rate × 10⁹ is a whole number and an accrual is exact."""
RATE_SCALE = 10**RATE_DIGITS


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Stored once per tenant under `terms_id`. Rates are fractions: 0.0005 is 5 per 10,000 a day."""

    product_id: UUID
    product_version: int
    currency: str
    legal_form: LegalForm = "loan"
    lender_book: UUID
    tenant_book: UUID

    term_days: int
    min_notice_days: int = 0
    free_days: int = 0
    daily_rate: Decimal
    grace_days: int = 0
    after_due: AfterDue = "replaced"
    penalty_daily_rate: Decimal = Decimal(0)
    penalty_base: PenaltyBase = "overdue_principal"
    penalty_start: PenaltyStart = "due_date"

    allocation_order: tuple[Component, ...] = COMPONENTS
    surplus: Literal["credit", "prepay"] = "credit"
    early_payment: Literal["allowed", "refused"] = "allowed"
    refund_method: RefundMethod = "from_capture"
    merchant_fee_rate: Decimal = Decimal(0)
    merchant_fee_returns: bool = True

    authorisation_days: int = 30
    partial_capture: bool = True
    capture_backdating_days: int = 7
    drawdown_minimum_minor: int = 1
    drawdown_maximum_minor: int | None = None
    rounding: Rounding = HALF_UP


def billionths(rate: Decimal) -> int:
    """The rate × 10⁹. Raises ValueError if it has more than nine decimals or is no finite number."""
    scaled = rate.scaleb(RATE_DIGITS) if rate.is_finite() else rate
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"a rate has at most {RATE_DIGITS} decimals: {rate}")
    return int(scaled)


def plain(rate: Decimal) -> str:
    """Equal rates have one spelling: 0.00050 and 5E-4 both become 0.0005."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical(terms: Terms) -> bytes:
    """JSON with sorted keys, no spaces and plain decimals: equal terms give equal bytes."""
    fields: dict[str, Any] = msgspec.to_builtins(terms, builtin_types=(Decimal,))
    rates = {name: plain(value) for name, value in fields.items() if isinstance(value, Decimal)}
    return msgspec.json.encode(fields | rates, order="sorted")


def terms_id(terms: Terms) -> UUID:
    """The first 16 bytes of the SHA-256 of the canonical form."""
    return UUID(bytes=sha256(canonical(terms)).digest()[:16])


_decoder = msgspec.json.Decoder(Terms)


def decode_terms(document: bytes) -> Terms:
    """What `canonical` wrote. Raises msgspec.ValidationError on anything else."""
    return _decoder.decode(document)
