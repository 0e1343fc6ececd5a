"""One buyer with one line on the real engine, in memory: what the use cases and the database do around it.

Its commands have the names and answers of naive.py: the code of the refusal, or nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from billing.rules import decide, decide_after_sale, decide_receipt
from billing.rules.allocation import claims
from billing.rules.decision import Drawdown, Moved, Refusal, Settlement
from billing.rules.events import DueDate
from billing.rules.limit import Limit, decide_limit
from billing.rules.moves import advance_to, needs_events
from billing.rules.values import decode_state, encode_state
from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.due_dates import nominal_dates, row_dates
from tests.billing.rules.stories import a_parties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from billing.rules.accounts import Posting
    from billing.rules.book import Side
    from billing.rules.events import Event, ReversalReason, Source
    from billing.rules.limit import Kind
    from billing.rules.state import Move
    from billing.rules.values import State
    from products.rules.terms import Terms

Codes = set[str]


class EngineBuyer:
    def __init__(self, terms: Terms, today: date) -> None:
        self.terms, self.today = terms, today
        self.calendar = EVERY_DAY if terms.shift == "none" else Calendar(weekend=frozenset({6, 7}))
        self.parties = a_parties(terms)
        self.limit: Limit | None = None
        self.states: dict[str, State] = {}
        self.events: dict[str, tuple[Event, ...]] = {}
        self.balances: dict[str, Counter[Side]] = {}
        self.charged: Counter[tuple[str, int, str]] = Counter()
        self.allocated: Counter[tuple[str, UUID, int, str]] = Counter()
        self.line: Counter[str] = Counter()
        self.credit = 0
        self.rests: dict[UUID, tuple[int, Source, set[str]]] = {}

    @property
    def room(self) -> int:
        return max(0, (self.limit.limit_minor if self.limit else 0) - self.line["held"] - self.line["out"])

    @property
    def available(self) -> int:
        return self.room if self.limit and self.limit.status == "active" else 0

    @property
    def due_now(self) -> int:
        return sum(
            claim.amount_minor
            for state in self.states.values()
            for claim in claims(self.terms, state, advance=False)
        )

    def drawdown(
        self, key: str, kind: Move, on: date | None = None, reason: ReversalReason | None = None
    ) -> Drawdown[str]:
        """As a use case would load it: the events only where the engine says that it needs them."""
        on, state = on or self.today, self.states[key]
        needed = needs_events(self.terms, state, kind, on=on, today=self.today, reason=reason)
        return self._loaded(key, self.events[key] if needed else None)

    def _loaded(self, key: str, events: tuple[Event, ...] | None) -> Drawdown[str]:
        return Drawdown(
            key=key, terms=self.terms, parties=self.parties, state=self.states[key], events=events
        )

    def next_day(self) -> None:
        """Day end: what the schedule brought is booked."""
        self.today += timedelta(1)
        for key in self.states:
            self._keep(advance_to(self._loaded(key, None), self.today))

    def decide_limit(self, kind: Kind, limit: int | None) -> Codes:
        decided = decide_limit(kind, self.limit, limit)
        if isinstance(decided, Refusal):
            return {decided.code}
        self.limit = decided
        return set()

    def authorise(self, key: str, amount: int) -> Codes:
        moved = decide.authorise(key, self.terms, amount_minor=amount, today=self.today)
        if isinstance(moved, Moved) and (self.limit is None or self.limit.status != "active"):
            return {"line_frozen"} if self.limit else {"limit_exceeded"}
        return self._done(moved, fits=True)

    def capture(self, key: str, amount: int | None, on: date) -> Codes:
        drawdown = self.drawdown(key, "capture", on)
        notice = self.today + timedelta(self.terms.min_notice_days)
        found = row_dates(self.terms, nominal_dates(self.terms, on), notice, self.calendar)
        dates = tuple(DueDate(*row) for row in found)
        return self._done(
            decide.capture(drawdown, amount_minor=amount, on=on, today=self.today, dates=dates), fits=True
        )

    def void(self, key: str, amount: int | None) -> Codes:
        return self._done(decide.void(self.drawdown(key, "void"), amount_minor=amount, today=self.today))

    def refund(self, key: str, refund_id: UUID, capture_no: int, amount: int, on: date) -> Codes:
        return self._done(
            decide.refund(
                self.drawdown(key, "refund", on), refund_id=refund_id, capture_no=capture_no,
                amount_minor=amount, on=on, today=self.today,
            )
        )  # fmt: skip

    def dispute(self, key: str, dispute_id: UUID, capture_no: int, amount: int, on: date) -> Codes:
        return self._done(
            decide_after_sale.open_dispute(
                self.drawdown(key, "dispute", on), dispute_id=dispute_id, capture_no=capture_no,
                amount_minor=amount, on=on, today=self.today,
            )
        )  # fmt: skip

    def resolve(self, key: str, dispute_id: UUID, verdict: Literal["won", "lost"]) -> Codes:
        return self._done(
            decide_after_sale.resolve_dispute(
                self.drawdown(key, "resolve_dispute"),
                dispute_id=dispute_id,
                verdict=verdict,
                today=self.today,
                calendar=self.calendar,
            )
        )

    def receive(
        self, receipt_id: UUID, amount: int, on: date, *, advance: bool, named: str | None, source: Source
    ) -> Codes:
        decided = decide_receipt.receive(
            [self.drawdown(key, "receive", on) for key in sorted(self.states)],
            parties=self.parties, receipt_id=receipt_id, amount_minor=amount, on=on, today=self.today,
            advance=advance, named=named, source=source,
        )  # fmt: skip
        codes = self._done(decided)
        if not codes:
            assert isinstance(decided, Settlement)
            reached = {moved.key for moved in decided.moved}
            self.rests[receipt_id] = (decided.rest_minor if source == "cash" else 0, source, reached)
        return codes

    def reverse(self, receipt_id: UUID, reason: ReversalReason) -> tuple[Codes, list[UUID]]:
        """What its excess has paid meanwhile is taken back first, the latest first."""
        if receipt_id not in self.rests:
            return {"receipt_not_standing"}, []
        taken_back: list[UUID] = []
        while (codes := self._reverse(receipt_id, reason)) == {"credit_short"}:
            uses = [id_ for id_, (_, source, _) in self.rests.items() if source == "credit"]
            if not uses:
                break
            assert not self._reverse(uses[-1], reason)
            taken_back.append(uses[-1])
        return codes, [*taken_back, *([] if codes else [receipt_id])]

    def _reverse(self, receipt_id: UUID, reason: ReversalReason) -> Codes:
        rest, source, reached = self.rests[receipt_id]
        decided = decide_receipt.reverse_receipt(
            [self.drawdown(key, "reverse_receipt", reason=reason) for key in sorted(reached)],
            parties=self.parties, receipt_id=receipt_id, reason=reason, rest_minor=rest, source=source,
            on=self.today, today=self.today,
        )  # fmt: skip
        codes = self._done(decided)
        if not codes:
            del self.rests[receipt_id]
        return codes

    def _done(self, decided: Moved[str] | Settlement[str] | Refusal, *, fits: bool = False) -> Codes:
        """What `billing.commit` checks; then it is kept."""
        if isinstance(decided, Refusal):
            return {decided.code}
        if isinstance(decided, Settlement):
            if self.credit + decided.credit_minor < 0:
                return {"credit_short"}
            self._post("", decided.rest_postings)
            self.credit += decided.credit_minor - sum(moved.credit_minor for moved in decided.moved)
            for moved in decided.moved:
                self._keep(moved)
            return set()
        if fits and decided.line.need > self.room:
            return {"limit_exceeded"}
        if self.credit + decided.credit_minor < 0:
            return {"credit_short"}
        self._keep(decided)
        return set()

    def _keep(self, moved: Moved[str]) -> None:
        assert moved.before == self.states.get(moved.key)
        key = moved.key
        self.states[key] = decode_state(encode_state(moved.after))
        self.events[key] = (*self.events.get(key, ()), *moved.events)
        self.line.update(held=moved.line.held, out=moved.line.outstanding)
        self.credit += moved.credit_minor
        for journal in moved.journals:
            self._post(key, journal.postings)
            for charge in journal.charges:
                self.charged[key, charge.instalment_no, charge.kind] += charge.amount_minor
            for part in journal.allocations:
                self.allocated[key, part.receipt_id, part.instalment_no, part.component] += part.amount_minor

    def _post(self, key: str, postings: Sequence[Posting]) -> None:
        sums = self.balances.setdefault(key, Counter())
        for posting in postings:
            assert posting.amount_minor > 0
            sums[posting.book, posting.debit_account, posting.debit_party] += posting.amount_minor
            sums[posting.book, posting.credit_account, posting.credit_party] -= posting.amount_minor
