"""A naive model of one buyer with one line: what DOMAIN.md says, in the plainest way, for testing the engine.

It was written from DOMAIN §2, §3, §6–§11, §13 and docs/decisions/0007 apart from the engine: it imports none
of what computes there, keeps nothing but what was recorded, and tells each drawdown's whole history again,
night by night, whenever somebody asks (naive_debt.py, naive_time.py, naive_money.py; those say which products
they know). Slow and obvious is its whole merit.

A command answers with the codes of all rules that it breaks; none: it is done.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

from billing.rules.events import (
    Authorised,
    Captured,
    Disputed,
    DisputeResolved,
    ReceiptReversed,
    Received,
    Refunded,
)
from billing.rules.events import Voided as VoidedEvent
from tests.billing.rules.naive_debt import Story
from tests.billing.rules.naive_money import days
from tests.billing.rules.naive_time import Receipt

if TYPE_CHECKING:
    from billing.rules.events import Event, ReversalReason, Source
    from products.rules.terms import Terms

Codes = set[str]
OK: Codes = set()


class Money(NamedTuple):
    """A receipt as recorded: what each drawdown was allotted, and what none was."""

    amount: int
    on: date
    source: Source
    allotted: dict[str, int]
    rest: int


class Buyer:
    def __init__(self, terms: Terms, today: date) -> None:
        self.terms, self.today = terms, today
        self.limit: int | None = None
        self.line_status = "none"
        self.events: dict[str, list[Event]] = {}
        self.standing: dict[UUID, Money] = {}
        self._told: dict[tuple[str, int], Story] = {}

    # What there is

    def story(self, key: str, on: date | None = None) -> Story:
        if on is not None and on != self.today:
            return Story(self.terms, self.events[key], on)
        at = (key, len(self.events[key]))
        if at not in self._told:
            self._told[at] = Story(self.terms, self.events[key], self.today)
        self._told[at].tell(self.today)
        return self._told[at]

    @property
    def stories(self) -> dict[str, Story]:
        return {key: self.story(key) for key in self.events}

    @property
    def held(self) -> int:
        return sum(story.held for story in self.stories.values())

    @property
    def outstanding(self) -> int:
        return sum(story.outstanding for story in self.stories.values())

    @property
    def available(self) -> int:
        room = (self.limit or 0) - self.held - self.outstanding
        return max(0, room) if self.line_status == "active" else 0

    @property
    def credit(self) -> int:
        rests = sum(money.rest for money in self.standing.values())
        return rests + sum(story.credit for story in self.stories.values())

    @property
    def due_now(self) -> int:
        """Past due and due, of all drawdowns."""
        return sum(
            sum(row.owes().values())
            for story in self.stories.values()
            for name in ("past_due", "due")
            for row in story.of_class(name)
        )

    # The line

    def decide_limit(self, kind: str, limit: int | None) -> Codes:
        status = self.line_status
        if kind == "grant":
            if status != "none":
                return {"line_exists"}
            self.limit, self.line_status = limit, "active"
            return OK
        if status == "none":
            return {"no_line"}
        if (kind == "freeze" and status != "active") or (kind == "unfreeze" and status != "frozen"):
            return {"wrong_state"}
        assert self.limit is not None
        if limit is not None:
            if kind == "raise" and limit <= self.limit:
                return {"not_a_raise"}
            if kind == "cut" and limit >= self.limit:
                return {"not_a_cut"}
            self.limit = limit
        if kind in ("freeze", "unfreeze"):
            self.line_status = {"freeze": "frozen", "unfreeze": "active"}[kind]
        return OK

    # Orders

    def authorise(self, key: str, amount: int) -> Codes:
        codes = {"drawdown_below_minimum"} if amount < self.terms.drawdown_minimum_minor else set()
        most = self.terms.drawdown_maximum_minor
        if most is not None and amount > most:
            codes.add("drawdown_above_maximum")
        if self.line_status == "frozen":
            codes.add("line_frozen")
        elif amount > self.available:
            codes.add("limit_exceeded")
        if not codes:
            expires_on = self.today + days(self.terms.authorisation_days)
            self.events[key] = [
                Authorised(seq=1, effective_on=self.today, amount_minor=amount, expires_on=expires_on)
            ]
        return codes

    def capture(self, key: str, amount: int | None, on: date) -> Codes:
        now, codes = self.story(key), set()
        if (self.today - on).days > self.terms.capture_backdating_days:
            codes.add("backdated_too_far")
        if on < self._begun(key):
            return codes | {"before_authorisation"}
        if self.story(key, on).status not in ("authorised", "captured"):
            codes.add("wrong_state")
        if on >= now.expires:
            codes.add("authorisation_expired")
        left = now.amount - now.captured - now.voided
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            codes.add("capture_exceeds_authorised")
        elif wanted < left and not self.terms.partial_capture:
            codes.add("partial_capture_not_allowed")
        if codes:
            return codes
        event = Captured(
            **self._next(key, on),
            capture_no=len(now.captures) + 1,
            amount_minor=wanted,
            booked_on=self.today,
        )
        return self._try({key: event}, fits=True)

    def void(self, key: str, amount: int | None) -> Codes:
        now = self.story(key)
        codes = set() if now.status in ("authorised", "captured") else {"wrong_state"}
        wanted = now.held if amount is None else amount
        if not 0 < wanted <= now.held:
            codes.add("void_exceeds_authorised")
        return codes or self._try({key: VoidedEvent(**self._next(key, self.today), amount_minor=wanted)})

    def refund(self, key: str, refund_id: UUID, capture_no: int, amount: int, on: date) -> Codes:
        capture = next((c for c in self.story(key).captures if c.no == capture_no), None)
        if capture is None:
            return {"capture_not_found"}
        codes = {"refund_before_capture"} if on < capture.on else set()
        if not 0 < amount <= capture.financed:
            codes.add("refund_exceeds_capture")
        event = Refunded(
            **self._next(key, on),
            refund_id=refund_id,
            capture_no=capture_no,
            amount_minor=amount,
            method=self.terms.refund_method,
        )
        return codes or self._try({key: event})

    def dispute(self, key: str, dispute_id: UUID, capture_no: int, amount: int, on: date) -> Codes:
        now, codes = self.story(key), set()
        if on < min((capture.on for capture in now.captures), default=on):
            return {"before_capture"}
        if on < self._begun(key) or self.story(key, on).status != "captured":
            codes.add("wrong_state")
        if capture_no not in [capture.no for capture in now.captures]:
            return codes | {"capture_not_found"}
        if any(no == capture_no for no, _ in now.disputes.values()):
            codes.add("dispute_open")
        then = self.story(key, on) if on >= self._begun(key) else None
        captured_then = then is not None and capture_no in [capture.no for capture in then.captures]
        if not (then and captured_then and 0 < amount <= then.disputable(capture_no)):
            codes.add("dispute_exceeds_open")
        event = Disputed(
            **self._next(key, on), dispute_id=dispute_id, capture_no=capture_no, amount_minor=amount
        )
        return codes or self._try({key: event})

    def resolve(self, key: str, dispute_id: UUID, verdict: Literal["won", "lost"]) -> Codes:
        now = self.story(key)
        codes = set() if now.status == "captured" else {"wrong_state"}
        if dispute_id not in now.disputes:
            codes.add("dispute_not_open")
        event = DisputeResolved(**self._next(key, self.today), dispute_id=dispute_id, verdict=verdict)
        return codes or self._try({key: event})

    # Money

    def receive(
        self, receipt_id: UUID, amount: int, on: date, *, advance: bool, named: str | None, source: Source
    ) -> Codes:
        codes = set()
        if named is not None:
            if on < self._begun(named) or self.story(named, on).status != "captured":
                codes.add("wrong_state")
            if advance and self.terms.early_payment == "refused":
                codes.add("early_payment_refused")
        if codes:
            return codes
        allotted, rest = self._shared(amount, on, advance=advance, named=named)
        events: dict[str, Event] = {
            key: Received(
                **self._next(key, on),
                receipt_id=receipt_id,
                amount_minor=part,
                advance=advance or key == named,
                source=source,
            )
            for key, part in allotted.items()
        }
        money = Money(amount, on, source, allotted, rest if source == "cash" else 0)
        self.standing[receipt_id] = money
        if codes := self._try(events):
            del self.standing[receipt_id]
        return codes

    def _shared(
        self, amount: int, on: date, *, advance: bool, named: str | None
    ) -> tuple[dict[str, int], int]:
        """By the grid, on the state of the day: class, then drawdown; each takes what it can."""
        then = {key: Story(self.terms, self.events[key], on) for key in self.events if self._begun(key) <= on}
        allotted: dict[str, int] = {}
        purse = Received(seq=0, effective_on=on, receipt_id=UUID(int=0), amount_minor=amount)
        for name in ("past_due", "due", "ahead"):
            for key in self._queue(then, name, named):
                if name == "ahead" and not (advance or key == named or self.terms.surplus == "prepay"):
                    continue
                left = then[key].pay(Receipt(purse), name, amount)
                if left < amount:
                    allotted[key] = allotted.get(key, 0) + amount - left
                amount = left
        return allotted, amount

    @staticmethod
    def _queue(then: dict[str, Story], name: str, named: str | None) -> list[str]:
        """The oldest unpaid due date, then the oldest capture, then the number; the named one before all."""
        asking = {
            key: [row for row in story.of_class(name) if story.asks(row)] for key, story in then.items()
        }
        first = {key: min((row.due, row.capture.on) for row in rows) for key, rows in asking.items() if rows}
        return sorted(first, key=lambda key: (key != named, first[key], key))

    def reverse(self, receipt_id: UUID, reason: ReversalReason) -> tuple[Codes, list[UUID]]:
        """What of its credit has paid other debts is taken back first, the latest first; all in order."""
        if receipt_id not in self.standing:
            return {"receipt_not_standing"}, []
        taken_back: list[UUID] = []
        while True:
            codes = self._reverse(receipt_id, reason)
            uses = [id_ for id_, money in self.standing.items() if money.source == "credit"]
            if codes != {"credit_short"} or not uses:
                return codes, [*taken_back, *([] if codes else [receipt_id])]
            taken_back.append(uses[-1])
            assert not self._reverse(uses[-1], reason)

    def _reverse(self, receipt_id: UUID, reason: ReversalReason) -> Codes:
        money = self.standing.pop(receipt_id)
        events: dict[str, Event] = {
            key: ReceiptReversed(**self._next(key, self.today), receipt_id=receipt_id, reason=reason)
            for key in money.allotted
        }
        if codes := self._try(events):
            place = list(self.standing.items())
            self.standing = dict(sorted([*place, (receipt_id, money)], key=lambda one: one[0]))
        return codes

    # Recording

    def _begun(self, key: str) -> date:
        return self.events[key][0].effective_on

    def _next(self, key: str, on: date) -> Any:
        return {"seq": len(self.events[key]) + 1, "effective_on": on}

    def _try(self, events: dict[str, Event], *, fits: bool = False) -> Codes:
        """Recorded, unless the line has no room for it or the credit balance would fall below 0."""
        used = self.held + self.outstanding
        room = (self.limit or 0) - used
        for key, event in events.items():
            self.events[key].append(event)
        codes: Codes = set()
        if fits and (more := self.held + self.outstanding - used) > 0 and more > room:
            codes.add("limit_exceeded")
        if self.credit < 0:
            codes.add("credit_short")
        if codes:
            for key in events:
                self.events[key].pop()
                self._told = {at: told for at, told in self._told.items() if at[0] != key}
        return codes
