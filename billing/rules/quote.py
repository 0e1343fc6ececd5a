"""What a drawdown costs if paid when due, and what closes one on a day: the engine itself, asked ahead."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from billing.rules.advance import advance
from billing.rules.allocation import claims
from billing.rules.events import Authorised, Captured, DueDate
from billing.rules.interest import interest_on
from billing.rules.replay import replay
from billing.rules.values import NOTHING, Instalment, Parts, State
from products.rules.due_dates import periods_a_year
from products.rules.rate import Flow, irr_compound, irr_simple
from products.rules.root import NoRate
from products.rules.terms import Terms


class QuotedInstalment(msgspec.Struct, frozen=True, kw_only=True):
    """`due_on` is what the buyer sees, `nominal_on` what interest and rates count by."""

    no: int
    nominal_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    total_minor: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Total cost and both rates (fractions: 0.0608 is 6.08 %) if all is paid when due; None: beyond any.

    `free_if_closed_on`: with `if_closed_within`, the last day on which closing costs nothing but fees.
    """

    schedule: tuple[QuotedInstalment, ...]
    principal_minor: int
    down_payment_minor: int
    total_cost_minor: int
    irr_simple: Decimal | None
    irr_compound: Decimal | None
    free_if_closed_on: date | None = None


def quote(terms: Terms, amount_minor: int, captured_on: date, *, dates: tuple[DueDate, ...] = ()) -> Quote:
    """`amount_minor` is financed. ¥10,000.00, 60 days, 40 of them free, at 0.0005 a day: ¥100.00; 6.08 %
    simple, 6.24 % compound. Raises ValueError if the amount is not positive.
    """
    if amount_minor <= 0:
        raise ValueError(f"not an amount to finance: {amount_minor}")
    events = (
        Authorised(seq=1, effective_on=captured_on, amount_minor=amount_minor, expires_on=date.max),
        Captured(
            seq=2, effective_on=captured_on, capture_no=1, amount_minor=amount_minor, booked_on=captured_on,
            dates=dates,
        ),
    )  # fmt: skip
    rows = _paid_when_due(terms, replay(terms, events, captured_on))
    schedule = tuple(_quoted(row) for row in rows)
    flows = [Flow(captured_on, amount_minor)] + [Flow(q.nominal_on, -q.total_minor) for q in schedule]
    simple, compound = rates(terms, flows)
    free = terms.interest_free == "if_closed_within"
    return Quote(
        schedule=schedule,
        principal_minor=amount_minor,
        down_payment_minor=0,
        total_cost_minor=sum(row.interest_minor + row.fee_minor for row in schedule),
        irr_simple=simple,
        irr_compound=compound,
        free_if_closed_on=captured_on + timedelta(terms.free_days) if free else None,
    )


def rates(terms: Terms, flows: Sequence[Flow]) -> tuple[Decimal | None, Decimal | None]:
    """Simple and compound; None where a cost is beyond any rate, like ¥90.00 on ¥0.01 for a month."""
    try:
        return (
            irr_simple(flows, periods_a_year=periods_a_year(terms)),
            irr_compound(flows, months=_months(terms)),
        )
    except NoRate:
        return None, None


def _paid_when_due(terms: Terms, state: State) -> list[Instalment]:
    """The rows as they fall due. Interest that an early closing would forgive is counted in."""
    ends_on = max(max(row.charge_on, interest_on(terms, state, row)) for row in state.instalments)
    return list(advance(terms, state, ends_on).instalments)


def _quoted(row: Instalment) -> QuotedInstalment:
    interest_minor = row.interest.charged_minor
    return QuotedInstalment(
        no=row.no,
        nominal_on=row.nominal_on,
        due_on=row.due_on,
        principal_minor=row.principal_minor,
        interest_minor=interest_minor,
        fee_minor=row.fee_minor,
        total_minor=row.principal_minor + interest_minor + row.fee_minor,
    )


def _months(terms: Terms) -> int | None:
    """The length of all periods, where they are equal and in months."""
    in_months = terms.due_rule == "periods" and terms.period_unit == "month"
    return terms.period_length if in_months else None


def above_cap(terms: Terms, amount_minor: int, on: date) -> Decimal | None:
    """The law's cap if the whole plan costs more in the row's measure, else None (DOMAIN.md §3, law).

    A nominal rate without fees is its own simple rate: no plan is needed to see that it is below.
    """
    cap = terms.cap_annual_rate
    if cap is None:
        return None
    yearly = terms.rate * 365 if terms.is_daily else terms.rate
    plain_price = not (terms.drawdown_fee_rate or terms.drawdown_fee_minor or terms.minimum_charge_minor)
    if (
        terms.cap_measure == "irr_simple"
        and plain_price
        and not terms.period_fee_rate
        and yearly * _LEAP <= cap
    ):
        return None
    told = quote(terms, amount_minor, on)
    rate = told.irr_simple if terms.cap_measure == "irr_simple" else told.irr_compound
    return cap if rate is None or rate.quantize(_SHOWN) > cap else None


_SHOWN = Decimal("0.0001")
"""Compared as it is shown, to 0.01 %: roundings to the minor unit lift a small plan's rate by less."""
_LEAP = Decimal("1.02")
"""A day count may make more of a nominal rate, by 366 ÷ 360 at most."""


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    """What closes a drawdown on `on`, by component; paid with `advance` while part of it is not yet due."""

    on: date
    parts: Parts
    total_minor: int


def payoff(terms: Terms, state: State, on: date) -> Payoff:
    """Raises ValueError if `on` lies before the state's day."""
    parts = NOTHING
    for claim in claims(terms, advance(terms, state, on), advance=True):
        parts = parts.plus(Parts(**{claim.component: claim.amount_minor}))
    return Payoff(on=on, parts=parts, total_minor=parts.total)
