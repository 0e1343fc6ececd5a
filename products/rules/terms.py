"""The frozen terms of one drawdown: all that the engine must know of the product under which it was made."""

from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec

from kernel.money import HALF_UP, Rounding
from products.rules.day_count import YEAR, DayCount

Component = Literal["penalty", "fee", "interest", "principal"]
COMPONENTS: tuple[Component, ...] = ("penalty", "fee", "interest", "principal")

LegalForm = Literal["loan"]
DueRule = Literal["periods", "days_after", "end_of_month", "end_of_week", "bill_day"]
PeriodUnit = Literal["day", "week", "month"]
MonthDay = int | Literal["last"]
Shift = Literal["none", "following", "modified_following", "preceding"]
CalendarName = Literal["none", "weekends", "CN", "GB-ENG"]
Form = Literal["one_payment", "equal_instalment", "equal_principal", "interest_only", "flat_fee"]
InterestFree = Literal["days", "until_due", "if_closed_within"]
IndexName = Literal["CN-LPR-1Y"]
RateReset = Literal["fixed", "period", "january", "anniversary"]
AfterDue = Literal["replaced", "continues"]
PenaltyBase = Literal["overdue_principal", "overdue_total"]
PenaltyStart = Literal["due_date", "grace_end"]
Prepayment = Literal["shorten", "lower_payment", "next"]
RefundMethod = Literal["from_capture", "from_refund"]
RefundOrder = Literal["last", "next", "pro_rata"]
CapMeasure = Literal["irr_simple", "irr_compound"]

RATE_DIGITS = 9
"""A rate has at most this many decimals, so rate × 10⁹ is a whole number and an accrual is exact."""
RATE_SCALE = 10**RATE_DIGITS


class Terms(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Stored once per tenant under `terms_id`. Rates are fractions: 0.0005 is 5 per 10,000.

    Exactly one of `daily_rate` and `annual_rate` is set. What each field does: docs/configuration.md.
    """

    product_id: UUID
    product_version: int
    currency: str
    legal_form: LegalForm = "loan"
    lender_book: UUID
    tenant_book: UUID

    due_rule: DueRule = "days_after"
    term_days: int = 0
    bill_day: MonthDay = 1
    due_day: MonthDay = 10
    statement_day: MonthDay | None = None
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    shift: Shift = "none"
    calendar: CalendarName = "none"
    min_notice_days: int = 0

    form: Form = "one_payment"
    instalments: int = 1
    down_payment_rate: Decimal = Decimal(0)
    down_payment_to: Literal["us", "platform"] = "platform"

    daily_rate: Decimal | None = None
    annual_rate: Decimal | None = None
    day_count: DayCount = "actual/365"
    rate_index: IndexName | None = None
    spread_rate: Decimal = Decimal(0)
    rate_reset: RateReset = "fixed"
    rate_lag_days: int = 0
    interest_free: InterestFree = "days"
    free_days: int = 0
    period_fee_rate: Decimal = Decimal(0)
    free_periods: int = 0
    drawdown_fee_rate: Decimal = Decimal(0)
    drawdown_fee_minor: int = 0
    buyer_fee_share: Decimal = Decimal(1)
    minimum_charge_minor: int = 0
    merchant_fee_rate: Decimal = Decimal(0)
    merchant_fee_returns: bool = True
    subsidiser: UUID | None = None
    subsidised_interest: Decimal = Decimal(0)
    subsidised_fee: Decimal = Decimal(0)

    grace_days: int = 0
    after_due: AfterDue = "replaced"
    penalty_daily_rate: Decimal = Decimal(0)
    penalty_base: PenaltyBase = "overdue_principal"
    penalty_start: PenaltyStart = "due_date"
    penalty_cap_rate: Decimal | None = None
    shortfall_tolerance_minor: int = 0
    non_accrual_days: int | None = None
    cure_instalments: int = 3

    early_payment: Literal["allowed", "refused"] = "allowed"
    early_interest: Literal["to_day", "whole_period"] = "to_day"
    early_fees: Literal["waived", "charged"] = "waived"
    prepayment: Prepayment = "shorten"
    prepayment_fee_rate: Decimal = Decimal(0)
    refund_method: RefundMethod = "from_capture"
    refund_order: RefundOrder = "last"
    refund_fees: bool = True
    dispute_days: int = 0
    silence_days: int = 10

    allocation_order: tuple[Component, ...] = COMPONENTS
    allocation_past_due: tuple[Component, ...] | None = None
    allocation_non_accrual: tuple[Component, ...] | None = None
    allocation_direction: Literal["horizontal", "vertical"] = "horizontal"
    surplus: Literal["credit", "prepay"] = "credit"

    cap_annual_rate: Decimal | None = None
    cap_measure: CapMeasure = "irr_simple"
    law_row: str = ""

    authorisation_days: int = 30
    partial_capture: bool = True
    capture_backdating_days: int = 7
    drawdown_minimum_minor: int = 1
    drawdown_maximum_minor: int | None = None
    rounding: Rounding = HALF_UP

    @cached_property
    def is_daily(self) -> bool:
        """Whether the contract rate is daily. Raises ValueError unless exactly one rate is set."""
        if (self.daily_rate is None) == (self.annual_rate is None):
            raise ValueError("exactly one of daily_rate and annual_rate is set")
        return self.daily_rate is not None

    @cached_property
    def rate(self) -> Decimal:
        """The contract rate, a day or a year."""
        rate = self.daily_rate if self.is_daily else self.annual_rate
        assert rate is not None
        return rate

    @cached_property
    def rate_billionths(self) -> int:
        return billionths(self.rate)

    @cached_property
    def year(self) -> int:
        """The weight by which a year's rate is divided; 1 for a daily rate."""
        return 1 if self.is_daily else YEAR[self.day_count]

    @cached_property
    def denominator(self) -> int:
        """An accrual's exact value is minor units × this."""
        year: int = self.year
        scaled: int = RATE_SCALE * year
        return scaled

    @cached_property
    def penalty_numerator(self) -> int:
        """What one minor unit past due grows by in one night, over `denominator`."""
        year: int = self.year
        return billionths(self.penalty_daily_rate) * year


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
