"""Where a present value is zero: the roots behind every yearly rate. All in `Decimal`.

A root is bracketed first, so a rate is found or refused, never guessed; turning all signs changes no rate.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation, Overflow

PRECISION = 34
_TOLERANCE = Decimal("1e-20")
_FIRST_STEP = Decimal("0.01")
_WIDEST = Decimal(24)
"""How far from 0 the root is looked for, as ln(1 + rate): a growth of e²⁴ a year is no rate."""
_WIDER = Decimal("1.5")
_STEPS = 500
_SETTLES = 60
_GUESS = Decimal("0.1")
_IMPLAUSIBLE = Decimal(100)


class NoRate(ValueError):
    """No rate makes these flows sum to zero, for instance because nothing flows back."""


TimedFlow = tuple[Decimal, Decimal]
"""(t, amount) in any one unit of time and of money."""


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


def log_growth(flows: Sequence[TimedFlow]) -> Decimal:
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


def spreadsheet_root(flows: Sequence[TimedFlow]) -> Decimal:
    """r as spreadsheets look for it, where several would do: Newton's method from a first guess.

    The guess is 10 %, or what was lost of all that was paid in. Where it does not settle, or only above
    10,000 %, the root nearest to 0. Raises NoRate.
    """
    won = sum((amount for _, amount in flows if amount > 0), Decimal(0))
    lost = -sum((amount for _, amount in flows if amount < 0), Decimal(0))
    if not won or not lost:
        raise NoRate(flows)
    rate = _GUESS if won >= lost else won / lost - 1
    for _ in range(_SETTLES):
        try:
            log = (1 + rate).ln()
            value, slope = _value(flows, log)
            better = rate - value * (1 + rate) / slope
        except (ArithmeticError, InvalidOperation, Overflow, ValueError):
            break
        if abs(better - rate) < _TOLERANCE:
            if better <= _IMPLAUSIBLE:
                return better
            break
        rate = better
    return log_growth(flows).exp() - 1


def unit_period_root(
    advances: Sequence[tuple[int, Decimal, Decimal]], payments: Sequence[tuple[int, Decimal, Decimal]]
) -> Decimal:
    """i a unit period: Σ advance ÷ ((1 + f·i)(1 + i)^t) = Σ payment ÷ the same; (t, f, amount), f an odd
    part of a period.

    Source: US Regulation Z, Appendix J. 5,000 now, 24 monthly payments of 230: 0.8071 % a month. Raises
    NoRate unless more is paid than advanced.
    """

    def value(rate: Decimal) -> Decimal:
        found = Decimal(0)
        for sign, side in ((1, advances), (-1, payments)):
            for t, odd, amount in side:
                found += sign * amount / ((1 + odd * rate) * (1 + rate) ** t)
        return found

    return _rising_root(value)


def _rising_root(value: Callable[[Decimal], Decimal]) -> Decimal:
    """Of a function below 0 at 0 that rises: halving, then secants between the two ends."""
    low, high = Decimal(0), _GUESS
    if (at_low := value(low)) == 0:
        return low
    while (at_high := value(high)) < 0:
        low, at_low, high = high, at_high, high * 2
        if high > _IMPLAUSIBLE:
            raise NoRate("no rate up to 10,000 % a period")
    if at_low > 0:
        raise NoRate("less is paid than advanced")
    for step in range(_STEPS):
        middle = (low + high) / 2
        if step % 3 and at_high != at_low:
            middle = low - at_low * (high - low) / (at_high - at_low)
        at_middle = value(middle)
        if at_middle < 0:
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_middle
        if high - low < _TOLERANCE or not at_middle:
            return middle
    raise NoRate("no root found")
