"""What credit costs a year: internal rates of return over dated flows (DOMAIN.md §7). Disclosure, not money.

Flows may be seen from either side: turning all signs changes no rate. How a root is found: root.py.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from products.rules.root import (
    PRECISION,
    NoRate,
    TimedFlow,
    UnitFlow,
    log_growth,
    spreadsheet_root,
    unit_period_root,
)

YEAR_DAYS = 365
YEAR_MONTHS = 12
_DIGITS = Decimal("1e-15")
_MOST_PLACES = 17


class Flow(NamedTuple):
    """Minor units on a nominal date: positive what the buyer gets, negative what the buyer pays."""

    on: date
    amount_minor: int


def irr(flows: Sequence[TimedFlow]) -> Decimal:
    """r with Σ amount ÷ (1 + r)^t = 0, r per unit of t; of several roots the one nearest to 0. Raises NoRate.

    (0, 100), (2, −121): 0.1.
    """
    with localcontext() as context:
        context.prec = PRECISION
        return _told(log_growth(flows).exp() - 1)


def irr_compound(flows: Sequence[Flow], *, months: int | Sequence[int] | None = None) -> Decimal:
    """The effective annual rate: t = days ÷ 365, or twelfths of a year. Raises NoRate.

    `months`: so many lie between one flow's date and the next; or, in the order of the flows, each one's
    months from the first. 100 out, 101 back after 60 days: 1.01^(365 ÷ 60) − 1 = 0.0624.
    """
    if months is None:
        timed, units = _by_days(flows), YEAR_DAYS
    else:
        places = [months * place for place in _places(flows)] if isinstance(months, int) else months
        timed, units = _at(places, flows), YEAR_MONTHS
    with localcontext() as context:
        context.prec = PRECISION
        return _told(log_growth(timed, units).exp() - 1)


def irr_simple(
    flows: Sequence[Flow],
    *,
    periods_a_year: int | Decimal | None = None,
    periods: Sequence[int] | None = None,
) -> Decimal:
    """One payment: cost ÷ principal × 365 ÷ days. At whole periods: IRR a period × periods a year.
    Irregular flows: daily IRR × 365. Raises NoRate.

    With `periods_a_year` one period lies between one flow's date and the next, unless `periods` says, in the
    order of the flows, after how many whole periods each one comes. 100 out, 101 back after 60 days:
    0.01 × 365 ÷ 60 = 0.0608.
    """
    if periods is not None and periods_a_year is None:
        raise ValueError("periods need periods_a_year")
    with localcontext() as context:
        context.prec = PRECISION
        if (once := _paid_once(flows)) is not None:
            return _told(once)
        if periods_a_year is None:
            daily = log_growth(_by_days(flows), YEAR_DAYS) / YEAR_DAYS
            return _told(YEAR_DAYS * (daily.exp() - 1))
        timed = _at(_places(flows) if periods is None else periods, flows)
        return _told(periods_a_year * (log_growth(timed).exp() - 1))


def _paid_once(flows: Sequence[Flow]) -> Decimal | None:
    """Cost ÷ principal × 365 ÷ days where money moves on two days only."""
    summed: dict[date, int] = {}
    for on, amount_minor in flows:
        summed[on] = summed.get(on, 0) + amount_minor
    moved = sorted((on, amount_minor) for on, amount_minor in summed.items() if amount_minor)
    if len(moved) != 2:
        return None
    (start_on, principal), (end_on, paid) = moved
    if principal * paid > 0:
        raise NoRate("money goes one way only")
    return Decimal((-paid - principal) * YEAR_DAYS) / (principal * (end_on - start_on).days)


def xirr(flows: Sequence[tuple[date, Decimal]]) -> Decimal:
    """The effective annual rate of dated amounts as spreadsheets give it: t = days ÷ 365 from the first
    flow given.

    −10,000 on 1 January 2008, then 2,750, 4,250, 3,250, 2,750 (Microsoft's example): 0.373362535. Raises
    NoRate.
    """
    if not flows:
        raise NoRate("no flows")
    start_on = flows[0][0]
    with localcontext() as context:
        context.prec = PRECISION
        timed = [(Decimal((on - start_on).days), amount) for on, amount in flows]
        return _told(spreadsheet_root(timed, YEAR_DAYS))


def irr_unit_periods(
    advances: Sequence[UnitFlow], payments: Sequence[UnitFlow], periods_a_year: int | Decimal
) -> Decimal:
    """The nominal annual rate: that of a unit period × unit periods a year; odd days count simply (1 + f·i).

    5,000 now, 24 monthly payments of 230: 0.0969. Source: US Regulation Z, Appendix J. Raises NoRate.
    """
    with localcontext() as context:
        context.prec = PRECISION
        return _told(unit_period_root(advances, payments) * periods_a_year)


def _told(rate: Decimal) -> Decimal:
    """To 15 places, and never −0; raises NoRate where that many places are more than are computed."""
    if rate.adjusted() >= _MOST_PLACES:
        raise NoRate("no rate of 18 digits")
    return rate.quantize(_DIGITS) + 0


def _by_days(flows: Sequence[Flow]) -> list[TimedFlow]:
    """t in days from the first flow."""
    start_on = min((flow.on for flow in flows), default=date.min)
    return [(Decimal((on - start_on).days), Decimal(amount_minor)) for on, amount_minor in flows]


def _places(flows: Sequence[Flow]) -> list[int]:
    """The place of each flow's date among the dates: flows of one day share it."""
    dates = {on: place for place, on in enumerate(sorted({flow.on for flow in flows}))}
    return [dates[flow.on] for flow in flows]


def _at(places: Sequence[int], flows: Sequence[Flow]) -> list[TimedFlow]:
    return [(Decimal(place), Decimal(flow.amount_minor)) for place, flow in zip(places, flows, strict=True)]
