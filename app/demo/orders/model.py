"""What the order file does not hold and is therefore declared: limits, the product, how buyers pay.

All of it is simulated, by the rules of docs/real-orders.md; every summary says so. Amounts are pence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from app.demo.orders.reader import Document

BASE_FROM: Final = date(2009, 12, 1)
FIRST_DAY: Final = date(2010, 9, 1)
LAST_DAY: Final = date(2010, 12, 9)
TERM_DAYS: Final = 30

PRODUCT: Final[dict[str, Any]] = {
    "currency": "GBP",
    "due_dates": {"rule": "days_after", "days": TERM_DAYS},
    "price": {
        "daily_rate": "0.0004",
        "interest_free": {"rule": "days", "days": 10},
        "merchant_fee_rate": "0.01",
        "merchant_fee_returns": True,
    },
    "past_due": {
        "grace_days": 3,
        "after_due": "replaced",
        "penalty_daily_rate": "0.0006",
        "penalty_base": "overdue_principal",
        "penalty_start": "due_date",
    },
    "early_payment": "allowed",
    "refund": {"method": "from_capture"},
    "allocation": {"order": ["penalty", "fee", "interest", "principal"], "surplus": "credit"},
    "authorisation": {"days": 21},
}

_LEAST_LIMIT: Final = 100_00
_MOST_LIMIT: Final = 50_000_00
_STEP: Final = 10_00
_SATURDAY: Final = 6


class Planned(NamedTuple):
    """A payment to come. `half`: half of what closes the order's drawdown on that day, else the whole."""

    on: date
    half: bool = False


def limits(orders: Iterable[Document]) -> dict[int, int]:
    """Each customer's limit: what it bought in the first nine months, cut to £10, within bounds.

    £1,234.56 bought: £1,230.
    """
    base: Counter[int] = Counter()
    for order in orders:
        if BASE_FROM <= order.on < FIRST_DAY:
            base[order.customer] += order.amount_minor
    return {
        customer: min(_MOST_LIMIT, max(_LEAST_LIMIT, bought // _STEP * _STEP))
        for customer, bought in base.items()
    }


def capture_day(ordered_on: date) -> date:
    """The next Monday to Friday after the order."""
    day = ordered_on + timedelta(1)
    while day.isoweekday() >= _SATURDAY:
        day += timedelta(1)
    return day


def payments(number: str, captured_on: date) -> tuple[Planned, ...]:
    """How the order `number` is paid: the same every time, by the hash of its number."""
    drawn = sha256(f"tradeline-orders-1:{number}".encode()).digest()
    share, shift = int.from_bytes(drawn[:4], "big") % 100, int.from_bytes(drawn[4:8], "big")
    due_on = captured_on + timedelta(TERM_DAYS)
    if share < 25:
        return (Planned(due_on - timedelta(1 + shift % 12)),)
    if share < 70:
        return (Planned(due_on),)
    if share < 80:
        return (Planned(due_on + timedelta(1 + shift % 3)),)
    if share < 90:
        return (Planned(due_on + timedelta(4 + shift % 25)),)
    if share < 95:
        return (Planned(due_on, half=True), Planned(due_on + timedelta(15)))
    return ()
