"""Where a present value is zero: the roots behind every yearly rate. All in `Decimal`.

A root is bracketed first, so a rate is found or refused, never guessed; turning all signs changes no rate.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise

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
UnitFlow = tuple[int, Decimal, Decimal]
"""(t, f, amount): t whole unit periods and the part f of one more, `f < 1`."""


class PresentValue:
    """Σ amount ÷ (1 + r)^(t ÷ units) of flows in any order, as a function of x = ln(1 + r)."""

    def __init__(self, flows: Sequence[TimedFlow], units: int = 1) -> None:
        """Flows of one moment are one. Raises NoRate unless money goes both ways.

        `units` of t make one of what the growth is asked for: 365 for t in days and a yearly growth.
        """
        summed: dict[Decimal, Decimal] = {}
        for t, amount in flows:
            summed[t] = summed.get(t, Decimal(0)) + amount
        ordered = sorted((t, amount) for t, amount in summed.items() if amount)
        rising = [amount > 0 for _, amount in ordered]
        if all(rising) or not any(rising):
            raise NoRate("money goes one way only")
        turns = sum(before != after for before, after in pairwise(rising))
        self.begins_above, self.turns_once = rising[0], turns == 1
        self._units = units
        before = [Decimal(0), *(t for t, _ in ordered)]
        gaps = [t - earlier for (t, _), earlier in zip(ordered, before, strict=False)]
        self._backwards = [(gap, amount) for gap, (_, amount) in zip(gaps, ordered, strict=True)][::-1]
        self._gaps = set(gaps)

    def _discounts(self, x: Decimal) -> dict[Decimal, Decimal]:
        """e^(−x·gap) for each distance between two flows: schedules have few different ones."""
        unit = (-x / self._units).exp()
        return {
            gap: unit ** int(gap) if gap == int(gap) else (-x * gap / self._units).exp() for gap in self._gaps
        }

    def at(self, x: Decimal) -> Decimal:
        """Flow by flow from the last one back (Horner). −100, then 121 after 2, at ln 1.1: 0."""
        discounts, value = self._discounts(x), Decimal(0)
        for gap, amount in self._backwards:
            value = (value + amount) * discounts[gap]
        return value

    def with_slope(self, x: Decimal) -> tuple[Decimal, Decimal]:
        """The same, and its slope over x."""
        discounts, value, slope = self._discounts(x), Decimal(0), Decimal(0)
        for gap, amount in self._backwards:
            value = (value + amount) * discounts[gap]
            slope = slope * discounts[gap] - gap * value / self._units
        return value, slope


def _sides(present: PresentValue, above: bool) -> tuple[int, ...]:
    """On which sides of 0 a root may lie, the value at 0 being above 0 or below.

    Where all of one sign comes before all of the other there is one root, below 0 if the first outweigh the
    last: 110 lent, 100 back.
    """
    if present.turns_once:
        return (-1,) if above == present.begins_above else (+1,)
    return (+1, -1)


def _bracket(present: PresentValue) -> tuple[Decimal, Decimal]:
    """Two ends between which the present value changes its sign, walking outwards from 0."""
    if not (at_zero := present.at(Decimal(0))):
        return Decimal(0), Decimal(0)
    above = at_zero > 0
    near, far = Decimal(0), _FIRST_STEP
    while near < _WIDEST:
        for side in _sides(present, above):
            if (present.at(side * far) > 0) != above:
                return side * near, side * far
        near, far = far, far * _WIDER
    raise NoRate("no growth up to e²⁴ either way")


def _refined(function: Callable[[Decimal], tuple[Decimal, Decimal]], near: Decimal, far: Decimal) -> Decimal:
    """The root between two ends with different signs, or at one of them, of a function that gives value and
    slope.

    Newton's method (Numerical Recipes §9.4): a step that would leave the bracket, or is not half as long as
    the last one, halves the bracket instead.
    """
    low, high = min(near, far), max(near, far)
    if low == high:
        return low
    rising = function(high)[0] > function(low)[0]
    x, step = (low + high) / 2, high - low
    while high - low > _TOLERANCE:
        value, slope = function(x)
        if not value:
            return x
        low, high = (low, x) if (value > 0) == rising else (x, high)
        better = x - value / slope if slope else low
        if not (low < better < high and 2 * abs(better - x) < step):
            better = (low + high) / 2
        step = abs(better - x)
        if step < _TOLERANCE:
            return better
        x = better
    return x


def log_growth(flows: Sequence[TimedFlow], units: int = 1) -> Decimal:
    """ln(1 + r), the growth over `units` of t; of several roots the one nearest to 0, as far as steps of half
    as much again tell them apart. Raises NoRate.

    (0, −100), (2, 121): ln 1.1.
    """
    present = PresentValue(flows, units)
    return _refined(present.with_slope, *_bracket(present))


def spreadsheet_root(flows: Sequence[TimedFlow], units: int = 1) -> Decimal:
    """r as spreadsheets look for it, where several would do: Newton's method from a first guess.

    The guess is 10 %, or what was lost of all that was paid in. Where it does not settle, or only above
    10,000 %, the root nearest to 0. Raises NoRate.
    """
    won = sum((amount for _, amount in flows if amount > 0), Decimal(0))
    lost = -sum((amount for _, amount in flows if amount < 0), Decimal(0))
    present = PresentValue(flows, units)
    rate = _GUESS if won >= lost else won / lost - 1
    for _ in range(_SETTLES):
        try:
            value, slope = present.with_slope((1 + rate).ln())
            step = value / slope
            better = rate - step * (1 + rate)
        except ArithmeticError:
            break
        if abs(step) < _TOLERANCE:
            if better <= _IMPLAUSIBLE:
                return better
            break
        rate = better
    return log_growth(flows, units).exp() - 1


def unit_period_root(advances: Sequence[UnitFlow], payments: Sequence[UnitFlow]) -> Decimal:
    """i a unit period: Σ advance ÷ ((1 + f·i)(1 + i)^t) = Σ payment ÷ the same.

    Source: US Regulation Z, Appendix J. 5,000 now, 24 monthly payments of 230: 0.8071 % a month. Raises
    NoRate where less is paid than advanced.
    """
    flows = [*advances, *((t, odd, -amount) for t, odd, amount in payments)]

    def function(rate: Decimal) -> tuple[Decimal, Decimal]:
        growth, value, slope = 1 + rate, Decimal(0), Decimal(0)
        for t, odd, amount in flows:
            part = 1 + odd * rate
            discounted = amount / (part * growth**t)
            value += discounted
            slope -= discounted * (odd / part + t / growth)
        return value, slope

    if (at_zero := function(Decimal(0))[0]) > 0:
        raise NoRate("less is paid than advanced")
    if not at_zero:
        return Decimal(0)
    low, high = Decimal(0), _FIRST_STEP
    while function(high)[0] < 0:
        low, high = high, 2 * high
        if high > _IMPLAUSIBLE:
            raise NoRate("no rate up to 10,000 % a period")
    return _refined(function, low, high)
