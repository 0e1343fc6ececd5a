"""The engine's rules once more, in the plainest way: day by day, night by night, in fractions.

It knows DOMAIN.md and docs/decisions/0001 and nothing of the engine: it imports none of it, and reads events
and terms as plain values. Slow and obvious is its whole merit.
"""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

ORDER = ("penalty", "fee", "interest", "principal")
ONE_DAY = timedelta(days=1)


def whole(exact: Fraction, mode: str) -> int:
    """Half up for what is never negative; Python's own round is half even."""
    return int(exact + Fraction(1, 2)) if mode == "half_up" else round(exact)


class Debt:
    """One capture to be paid once."""

    def __init__(self, terms: Any, event: Any, amount: int) -> None:
        self.terms = terms
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
        if self.settled is None and not any(self.owes().values()):
            self.charge_interest()
            self.charge_penalty()
            if not self.past_due:
                self.end_run()
            self.past_due = False
            self.settled = today

    def opening(self, today: date) -> None:
        if self.settled:
            return
        if today == self.nominal:
            self.charge_interest()
            self.settle_if_paid(today)
        if today > self.grace and not self.settled:
            self.past_due = True

    def night(self, tonight: date) -> None:
        if self.settled:
            return
        first = self.start + self.terms.free_days * ONE_DAY
        if first <= tonight < self.nominal:
            self.interest += self.open * Fraction(self.terms.daily_rate)
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
            "ReceiptReversed": 3,
            "Received": 4,
        }
        known.sort(key=lambda event: (event.effective_on, ranks[type(event).__name__], event.seq))
        while True:
            self._opening()
            while known and known[0].effective_on == self.day:
                event = known.pop(0)
                getattr(self, "_" + type(event).__name__.lower())(event)
            if self.day == as_of:
                break
            for debt in self.debts:
                debt.night(self.day)
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
        for debt in self.debts:
            debt.opening(self.day)

    def _authorised(self, event: Any) -> None:
        self.amount, self.expires = event.amount_minor, event.expires_on

    def _captured(self, event: Any) -> None:
        no = event.capture_no
        back = self.never_delivered.get(no, 0)
        self.captured += event.amount_minor
        self.gross[no], self.refunded[no] = event.amount_minor, back
        debt = Debt(self.terms, event, event.amount_minor - back)
        debt.settle_if_paid(self.day)
        self.debts.append(debt)

    def _voided(self, event: Any) -> None:
        self.voided += event.amount_minor

    def _refunded(self, event: Any) -> None:
        if event.method == "from_capture":
            return
        debt = next(debt for debt in self.debts if debt.capture_no == event.capture_no)
        self.refunded[debt.capture_no] += event.amount_minor
        debt.principal -= event.amount_minor
        surplus = -debt.open
        if surplus > 0:
            debt.paid["principal"] -= surplus
            self._charge_penalties()
            debt.settle_if_paid(self.day)
            for receipt in reversed(self.receipts.values()):
                parts = receipt["parts"].get(debt.no, {})
                freed = min(surplus, parts.get("principal", 0))
                surplus -= freed
                if freed:
                    parts["principal"] -= freed
                    receipt["excess"] += self._pay(receipt, freed, True, [debt])
        debt.settle_if_paid(self.day)

    def _receiptreversed(self, event: Any) -> None:
        if event.receipt_id in self.never_came:
            return
        receipt = self.receipts.pop(event.receipt_id)
        for debt in self.debts:
            if any(receipt["parts"].get(debt.no, {}).values()):
                debt.reopen(receipt["parts"][debt.no], self.day)

    def _received(self, event: Any) -> None:
        if event.receipt_id in self.never_came:
            return
        self._charge_penalties()
        receipt: dict[str, Any] = {"amount": event.amount_minor, "parts": {}, "excess": 0}
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
        waiting = sorted((d for d in debts if not d.settled), key=lambda d: (d.due, d.start, d.no))
        past_due = [debt for debt in waiting if debt.past_due]
        due = [debt for debt in waiting if not debt.past_due and debt.due <= self.day]
        later = [debt for debt in waiting if debt.due > self.day]
        for debts_of_class, order in (
            (past_due, self.terms.allocation_order),
            (due, self.terms.allocation_order),
            (later if ahead else [], ORDER),
        ):
            for debt in debts_of_class:
                owed = debt.owes()
                for component in order:
                    taken = min(amount, owed[component])
                    if not taken:
                        continue
                    amount -= taken
                    debt.charge_interest()
                    debt.paid[component] += taken
                    parts = receipt["parts"].setdefault(debt.no, dict.fromkeys(ORDER, 0))
                    parts[component] += taken
                debt.settle_if_paid(self.day)
        return amount
