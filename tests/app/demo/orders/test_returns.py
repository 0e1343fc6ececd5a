"""Which lines a credit note gives back: the latest captured ones of the same goods, piece by piece."""

from __future__ import annotations

from datetime import datetime

from app.demo.orders.reader import Document, Line, Price
from app.demo.orders.returns import Returned, Returns

FIRST = datetime(2010, 9, 1, 9)  # noqa: DTZ001  as the file has it: the shop's local time
SECOND = datetime(2010, 9, 2, 9)  # noqa: DTZ001
NOTED = datetime(2010, 9, 9, 9)  # noqa: DTZ001
PENNY_AND_A_HALF = Price(3, 2)
PENCE_FIVE = Price(5, 1)


def order(number: str, at: datetime, *lines: Line, customer: int = 1) -> Document:
    return Document(number, customer, at, lines, sum(line.amount_minor for line in lines))


def note(*lines: Line, customer: int = 1) -> Document:
    return order("C9", NOTED, *lines, customer=customer)


def test_the_latest_lines_come_back_first() -> None:
    returns = Returns()
    returns.captured(order("502", SECOND, Line(7, "A", 4, PENCE_FIVE), Line(8, "A", 1, Price(9, 1))))
    returns.captured(order("501", FIRST, Line(1, "A", 10, PENCE_FIVE)))
    # 1 piece of line 8 at 9, 4 of line 7 at 5, 2 of order 501 at 5.
    assert returns.take(note(Line(20, "A", 7, Price(6, 1)))) == Returned({"502": 29, "501": 10}, 0)


def test_pieces_add_up_to_the_line() -> None:
    """Three at 1.5 pence are 5; one by one they are worth 2, 1 and 2."""
    returns = Returns()
    returns.captured(order("501", FIRST, Line(1, "A", 3, PENNY_AND_A_HALF)))
    one = note(Line(20, "A", 1, PENCE_FIVE))
    assert [returns.take(one) for _ in range(3)] == [
        Returned({"501": 2}, 0),
        Returned({"501": 1}, 0),
        Returned({"501": 2}, 0),
    ]
    assert returns.take(one) == Returned({}, 5)


def test_what_matches_nothing_is_told_at_the_notes_own_price() -> None:
    """Seven of another buyer's goods and two beyond what was bought: 10.5 → 11 and 3."""
    returns = Returns()
    returns.captured(order("501", FIRST, Line(1, "A", 4, PENCE_FIVE)))
    returns.captured(order("502", FIRST, Line(2, "B", 9, PENCE_FIVE), customer=2))
    taken = returns.take(note(Line(20, "B", 7, PENNY_AND_A_HALF), Line(21, "A", 6, PENNY_AND_A_HALF)))
    assert taken == Returned({"501": 20}, 11 + 3)


def test_a_return_worth_nothing_is_none() -> None:
    returns = Returns()
    returns.captured(order("501", FIRST, Line(1, "A", 9, Price(1, 10))))
    assert returns.take(note(Line(20, "A", 1, PENCE_FIVE))) == Returned({}, 0)
