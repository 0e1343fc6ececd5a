"""The engine's rules once more, in the plainest way: day by day, night by night, in fractions.

It knows DOMAIN.md and docs/decisions/0001 and nothing of the engine: it imports none of it, and reads events
and terms as plain values. Slow and obvious is its whole merit.
"""

from copy import copy
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

ORDER = ("penalty", "fee", "interest", "principal")
ONE_DAY = timedelta(days=1)


def whole(exact: Fraction, mode: str) -> int:
    """Half up for what is never negative; Python's own round is half even."""
    return int(exact + Fraction(1, 2)) if mode == "half_up" else round(exact)


class Debt:
    """One capture to be paid once, or what of it was in dispute: `part` tells that it was split off."""

    def __init__(self, terms: Any, event: Any, amount: int) -> None:
        self.terms = terms
        self.part = self.disputed = False
        self.capture_no: int = event.capture_no
        self.no: int = (event.capture_no - 1) * 10_000 + 1
        self.start: date = event.effective_on
        self.nominal = self.start + terms.term_days * ONE_DAY
        self.due: date = max(self.nominal, event.booked_on + terms.min_notice_days * ONE_DAY)
        self.principal = amount
        self.paid = dict.fromkeys(ORDER, 0)
        self.interest = Fraction(0)
        self.interest_charged = 0
        self.penalty = Fraction(0)
        self.run_charged = 0
        self.old_runs = 0
        self.past_due = False
        self.settled: date | None = None

    @property
    def grace(self) -> date:
        return self.due + timedelta(self.terms.grace_days)

    @property
    def open(self) -> int:
        return int(self.principal - self.paid["principal"])

    @property
    def penalty_charged(self) -> int:
        return self.old_runs + self.run_charged

    def owes(self) -> dict[str, int]:
        """If everything were charged now."""
        penalty = self.old_runs + (whole(self.penalty, self.terms.rounding) if self.past_due else 0)
        return {
            "penalty": penalty - self.paid["penalty"],
            "fee": 0,
            "interest": whole(self.interest, self.terms.rounding) - self.paid["interest"],
            "principal": self.open,
        }

    def charge_interest(self) -> None:
        self.interest_charged = whole(self.interest, self.terms.rounding)

    def charge_penalty(self) -> None:
        if self.past_due:
            self.run_charged = whole(self.penalty, self.terms.rounding)

    def end_run(self) -> None:
        self.old_runs += self.run_charged
        self.run_charged = 0
        self.penalty = Fraction(0)

    def settle_if_paid(self, today: date) -> None:
        if self.settled is None and not self.disputed and not any(self.owes().values()):
            self.charge_interest()
            self.charge_penalty()
            if not self.past_due:
                self.end_run()
            self.past_due = False
            self.settled = today

    def split_off(self, amount: int, known: set[int]) -> "Debt":
        """So much of it in dispute: the same dates, the next free number, and nothing runs on it."""
        apart = copy(self)
        while apart.no in known:
            apart.no += 100
        apart.part = apart.disputed = True
        apart.principal, apart.paid = amount, dict.fromkeys(ORDER, 0)
        apart.interest = apart.penalty = Fraction(0)
        apart.interest_charged = apart.run_charged = apart.old_runs = 0
        apart.past_due = False
        self.principal -= amount
        return apart

    def night(self, tonight: date, bearing: int) -> None:
        """`bearing`: the principal whose interest of this night belongs here."""
        if self.settled or self.disputed:
            return
        first = self.start + self.terms.free_days * ONE_DAY
        if first <= tonight < self.nominal:
            self.interest += bearing * Fraction(self.terms.daily_rate)
        if tonight >= (self.due if self.terms.penalty_start == "due_date" else self.grace):
            base = self.open
            if self.terms.penalty_base == "overdue_total":
                base += self.interest_charged - self.paid["interest"]
            self.penalty += base * Fraction(self.terms.penalty_daily_rate)

    def reopen(self, parts: dict[str, int], today: date) -> None:
        for component, amount in parts.items():
            self.paid[component] -= amount
        self.settled = None
        if today > self.due:
            self.charge_penalty()
            self.end_run()
            self.past_due = False
            self.due = today


class Story:
    """A drawdown told from its first day."""

    def __init__(self, terms: Any, events: list[Any], as_of: date) -> None:
        self.terms = terms
        known = [event for event in events if event.effective_on <= as_of]
        self.amount, self.expires, self.day = 0, as_of, min(e.effective_on for e in known)
        self.captured = self.voided = self.expired = 0
        self.refunded: dict[int, int] = {}
        self.gross: dict[int, int] = {}
        self.debts: list[Debt] = []
        self.receipts: dict[Any, dict[str, Any]] = {}
        self.disputes: dict[Any, list[Debt]] = {}
        self.never_came = self._never_came(known)
        self.never_delivered: dict[int, int] = {}
        for event in known:
            if type(event).__name__ == "Refunded" and event.method == "from_capture":
                no = event.capture_no
                self.never_delivered[no] = self.never_delivered.get(no, 0) + event.amount_minor
        ranks = {
            "Authorised": 1,
            "Captured": 2,
            "Voided": 2,
            "Refunded": 3,
            "Disputed": 3,
            "DisputeResolved": 3,
            "ReceiptReversed": 3,
            "Received": 4,
        }
        known.sort(key=lambda event: (event.effective_on, ranks[type(event).__name__], event.seq))
        self.in_dispute = self._not_returned(known)
        while True:
            self._opening()
            while known and known[0].effective_on == self.day:
                event = known.pop(0)
                getattr(self, "_" + type(event).__name__.lower())(event)
            if self.day == as_of:
                break
            for debt, bearing in [(debt, self._bearing(debt)) for debt in self.debts]:
                debt.night(self.day, bearing)
            self.day += ONE_DAY

    @staticmethod
    def _never_came(known: list[Any]) -> set[Any]:
        days = {e.receipt_id: e.effective_on for e in known if type(e).__name__ == "Received"}
        return {
            event.receipt_id
            for event in known
            if type(event).__name__ == "ReceiptReversed"
            and (event.reason == "bounced" or days[event.receipt_id] == event.effective_on)
        }

    @staticmethod
    def _not_returned(known: list[Any]) -> dict[Any, int]:
        """What is in dispute comes back first: as never delivered, it was never in dispute."""
        left: dict[Any, int] = {}
        open_in: dict[Any, int] = {}
        for event in known:
            match type(event).__name__:
                case "Disputed":
                    left[event.dispute_id] = event.amount_minor
                    open_in[event.dispute_id] = event.capture_no
                case "DisputeResolved" if event.verdict == "lost":
                    del open_in[event.dispute_id]
                case "Refunded" if event.method == "from_capture":
                    back = event.amount_minor
                    for dispute in [d for d, no in open_in.items() if no == event.capture_no]:
                        taken = min(back, left[dispute])
                        left[dispute] -= taken
                        back -= taken
        return left

    @property
    def held(self) -> int:
        return self.amount - self.captured - self.voided - self.expired

    @property
    def status(self) -> str:
        if self.debts:
            return "closed" if not self.held and all(debt.settled for debt in self.debts) else "captured"
        if self.held:
            return "authorised"
        return "expired" if self.expired else "voided"

    @property
    def merchant_fee(self) -> int:
        back = self.refunded if self.terms.merchant_fee_returns else {}
        rate = Fraction(self.terms.merchant_fee_rate)
        return sum(
            whole((amount - back.get(no, 0)) * rate, self.terms.rounding) for no, amount in self.gross.items()
        )

    @property
    def days_past_due(self) -> int:
        return max(((self.day - debt.due).days for debt in self.debts if debt.past_due), default=0)

    def _opening(self) -> None:
        if self.day == self.expires:
            self.expired = self.held
        for debt in self._living():
            if self.day == debt.nominal:
                debt.charge_interest()
                debt.settle_if_paid(self.day)
            if self.day > debt.grace and not debt.settled:
                debt.past_due = True

    def _living(self, *capture_nos: int) -> list[Debt]:
        """What is owed and not in dispute, by number; of these captures, or of all."""
        found = [debt for debt in self.debts if not debt.settled and not debt.disputed]
        if capture_nos:
            found = [debt for debt in found if debt.capture_no in capture_nos]
        return sorted(found, key=lambda debt: debt.no)

    def _bearing(self, debt: Debt) -> int:
        """A night's interest on a capture belongs to the first of its debts that live."""
        living = self._living(debt.capture_no)
        if not living or living[0] is not debt:
            return 0
        return sum(other.open for other in living)

    def _settle(self, *capture_nos: int) -> None:
        """Before its nominal date the first debt waits for the others: their interest is still to come in
        it.
        """
        for capture_no in capture_nos:
            for debt in self.debts:
                if debt.capture_no == capture_no and debt.disputed and not debt.open and not debt.settled:
                    debt.settled = self.day
            living = self._living(capture_no)
            for debt in living:
                if self.day >= debt.nominal or not any(other.open for other in living):
                    debt.settle_if_paid(self.day)

    def _authorised(self, event: Any) -> None:
        self.amount, self.expires = event.amount_minor, event.expires_on

    def _captured(self, event: Any) -> None:
        no = event.capture_no
        back = self.never_delivered.get(no, 0)
        self.captured += event.amount_minor
        self.gross[no], self.refunded[no] = event.amount_minor, back
        self.debts.append(Debt(self.terms, event, event.amount_minor - back))
        self._settle(no)

    def _voided(self, event: Any) -> None:
        self.voided += event.amount_minor

    def _refunded(self, event: Any) -> None:
        if event.method == "from_capture":
            return
        no, surplus = event.capture_no, event.amount_minor
        self.refunded[no] += event.amount_minor
        in_dispute = [d for d in self.debts if d.capture_no == no and d.disputed and not d.settled]
        for debt in (*sorted(in_dispute, key=lambda d: d.no), *self._coming(no), *self._fallen(no)):
            taken = min(surplus, debt.open)
            debt.principal -= taken
            surplus -= taken
        self._settle(no)
        if surplus:
            self._charge_penalties()
        for receipt in reversed(self.receipts.values()):
            freed = 0
            for debt in sorted(self.debts, key=lambda d: -d.no):
                parts = receipt["parts"].get(debt.no, {})
                if debt.capture_no == no and (taken := min(surplus, parts.get("principal", 0))):
                    parts["principal"] -= taken
                    debt.paid["principal"] -= taken
                    debt.principal -= taken
                    surplus, freed = surplus - taken, freed + taken
            if freed:
                receipt["excess"] += self._pay(receipt, freed, True, self._living(no))
        self._settle(no)

    def _coming(self, capture_no: int) -> list[Debt]:
        """The plan, while its day is to come: here a single debt, without what a dispute split off."""
        return [d for d in self._living(capture_no) if not d.part and min(d.nominal, d.due) > self.day]

    def _fallen(self, capture_no: int) -> list[Debt]:
        """The others, the newest first."""
        coming = self._coming(capture_no)
        return [debt for debt in reversed(self._living(capture_no)) if debt not in coming]

    def _disputed(self, event: Any) -> None:
        left = self.in_dispute[event.dispute_id]
        parts: list[Debt] = []
        for debt in (*self._coming(event.capture_no), *self._fallen(event.capture_no)):
            if taken := min(left, debt.open):
                left -= taken
                parts.append(debt.split_off(taken, {d.no for d in (*self.debts, *parts)}))
        self.debts += parts
        self.disputes[event.dispute_id] = parts
        self._settle(event.capture_no)

    def _disputeresolved(self, event: Any) -> None:
        for debt in self.disputes.pop(event.dispute_id):
            if event.verdict == "lost":
                debt.disputed = False
                debt.due = max(debt.due, self.day + timedelta(self.terms.dispute_days))
                debt.settle_if_paid(self.day)

    def _receiptreversed(self, event: Any) -> None:
        if event.receipt_id in self.never_came:
            return
        receipt = self.receipts.pop(event.receipt_id)
        woken = set()
        for debt in self.debts:
            if any(receipt["parts"].get(debt.no, {}).values()):
                if receipt["day"] < min(debt.nominal, debt.due):
                    woken.add(debt.capture_no)
                debt.reopen(receipt["parts"][debt.no], self.day)
        for debt in self.debts:
            if debt.capture_no in woken and min(debt.nominal, debt.due) > self.day:
                debt.settled = None

    def _received(self, event: Any) -> None:
        if event.receipt_id in self.never_came:
            return
        self._charge_penalties()
        receipt: dict[str, Any] = {
            "amount": event.amount_minor,
            "parts": {},
            "excess": 0,
            "day": self.day,
        }
        self.receipts[event.receipt_id] = receipt
        ahead = event.advance or self.terms.surplus == "prepay"
        ahead = ahead and self.terms.early_payment == "allowed"
        receipt["excess"] = self._pay(receipt, event.amount_minor, ahead, self.debts)

    def _charge_penalties(self) -> None:
        for debt in self.debts:
            if not debt.settled:
                debt.charge_penalty()

    def _pay(self, receipt: dict[str, Any], amount: int, ahead: bool, debts: list[Debt]) -> int:
        """What is left of the amount."""
        waiting = [debt for debt in debts if not debt.settled and not debt.disputed]
        waiting.sort(key=lambda d: (d.due, d.start, d.no))
        past_due = [debt for debt in waiting if debt.past_due]
        due = [debt for debt in waiting if not debt.past_due and debt.due <= self.day]
        order = self.terms.allocation_order
        claims = [(debt, component) for debt in (*past_due, *due) for component in order]
        if ahead:
            claims += self._ahead([debt for debt in waiting if debt.due > self.day])
        for debt, component in claims:
            if taken := min(amount, debt.owes()[component]):
                amount -= taken
                debt.charge_interest()
                debt.paid[component] += taken
                parts = receipt["parts"].setdefault(debt.no, dict.fromkeys(ORDER, 0))
                parts[component] += taken
        self._settle(*{debt.capture_no for debt in waiting})
        return amount

    @staticmethod
    def _ahead(later: list[Debt]) -> list[tuple[Debt, str]]:
        """Capture by capture, the first to fall due first: what is charged or has accrued, then principal,
        last what came back from a dispute.
        """
        found: list[tuple[Debt, str]] = []
        for capture_no in dict.fromkeys(debt.capture_no for debt in later):
            of_it = sorted((d for d in later if d.capture_no == capture_no), key=lambda d: d.no)
            found += [(debt, component) for debt in of_it for component in ORDER[:3]]
            of_it.sort(key=lambda d: (d.part, -d.no))
            found += [(debt, "principal") for debt in of_it]
        return found
