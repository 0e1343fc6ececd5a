"""Reference rates that a product may float on, as published: dated, with their source (law.py)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from products.rules.law import LPR
from products.rules.terms import IndexName

INDEXES: dict[IndexName, tuple[tuple[date, Decimal], ...]] = {"CN-LPR-1Y": LPR}
"""By name, each rate by the day of its publication, in order; after the last one it goes on."""


class Published(NamedTuple):
    """A rate by the year, and the day on which it was published."""

    rate: Decimal
    on: date


def published_on(index: IndexName, on: date, lag_days: int = 0) -> Published:
    """What was last published `lag_days` before `on`. The one-year LPR for 19 May 2025: 3.10 % of 21 October.

    Raises ValueError before the first publication.
    """
    found = [Published(rate, day) for day, rate in INDEXES[index] if day <= on - timedelta(lag_days)]
    if not found:
        raise ValueError(f"no rate of {index} by {on}")
    return found[-1]


def lowest(index: IndexName) -> Decimal:
    """The least that it has been."""
    return min(rate for _, rate in INDEXES[index])
