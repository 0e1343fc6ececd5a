"""What credit costs a year: internal rates of return over dated flows (DOMAIN.md §7). Disclosure, not money.

Flows may be seen from either side: turning all signs changes no rate. How a root is found: root.py.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from products.rules.root import PRECISION, NoRate, TimedFlow, log_growth, spreadsheet_root, unit_period_root

YEAR_DAYS = 365
_DIGITS = Decimal("1e-15")


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
        return (log_growth(flows).exp() - 1).quantize(_DIGITS)


def irr_compound(flows: Sequence[Flow], *, months: int | None = None) -> Decimal:
    """The effective annual rate: t = days ÷ 365, or twelfths where all flows lie `months` whole months apart.

    100 out, 101 back after 60 days: 1.01^(365 ÷ 60) − 1 = 0.0624. Raises NoRate.
    """
    if months is None:
        return irr(_in_years(flows))
    ordered = sorted(flows)
    return irr([(Decimal(k * months) / 12, Decimal(flow.amount_minor)) for k, flow in enumerate(ordered)])


def irr_simple(flows: Sequence[Flow], *, periods_a_year: int | None = None) -> Decimal:
    """One payment: cost ÷ principal × 365 ÷ days. Flows one period apart: IRR a period × periods a year.
    Irregular flows: daily IRR × 365. Raises NoRate.

    100 out, 101 back after 60 days: 0.01 × 365 ÷ 60 = 0.0608.
    """
    with localcontext() as context:
        context.prec = PRECISION
        if len(flows) == 2:
            (start_on, principal), (end_on, paid) = sorted(flows)
            days = (end_on - start_on).days
            if not days or principal * paid >= 0:
                raise NoRate(flows)
            simple = Decimal((-paid - principal) * YEAR_DAYS) / (principal * days)
        elif periods_a_year is not None:
            timed = [(Decimal(k), Decimal(flow.amount_minor)) for k, flow in enumerate(sorted(flows))]
            simple = periods_a_year * (log_growth(timed).exp() - 1)
        else:
            simple = YEAR_DAYS * ((log_growth(_in_years(flows)) / YEAR_DAYS).exp() - 1)
        return simple.quantize(_DIGITS)


def xirr(flows: Sequence[tuple[date, Decimal]]) -> Decimal:
    """The effective annual rate of dated amounts as spreadsheets give it: t = days ÷ 365 from the first
    flow given.

    −10,000 on 1 January 2008, then 2,750, 4,250, 3,250, 2,750 (Microsoft's example): 0.373362535. Raises
    NoRate.
    """
    if not flows:
        raise NoRate(flows)
    with localcontext() as context:
        context.prec = PRECISION
        start_on = flows[0][0]
        timed = [(Decimal((on - start_on).days) / YEAR_DAYS, amount) for on, amount in flows]
        return spreadsheet_root(timed).quantize(_DIGITS)


def irr_unit_periods(
    advances: Sequence[tuple[int, Decimal, Decimal]],
    payments: Sequence[tuple[int, Decimal, Decimal]],
    periods_a_year: int,
) -> Decimal:
    """The nominal annual rate: that of a unit period × unit periods a year; odd days count simply (1 + f·i).

    5,000 now, 24 monthly payments of 230: 0.0969. Source: US Regulation Z, Appendix J. Raises NoRate.
    """
    with localcontext() as context:
        context.prec = PRECISION
        return (unit_period_root(advances, payments) * periods_a_year).quantize(_DIGITS)


def _in_years(flows: Sequence[Flow]) -> list[TimedFlow]:
    if not flows:
        raise NoRate(flows)
    start_on = min(flow.on for flow in flows)
    with localcontext() as context:
        context.prec = PRECISION
        return [(Decimal((on - start_on).days) / YEAR_DAYS, Decimal(amount)) for on, amount in flows]
