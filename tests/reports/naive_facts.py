"""Each fact once more, one buyer at a time, as docs/buyer-facts.md says it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec


class Order(msgspec.Struct, frozen=True):
    on: date
    amount_minor: int
    merchant: Any
    lines: tuple[tuple[str | None, int], ...]


class Row(msgspec.Struct, frozen=True):
    """An instalment. `due_minor` less what was waived; neither with penalty."""

    due_on: date
    past_due_on: date
    settled_on: date | None
    disputed: bool
    due_minor: int
    paid_minor: int


class Known(msgspec.Struct, frozen=True):
    """All of one buyer in one currency. `lines`: limit, held, outstanding, closed. `statuses`: of
    drawdowns.
    """

    orders: tuple[Order, ...] = ()
    returns: tuple[tuple[date, int], ...] = ()
    rows: tuple[Row, ...] = ()
    lines: tuple[tuple[int, int, int, bool], ...] = ()
    statuses: tuple[str, ...] = ()


def facts(known: Known, day: date) -> dict[str, int | None]:
    return _activity(known, day) | _scale(known, day) | _fund_return(known, day)


def within(on: date, day: date, days: int, after: int = 0) -> bool:
    return day - timedelta(days) < on <= day - timedelta(after)


def months(on: date) -> int:
    return on.year * 12 + on.month


def _activity(known: Known, day: date) -> dict[str, int | None]:
    orders = [order.on for order in known.orders if order.on <= day]
    days = sorted({on for on in orders if within(on, day, 365)})
    gaps = sorted((later - earlier).days for earlier, later in pairwise(days))
    median = gaps[(len(gaps) - 1) // 2] if gaps else None
    first, last = min(orders, default=None), max(orders, default=None)
    return {
        "days_since_last_order": (day - last).days if last else None,
        "months_since_first_order": months(day) - months(first) - (day.day < first.day) if first else None,
        **{f"orders_{n}d": sum(within(on, day, n) for on in orders) for n in (90, 270, 365)},
        "active_months_12": len({months(on) for on in orders if months(day) - months(on) < 12}),
        "median_gap_days_365d": median,
        "regularity_bp_365d": sum(median <= 2 * gap <= 3 * median for gap in gaps) * 10000 // len(gaps)
        if median is not None and len(gaps) >= 3
        else None,
    }


def _scale(known: Known, day: date) -> dict[str, int | None]:
    def net(days: int, after: int = 0) -> int:
        bought = sum(order.amount_minor for order in known.orders if within(order.on, day, days, after))
        return max(0, bought - sum(back for on, back in known.returns if within(on, day, days, after)))

    year = [order for order in known.orders if within(order.on, day, 365)]
    bought = sum(order.amount_minor for order in year)
    kinds: Counter[str] = Counter()
    for order in year:
        for category, amount in order.lines:
            if category is not None:
                kinds[category] += amount
    returned = sum(back for on, back in known.returns if within(on, day, 365))
    before = net(180, 90)
    return {
        **{f"purchases_minor_{n}d": net(n) for n in (90, 270, 365)},
        "average_order_minor_365d": bought // len(year) if year else None,
        "trend_bp_90d": min((net(90) - before) * 10000 // before, 1_000_000) if before else None,
        "categories_365d": len(kinds),
        "top_category_bp_365d": max(kinds.values()) * 10000 // kinds.total() if kinds.total() else None,
        "returns_bp_365d": returned * 10000 // bought if year else None,
        "merchants_365d": len({order.merchant for order in year if order.merchant}),
    }


def _fund_return(known: Known, day: date) -> dict[str, int | None]:
    rows = [row for row in known.rows if not row.disputed and row.due_on <= day]
    due = [row for row in rows if within(row.due_on, day, 180)]
    judged = [row for row in rows if row.due_minor > 0 and within(row.past_due_on, day, 180)]
    late = [row for row in judged if not _in_time(row)]
    past_due = [row for row in rows if row.past_due_on <= day and not _in_time(row)]
    in_year = [row for row in past_due if row.settled_on is None or within(row.settled_on, day, 365)]
    open_lines = [line for line in known.lines if not line[3]]
    limit = sum(line[0] for line in open_lines)
    asked = sum(row.due_minor for row in due)
    return {
        "due_minor_180d": asked,
        "repaid_bp_180d": sum(row.paid_minor for row in due) * 10000 // asked if asked else None,
        "on_time_bp_180d": (len(judged) - len(late)) * 10000 // len(judged) if judged else None,
        "mean_days_late_180d": sum(_days(late, day)) // len(judged) if judged else None,
        "max_days_past_due_365d": max(_days(in_year, day), default=0),
        "days_past_due": max(_days([row for row in past_due if row.settled_on is None], day), default=0),
        "outstanding_minor": sum(line[2] for line in known.lines),
        "limit_use_bp": sum(line[1] + line[2] for line in open_lines) * 10000 // limit if limit else None,
        "drawdowns_closed": known.statuses.count("closed"),
        "drawdowns_open": known.statuses.count("captured"),
    }


def _in_time(row: Row) -> bool:
    return row.settled_on is not None and row.settled_on < row.past_due_on


def _days(rows: Iterable[Row], day: date) -> list[int]:
    return [((row.settled_on or day) - row.due_on).days for row in rows]
