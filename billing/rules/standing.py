"""What a debt is made of at a cut: overdue, due before the next one, not yet due (DOMAIN.md §10)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, get_args

import msgspec

from billing.rules.advance import before_cut
from billing.rules.cut import charged_at_cut, is_cut
from billing.rules.settle import unpaid
from billing.rules.values import State
from products.rules.terms import Terms

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


def amounts_at(terms: Terms, before: State, cut_on: date) -> dict[int, int]:
    """What is unpaid of each row: `before` is the state when the day before the cut is over, the cut charges
    what is past due.
    """
    found = {row.no: unpaid(row).total for row in before.instalments if not row.settled_on}
    if is_cut(terms, cut_on):
        opening = before_cut(terms, before, cut_on)
        charging = charged_at_cut(terms, opening)
        for row, more in zip(opening.instalments, charging.instalments, strict=True):
            if more is not row:
                found[row.no] += unpaid(more).total - unpaid(row).total
    return found


def dues(amounts: Mapping[int, int], opening: State, next_cut_on: date) -> list[Due]:
    """Of one drawdown, row by row. `amounts` says how much, `opening`, the state at the cut, says when."""
    found = []
    for now in opening.instalments:
        amount_minor = amounts.get(now.no, 0)
        if not amount_minor:
            continue
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
