"""The naive model of one drawdown: its whole history told again, night by night, from DOMAIN and 0007.

It knows nothing of the engine: it reads terms and events as plain values and computes everything by itself.
An accrual is a count of minor units × nights; the rate is applied once, when somebody asks. So only these
products are known here: one rate for life, `actual/365` or a daily rate, one payment, equal principal and
level payments, weekends, no cap, tolerance, minimum charge, subsidy, prepayment fee or non-accrual.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tests.billing.rules.naive_money import ORDER, a_night, days, exactly, grace_of, of_units

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from products.rules.terms import Terms

RANKS = {"Authorised": 1, "Captured": 2, "Voided": 2, "Received": 4}
"""All others have 3."""

by_no = attrgetter("no")


def kind(event: Any) -> str:
    return type(event).__name__


class Row:
    """One due date of one capture."""

    def __init__(
        self, terms: Terms, capture: Capture, no: int, period: tuple[date, date], due: date, principal: int
    ) -> None:
        self.terms, self.capture, self.no = terms, capture, no
        self.start, self.nominal = period
        self.due, self.grace = due, grace_of(terms, due)
        self.principal, self.fee = principal, 0
        self.paid = dict.fromkeys(ORDER, 0)
        self.unit_nights = self.late_nights = self.penalty_nights = 0
        self.interest_charged = 0
        self.late_run = self.late_old = self.penalty_run = self.penalty_old = 0
        self.ahead_until: date | None = None
        self.past_due = self.disputed = self.settled = False

    @property
    def falls(self) -> date:
        """Where its interest is charged, whole: a date shifted before the nominal one asks for it earlier."""
        return min(self.nominal, self.due)

    @property
    def was_split_off(self) -> bool:
        """By a dispute, open or over."""
        return self.no % 10_000 > 100

    @property
    def grows(self) -> bool:
        """Interest comes to it, if any row of its period takes it."""
        return not (self.settled or self.disputed or self.ahead_until)

    @property
    def open(self) -> int:
        return self.principal - self.paid["principal"]

    @property
    def accrued(self) -> int:
        return of_units(self.unit_nights, a_night(self.terms), self.terms.rounding)

    @property
    def late(self) -> int:
        """Contract interest on past-due principal: counts for nothing until grace is lost."""
        if not self.past_due:
            return 0
        return of_units(self.late_nights, a_night(self.terms), self.terms.rounding)

    @property
    def penalty(self) -> int:
        if not self.past_due:
            return 0
        return of_units(self.penalty_nights, exactly(self.terms.penalty_daily_rate), self.terms.rounding)

    def owes(self) -> dict[str, int]:
        """If everything were charged now; what is in dispute is asked by nobody."""
        if self.disputed:
            return dict.fromkeys(ORDER, 0)
        return {
            "penalty": self.penalty_old + self.penalty - self.paid["penalty"],
            "fee": self.fee - self.paid["fee"],
            "interest": self.accrued + self.late_old + self.late - self.paid["interest"],
            "principal": self.open,
        }

    def charged(self) -> dict[str, int]:
        """What the books know."""
        return {
            "penalty": self.penalty_old + self.penalty_run,
            "fee": self.fee,
            "interest": self.interest_charged + self.late_old + self.late_run,
            "principal": self.principal,
        }

    def charge_past_due(self) -> None:
        if self.past_due:
            self.penalty_run, self.late_run = self.penalty, self.late

    def end_run(self) -> None:
        self.penalty_old += self.penalty_run
        self.late_old += self.late_run
        self.penalty_run = self.late_run = self.penalty_nights = self.late_nights = 0
        self.past_due = False


class Capture:
    """One delivery and its rows."""

    def __init__(self, event: Any, returned: int) -> None:
        self.no: int = event.capture_no
        self.on: date = event.effective_on
        self.gross: int = event.amount_minor
        self.refunded = returned
        self.payment = 0
        self.rows: list[Row] = []

    @property
    def financed(self) -> int:
        return self.gross - self.refunded


class Receipt:
    def __init__(self, event: Any) -> None:
        self.id, self.on = event.receipt_id, event.effective_on
        self.amount, self.source = event.amount_minor, event.source
        self.parts: dict[int, dict[str, int]] = {}
        self.excess = 0

    def add(self, no: int, component: str, amount: int) -> None:
        self.parts.setdefault(no, dict.fromkeys(ORDER, 0))[component] += amount


class Time:
    """From its first day to `as_of`: the opening of that day and all its events (naive_debt.py)."""

    def __init__(self, terms: Terms, events: Iterable[Any], as_of: date) -> None:
        self.terms = terms
        known = [event for event in events if event.effective_on <= as_of]
        known.sort(key=lambda event: (event.effective_on, RANKS.get(kind(event), 3), event.seq))
        self.day: date = known[0].effective_on
        self.amount, self.expires = known[0].amount_minor, known[0].expires_on
        self.captured = self.voided = self.expired = 0
        self.captures: list[Capture] = []
        self.receipts: list[Receipt] = []
        self.disputes: dict[Any, tuple[int, list[Row]]] = {}
        self.resolved: set[Any] = set()
        self.never_came = self._never_came(known)
        self.returned, self.in_dispute = self._never_delivered(known)
        self.rows: list[Row] = []
        self.to_tell = known[1:]
        self._opening()
        self.tell(as_of)

    def tell(self, as_of: date) -> None:
        """The nights and days until then."""
        while True:
            while self.to_tell and self.to_tell[0].effective_on == self.day:
                event = self.to_tell.pop(0)
                getattr(self, "_" + kind(event).lower())(event)
                self.rows = sorted((row for capture in self.captures for row in capture.rows), key=by_no)
                self._settle()
            if self.day == as_of:
                break
            self._night()
            self.day += days(1)
            self._opening()

    @staticmethod
    def _never_came(known: list[Any]) -> set[Any]:
        on = {event.receipt_id: event.effective_on for event in known if kind(event) == "Received"}
        return {
            event.receipt_id
            for event in known
            if kind(event) == "ReceiptReversed"
            and (event.reason == "bounced" or on[event.receipt_id] == event.effective_on)
        }

    @staticmethod
    def _never_delivered(known: list[Any]) -> tuple[dict[int, int], dict[Any, int]]:
        """By capture, goods that count as never delivered; by dispute, how much of it was delivered at all.

        A refund takes what is in dispute first: open still, or won and waiting for its refund.
        """
        returned: dict[int, int] = {}
        in_dispute: dict[Any, int] = {}
        waiting: dict[Any, int] = {}
        for event in known:
            if kind(event) == "Disputed":
                in_dispute[event.dispute_id] = event.amount_minor
                waiting[event.dispute_id] = event.capture_no
            elif kind(event) == "DisputeResolved" and event.verdict == "lost":
                waiting.pop(event.dispute_id, None)
            elif kind(event) == "Refunded" and event.method == "from_capture":
                returned[event.capture_no] = returned.get(event.capture_no, 0) + event.amount_minor
                left = event.amount_minor
                for dispute_id, capture_no in waiting.items():
                    if capture_no == event.capture_no:
                        taken = min(left, in_dispute[dispute_id])
                        in_dispute[dispute_id] -= taken
                        left -= taken
        return returned, in_dispute

    @property
    def held(self) -> int:
        return int(self.amount - self.captured - self.voided - self.expired)

    @property
    def outstanding(self) -> int:
        return sum(row.open for row in self.rows)

    @property
    def status(self) -> str:
        if self.captures:
            return "closed" if not self.held and all(row.settled for row in self.rows) else "captured"
        if self.held:
            return "authorised"
        return "expired" if self.expired else "voided"

    @property
    def days_past_due(self) -> int:
        return max(((self.day - row.due).days for row in self.rows if row.past_due), default=0)

    @property
    def merchant_fee(self) -> int:
        rate, back = exactly(self.terms.merchant_fee_rate), self.terms.merchant_fee_returns
        return sum(
            of_units(c.financed if back else c.gross, rate, self.terms.rounding) for c in self.captures
        )

    @property
    def credit(self) -> int:
        """What this drawdown gave to the buyer's credit balance, less what it took from it."""
        return sum(r.excess - (r.amount if r.source == "credit" else 0) for r in self.receipts)

    def is_done(self, row: Row) -> bool:
        """It owes nothing, and time alone will not change that: nothing that bears in its period is left."""
        if row.open or row.disputed:
            return not row.open
        if any(row.owes().values()):
            return False
        coming = row.falls > self.day and not row.ahead_until
        left = [r for r in row.capture.rows if r.nominal >= row.nominal and r.open and not r.disputed]
        return not (coming and left)

    def interest_to_come(self, row: Row) -> int:
        """What the rest of its period will add to its interest, if nothing else happens."""
        whole_period = row.unit_nights + self.nights_to_come(row)
        return of_units(whole_period, a_night(self.terms), self.terms.rounding) - row.accrued

    # Time

    def _base(self, row: Row) -> int:
        """All principal of the capture that has not reached its nominal date bears, disputed parts apart.

        A part that bears by itself does so for such parts: what its row has asked for is asked.
        """
        bearing = [r for r in row.capture.rows if r.nominal >= row.nominal and not r.disputed]
        if row.was_split_off:
            bearing = [r for r in bearing if r is row or (r.was_split_off and not r.ahead_until)]
        return sum(r.principal if self.terms.prepayment == "next" else r.open for r in bearing)

    def _first_night(self, row: Row) -> date:
        """The first that bears. The interest of a night belongs to the plan's row whose period holds it.

        Only where that was closed or paid ahead before the verdict, what was in dispute bears by itself: in
        the first of its parts that still do.
        """
        return self._not_free(row) if self._takes_nights(row) else row.nominal

    @staticmethod
    def _takes_nights(row: Row) -> bool:
        growing = [r for r in row.capture.rows if r.no % 100 == row.no % 100 and r.grows]
        return row is min(growing, key=by_no, default=None)

    def _not_free(self, row: Row) -> date:
        """The first night of the row's period that costs anything."""
        if self.terms.interest_free == "until_due":
            return row.nominal
        free_until = row.capture.on + days(self.terms.free_days)
        return max(row.start, free_until, row.ahead_until or row.start)

    def nights_to_come(self, row: Row) -> int:
        """Unit-nights from tonight to the end of the row's period, if nothing else happens."""
        return self._base(row) * max(0, (row.nominal - max(self._first_night(row), self.day)).days)

    def _opening(self) -> None:
        if self.day == self.expires:
            self.expired = self.held
        living = [row for row in self.rows if not row.settled]
        for row in living:
            if self.day == row.falls:
                if row.falls < row.nominal:
                    self._accrue_ahead(row)
                row.interest_charged = row.accrued
        self._settle()
        for row in living:
            if self.day > row.grace and not row.settled and not row.disputed:
                row.past_due = True

    def _accrue_ahead(self, row: Row) -> None:
        """The nights to come of the row's period, and with them those of what it bears for."""
        if not self._takes_nights(row):
            return
        row.unit_nights += self.nights_to_come(row)
        row.ahead_until = row.nominal
        for part in row.capture.rows:
            if part.no % 100 == row.no % 100 and part.no > row.no and not (part.disputed or part.settled):
                part.ahead_until = part.nominal

    def _night(self) -> None:
        for row in self.rows:
            if row.settled or row.disputed:
                continue
            if row.start <= self.day < row.nominal and self._first_night(row) <= self.day:
                row.unit_nights += self._base(row)
            if self.day < row.due:
                continue
            if self.terms.after_due == "continues":
                row.late_nights += row.open
            if self.day >= (row.due if self.terms.penalty_start == "due_date" else row.grace):
                row.penalty_nights += row.open
                if self.terms.penalty_base == "overdue_total":
                    charged = row.charged()
                    row.penalty_nights += charged["fee"] + charged["interest"]
                    row.penalty_nights -= row.paid["fee"] + row.paid["interest"]

    def _settle(self) -> None:
        """What is paid within grace was never late; what is paid after it ends its run."""
        for row in self.rows:
            if not row.settled and self.is_done(row):
                row.settled = True
                row.interest_charged = row.accrued
                row.charge_past_due()
                row.end_run()
