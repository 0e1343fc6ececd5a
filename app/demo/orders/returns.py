"""Which captured lines a credit note gives back, and what for (docs/real-orders.md, step 3)."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from app.demo.orders.reader import Document, Line


class Returned(msgspec.Struct, frozen=True):
    """Per order what one credit note gives back of it, and what of the note matches nothing. Pence."""

    by_order: dict[str, int]
    unmatched_minor: int


class _Sold(msgspec.Struct):
    """A captured line and how many of its pieces came back so far."""

    order: Document
    line: Line
    returned: int = 0

    @property
    def age(self) -> tuple[object, ...]:
        return self.order.at, self.order.number, self.line.no


class Returns:
    """What was captured, by buyer and stock code; credit notes take from it, the latest lines first."""

    def __init__(self) -> None:
        self._sold: dict[tuple[int, str], list[_Sold]] = defaultdict(list)

    def captured(self, order: Document) -> None:
        for line in order.lines:
            self._sold[order.customer, line.stock_code].append(_Sold(order, line))

    def take(self, note: Document) -> Returned:
        """A piece is worth what it adds to its line's rounded amount: all pieces are worth the line."""
        by_order: dict[str, int] = defaultdict(int)
        unmatched_minor = 0
        for line in note.lines:
            left = line.quantity
            for sold in sorted(
                self._sold[note.customer, line.stock_code], key=lambda one: one.age, reverse=True
            ):
                taken = min(left, sold.line.quantity - sold.returned)
                price, before = sold.line.price, sold.returned
                sold.returned += taken
                left -= taken
                by_order[sold.order.number] += price.worth(sold.returned) - price.worth(before)
            unmatched_minor += line.price.worth(left)
        return Returned({number: minor for number, minor in by_order.items() if minor}, unmatched_minor)
