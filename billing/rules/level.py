"""The level payment (等额本息): what pays principal and interest in equal sums, in exact integers.

Source: DOMAIN.md §7.2: it solves principal = Σ payment ÷ Π(1 + rate of each period so far).
"""

from collections.abc import Sequence

from kernel.money import Rounding, round_ratio


def level_payment(
    principal_minor: int,
    periods: Sequence[int],
    denominator: int,
    rounding: Rounding,
    *,
    accrued_exact: int = 0,
) -> int:
    """One payment at the end of each period. `periods`: what one minor unit grows by in each, × denominator.

    `accrued_exact`: interest already grown and due with the first payment, likewise. ¥12,000.00 in 12
    months at 1.5 % each: ¥1,100.16. Raises ValueError without periods.

    All is valued at the last date, × denominatorⁿ: the debt grows by each period, and so does what was paid.
    """
    if not periods:
        raise ValueError("no period to pay in")
    debt = principal_minor * (denominator + periods[0]) + accrued_exact
    of_one, unit = denominator, denominator
    for period in periods[1:]:
        debt *= denominator + period
        unit *= denominator
        of_one = of_one * (denominator + period) + unit
    return round_ratio(debt, of_one, rounding)
