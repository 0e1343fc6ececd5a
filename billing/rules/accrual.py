"""An accrual is kept exact and rounded once (DOMAIN.md §2).

A later part of it is round(exact so far) − what is charged already, so parts add up to the rounded whole.
"""

from datetime import date

from msgspec.structs import replace

from billing.rules.values import Accrual
from kernel.money import round_ratio
from products.rules.terms import Terms


def nights(first: date, end: date) -> int:
    """The nights of first, first + 1, … end − 1; none if the end is not later."""
    return max(0, end.toordinal() - first.toordinal())


def charge(terms: Terms, accrual: Accrual, on: date) -> Accrual:
    """Round what has accrued until `on`. ¥33.33 at 0.0005 for 4 nights is 6.666 fen: 7."""
    if accrual.exact == accrual.run_exact:
        return accrual
    rounded = round_ratio(accrual.exact, terms.denominator, terms.rounding)
    return replace(accrual, run_minor=rounded, run_exact=accrual.exact, run_on=on)


def grown(accrual: Accrual, exact: int) -> Accrual:
    """With so much more, in minor units × denominator."""
    return replace(accrual, exact=accrual.exact + exact) if exact else accrual


def closed(accrual: Accrual) -> Accrual:
    """What was charged stays charged; what accrues from now on is an accrual of its own."""
    return Accrual(earlier_minor=accrual.charged_minor)
