"""What credit costs a year: internal rates of return over dated flows (DOMAIN.md §7). Disclosure, not money.

All in `Decimal`; the root is bracketed first, so a rate is found or refused, never guessed.
Flows may be seen from either side: turning all signs changes no rate.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

YEAR_DAYS = 365
_PRECISION = 50
_TOLERANCE = Decimal("1e-20")
_DIGITS = Decimal("1e-15")
_FIRST_STEP = Decimal("0.01")
_WIDEST = Decimal(64)
"""How far from 0 the root is looked for, as ln(1 + rate): a growth of e⁶⁴ a year is no rate."""
_WIDER = Decimal("1.5")
_STEPS = 500


class Flow(NamedTuple):
    """Minor units on a nominal date: positive what the buyer gets, negative what the buyer pays."""

    on: date
    amount_minor: int


class NoRate(ValueError):
    """No rate makes these flows sum to zero, for instance because nothing flows back."""


TimedFlow = tuple[Decimal, Decimal]
"""(t, amount) in any one unit of time and of money."""


def irr(flows: Sequence[TimedFlow]) -> Decimal:
    """r with Σ amount ÷ (1 + r)^t = 0, r per unit of t; of several roots the one nearest to 0. Raises NoRate.

    (0, 100), (2, −121): 0.1.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        return (_log_growth(flows).exp() - 1).quantize(_DIGITS)


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
        context.prec = _PRECISION
        if len(flows) == 2:
            (start_on, principal), (end_on, paid) = sorted(flows)
            days = (end_on - start_on).days
            if not days or principal * paid >= 0:
                raise NoRate(flows)
            simple = Decimal((-paid - principal) * YEAR_DAYS) / (principal * days)
        elif periods_a_year is not None:
            timed = [(Decimal(k), Decimal(flow.amount_minor)) for k, flow in enumerate(sorted(flows))]
            simple = periods_a_year * (_log_growth(timed).exp() - 1)
        else:
            simple = YEAR_DAYS * ((_log_growth(_in_years(flows)) / YEAR_DAYS).exp() - 1)
        return simple.quantize(_DIGITS)


def _in_years(flows: Sequence[Flow]) -> list[TimedFlow]:
    if not flows:
        raise NoRate(flows)
    start_on = min(flow.on for flow in flows)
    with localcontext() as context:
        context.prec = _PRECISION
        return [(Decimal((on - start_on).days) / YEAR_DAYS, Decimal(amount)) for on, amount in flows]


def _value(flows: Sequence[TimedFlow], log_growth: Decimal) -> tuple[Decimal, Decimal]:
    """The present value and its slope over x = ln(1 + r): Σ a·e^(−xt) and Σ −t·a·e^(−xt)."""
    value = slope = Decimal(0)
    for t, amount in flows:
        discounted = amount * (-log_growth * t).exp()
        value += discounted
        slope -= t * discounted
    return value, slope


def _bracket(flows: Sequence[TimedFlow]) -> tuple[Decimal, Decimal]:
    """Two ends between which the present value changes its sign, walking outwards from 0 on both sides."""
    at_zero = _value(flows, Decimal(0))[0]
    signs = {+1: at_zero, -1: at_zero}
    near, far = Decimal(0), _FIRST_STEP
    while near < _WIDEST:
        for side in signs:
            value = _value(flows, side * far)[0]
            if value * signs[side] <= 0 and (value or signs[side]):
                return min(side * near, side * far), max(side * near, side * far)
            signs[side] = value
        near, far = far, far * _WIDER
    raise NoRate(flows)


def _log_growth(flows: Sequence[TimedFlow]) -> Decimal:
    """Newton's method, kept inside the bracket by halving it."""
    low, high = _bracket(flows)
    rising = _value(flows, high)[0] > _value(flows, low)[0]
    x = (low + high) / 2
    for _ in range(_STEPS):
        value, slope = _value(flows, x)
        low, high = (low, x) if (value > 0) == rising else (x, high)
        if not value:
            return x
        guess = x - value / slope if slope else low
        better = guess if low < guess < high else (low + high) / 2
        if abs(better - x) < _TOLERANCE:
            return better
        x = better
    raise NoRate(flows)
