"""What a debt is made of at a cut: overdue, due before the next one, not yet due (DOMAIN.md §10)."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, get_args

import msgspec

from billing.rules.rows import find_row
from billing.rules.settle import unpaid
from billing.rules.values import State

When = Literal["overdue", "due", "not_yet_due", "disputed"]
"""overdue: grace has run out. due: before the next cut, grace included. disputed: asked by nobody."""
WHENS: Final[tuple[When, ...]] = get_args(When)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What of the closing amount falls, or fell, due on one day."""

    due_on: date
    when: When
    amount_minor: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Together the closing amount. What is accrued and not yet charged is in none of them."""

    overdue_minor: int = 0
    due_minor: int = 0
    not_yet_due_minor: int = 0
    disputed_minor: int = 0
    due_dates: tuple[Due, ...] = ()

    @property
    def total_minor(self) -> int:
        return self.overdue_minor + self.due_minor + self.not_yet_due_minor + self.disputed_minor


def dues(before: State, opening: State, next_cut_on: date) -> list[Due]:
    """Of one drawdown, row by row. `before`, its state when the day before the cut is over, says how much;
    `opening`, the one at the cut, says when.
    """
    found = []
    for row in before.instalments:
        amount_minor = 0 if row.settled_on else unpaid(row).total
        if not amount_minor:
            continue
        now = find_row(opening, row.no) or row
        when: When = "not_yet_due"
        if now.disputed:
            when = "disputed"
        elif now.past_due:
            when = "overdue"
        elif now.due_on < next_cut_on:
            when = "due"
        found.append(Due(due_on=now.due_on, when=when, amount_minor=amount_minor))
    return found


def standing(found: Iterable[Due]) -> Standing:
    """Of all drawdowns of a line, gathered by day."""
    by_day: Counter[tuple[date, When]] = Counter()
    by_when: Counter[When] = Counter()
    for one in found:
        by_day[one.due_on, one.when] += one.amount_minor
        by_when[one.when] += one.amount_minor
    days = sorted(by_day, key=lambda place: (place[0], WHENS.index(place[1])))
    return Standing(
        overdue_minor=by_when["overdue"],
        due_minor=by_when["due"],
        not_yet_due_minor=by_when["not_yet_due"],
        disputed_minor=by_when["disputed"],
        due_dates=tuple(Due(due_on=on, when=when, amount_minor=by_day[on, when]) for on, when in days),
    )
