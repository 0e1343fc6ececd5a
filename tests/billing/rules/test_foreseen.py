"""What comes until a day: the schedule's journals, and credit balance paying at openings, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import given

from billing.rules.decision import Drawdown
from billing.rules.foreseen import Foreseen, foresee
from billing.rules.moves import advance_to
from products.rules.terms import Terms
from tests.billing.rules.scripts import Book, Step, a_terms, any_amount, any_story, any_terms
from tests.billing.rules.stories import Tale, a_parties, day, drawn

TERMS = a_terms(term_days=60, free_days=0, daily_rate=Decimal("0.0005"), grace_days=3)
"""Drawn on day 0, due on day 60 with 3.00 of interest on 100.00."""


def coming(*tales: Tale, credit_minor: int, today: int, until: int, terms: Terms = TERMS) -> Foreseen:
    drawdowns = [
        Drawdown(key=UUID(int=no), terms=terms, parties=a_parties(terms), state=tale.state(terms, today))
        for no, tale in enumerate(tales, 1)
    ]
    return foresee(
        drawdowns, parties=a_parties(terms), credit_minor=credit_minor, today=day(today), until=day(until)
    )


def told(found: Foreseen) -> list[tuple[int, str, date, int]]:
    return [
        (key.int, journal.kind, journal.effective_on, sum(one.amount_minor for one in journal.postings))
        for key, journal in found.journals
    ]


def test_interest_is_charged_on_its_day() -> None:
    found = coming(drawn(10_000), credit_minor=0, today=50, until=70)
    assert told(found) == [(1, "interest_due", day(60), 300)]
    assert [one.state.as_of for one in found.drawdowns] == [day(70)]


def test_nothing_comes_before_it() -> None:
    assert told(coming(drawn(10_000), credit_minor=500, today=50, until=59)) == []


def test_credit_pays_what_falls_due_as_far_as_it_goes() -> None:
    """4,000 of credit: 300 of interest, 3,700 of the older one's principal; nothing is left for the other."""
    found = coming(drawn(10_000), drawn(20_000), credit_minor=4_000, today=50, until=70)
    assert told(found) == [
        (1, "interest_due", day(60), 300),
        (2, "interest_due", day(60), 600),
        (1, "receipt", day(60), 4_000),
    ]
    assert found.credit_minor == 0


def test_credit_of_today_pays_what_is_due_tomorrow() -> None:
    """It never pays on the day on which it arose."""
    found = coming(drawn(10_000), credit_minor=20_000, today=61, until=70)
    assert told(found) == [(1, "receipt", day(62), 10_300)]
    assert (found.credit_minor, found.drawdowns[0].state.status) == (9_700, "closed")


@given(any_terms, any_amount, any_story)
def test_without_credit_it_is_what_day_end_writes(terms: Terms, amount_minor: int, story: list[Step]) -> None:
    book = Book(terms, amount_minor, day_ends=True).play(story)
    drawdown = Drawdown(key=UUID(int=1), terms=terms, parties=book.parties, state=book.state)
    until = date.fromordinal(book.today.toordinal() + 45)
    found = foresee([drawdown], parties=book.parties, credit_minor=0, today=book.today, until=until)
    moved = advance_to(drawdown, until)
    assert found.drawdowns[0].state == moved.after
    assert tuple(journal for _, journal in found.journals) == moved.journals
