"""Stories written by hand: what happened on which day, counted from the first capture."""

from datetime import date, timedelta
from itertools import count
from typing import Literal
from uuid import UUID

from billing.rules.accounts import Parties
from billing.rules.decision import Drawdown
from billing.rules.events import (
    Authorised,
    Captured,
    Disputed,
    DisputeResolved,
    Event,
    ReceiptReversed,
    Received,
    Refunded,
    ReversalReason,
    Source,
    Voided,
)
from billing.rules.replay import replay
from billing.rules.values import State
from products.rules.terms import RefundMethod, Terms
from tests.billing.rules.scripts import BUYER, MERCHANT

DAY_0 = date(2027, 1, 9)
"""60 days later is 10 March 2027, the due date of DOMAIN.md §7, example 5."""


def day(number: int) -> date:
    return DAY_0 + timedelta(number)


def receipt(number: int) -> UUID:
    return UUID(int=1000 + number)


class Tale:
    """The events of one drawdown, in the order in which they are told."""

    def __init__(self, amount_minor: int, *, expires: int = 100) -> None:
        self.seq = count(1)
        self.events: tuple[Event, ...] = (
            Authorised(
                seq=next(self.seq), effective_on=DAY_0, amount_minor=amount_minor, expires_on=day(expires)
            ),
        )

    def then(self, event: Event) -> "Tale":
        self.events += (event,)
        return self

    def captured(self, amount_minor: int, on: int = 0, *, no: int = 1, booked: int | None = None) -> "Tale":
        booked_on = day(on if booked is None else booked)
        return self.then(
            Captured(
                seq=next(self.seq),
                effective_on=day(on),
                capture_no=no,
                amount_minor=amount_minor,
                booked_on=booked_on,
            )
        )

    def voided(self, amount_minor: int, on: int) -> "Tale":
        return self.then(Voided(seq=next(self.seq), effective_on=day(on), amount_minor=amount_minor))

    def paid(
        self, amount_minor: int, on: int, *, no: int = 1, advance: bool = False, source: Source = "cash"
    ) -> "Tale":
        return self.then(
            Received(
                seq=next(self.seq),
                effective_on=day(on),
                receipt_id=receipt(no),
                amount_minor=amount_minor,
                advance=advance,
                source=source,
            )
        )

    def reversed(self, reason: ReversalReason, on: int, *, no: int = 1) -> "Tale":
        return self.then(
            ReceiptReversed(seq=next(self.seq), effective_on=day(on), receipt_id=receipt(no), reason=reason)
        )

    def refunded(self, amount_minor: int, on: int, method: RefundMethod, *, capture: int = 1) -> "Tale":
        seq = next(self.seq)
        return self.then(
            Refunded(
                seq=seq,
                effective_on=day(on),
                refund_id=UUID(int=seq),
                capture_no=capture,
                amount_minor=amount_minor,
                method=method,
            )
        )

    def disputed(self, amount_minor: int, on: int, *, no: int = 1, capture: int = 1) -> "Tale":
        return self.then(
            Disputed(
                seq=next(self.seq),
                effective_on=day(on),
                dispute_id=UUID(int=2000 + no),
                capture_no=capture,
                amount_minor=amount_minor,
            )
        )

    def resolved(self, verdict: Literal["won", "lost"], on: int, *, no: int = 1) -> "Tale":
        return self.then(
            DisputeResolved(
                seq=next(self.seq), effective_on=day(on), dispute_id=UUID(int=2000 + no), verdict=verdict
            )
        )

    def state(self, terms: Terms, on: int) -> State:
        return replay(terms, self.events, day(on))

    def drawdown(self, terms: Terms, on: int, key: str = "d") -> Drawdown[str]:
        """As stored after all was recorded until that day."""
        return Drawdown(
            key=key, terms=terms, parties=a_parties(terms), state=self.state(terms, on), events=self.events
        )


def a_parties(terms: Terms) -> Parties:
    return Parties(
        buyer=BUYER, merchant=MERCHANT, lender_book=terms.lender_book, tenant_book=terms.tenant_book
    )


def drawn(amount_minor: int, *, expires: int = 100) -> Tale:
    """Authorised and captured whole on day 0."""
    return Tale(amount_minor, expires=expires).captured(amount_minor)
