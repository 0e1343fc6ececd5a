"""The naive model of one drawdown, second half: what events and money do to it. First half: naive_time.py."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.billing.rules.naive_money import (
    ORDER,
    a_night,
    days,
    due_of,
    equal_principals,
    grace_of,
    level_payment,
    level_principals,
    nominal_dates,
    whole,
    working,
)
from tests.billing.rules.naive_time import Capture, Receipt, Row, Time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Story(Time):
    """A drawdown told from its first day: events, and how a payment is shared out inside it."""

    # Capture and void

    def _captured(self, event: Any) -> None:
        self.captured += event.amount_minor
        capture = Capture(event, self.returned.get(event.capture_no, 0))
        self.captures.append(capture)
        start = capture.on
        for place, nominal in enumerate(nominal_dates(self.terms, capture.on)):
            due = due_of(self.terms, nominal, event.booked_on + days(self.terms.min_notice_days))
            no = (capture.no - 1) * 10_000 + place + 1
            capture.rows.append(Row(self.terms, capture, no, (start, nominal), due, 0))
            start = nominal
        principals = self._planned(capture, capture.rows, capture.financed, anew=True)
        for row, principal in zip(capture.rows, principals, strict=True):
            row.principal = principal
        fee_of = capture.financed if self.terms.refund_fees else capture.gross
        fee = whole(fee_of * Fraction(self.terms.drawdown_fee_rate), self.terms.rounding)
        capture.rows[0].fee = fee

    def _voided(self, event: Any) -> None:
        self.voided += event.amount_minor

    def _planned(self, capture: Capture, rows: Sequence[Row], balance: int, *, anew: bool) -> list[int]:
        """The balance over rows to come: `anew`, or with the payment that was."""
        if self.terms.form == "equal_instalment":
            nights = [(r.nominal - max(self._not_free(r), self.day)).days for r in rows]
            rates = [max(0, number) * a_night(self.terms) for number in nights]
            grown = [row.unit_nights * a_night(self.terms) - row.paid["interest"] for row in rows]
            if anew:
                capture.payment = level_payment(balance, grown[0], rates, self.terms.rounding)
            return level_principals(balance, grown, rates, capture.payment, self.terms.rounding)
        if anew:
            return equal_principals(balance, len(rows), self.terms.rounding)
        principals = []
        for row in rows:
            principals.append(min(row.open, balance))
            balance -= principals[-1]
        return principals

    def _coming(self, capture: Capture) -> list[Row]:
        """The plan's rows that have not fallen yet, in order; they can be planned again.

        Not so a row whose interest was paid ahead, and parts that were in dispute: they stay as they are.
        """
        in_plan = [row for row in capture.rows if not row.was_split_off]
        return [row for row in in_plan if row.falls > self.day and not row.ahead_until]

    # Refunds and disputes

    def _refunded(self, event: Any) -> None:
        if event.method == "from_capture":
            return
        capture = self._capture(event.capture_no)
        capture.refunded += event.amount_minor
        left = event.amount_minor
        for row in sorted(capture.rows, key=lambda row: row.no):
            if row.disputed:
                left -= self._out_of(row, left)
        left -= sum(self._out_of_coming(capture, left).values())
        for row in sorted(capture.rows, key=lambda row: -row.no):
            left -= self._out_of(row, left)
        if left:
            self._out_of_paid(capture, left)

    def _out_of(self, row: Row, at_most: int) -> int:
        taken = min(at_most, row.open)
        row.principal -= taken
        return taken

    def _out_of_coming(self, capture: Capture, amount: int) -> dict[int, int]:
        """What leaves the coming rows; what each asks less for, the last first, by number."""
        rows = self._coming(capture)
        amount = min(amount, sum(row.open for row in rows))
        if not amount:
            return {}
        if self.terms.refund_order == "next":
            told = {}
            for row in rows:
                told[row.no] = self._out_of(row, amount)
                amount -= told[row.no]
            return {no: part for no, part in told.items() if part}
        return self._replan(capture, rows, amount, anew=self.terms.refund_order == "pro_rata")

    def _replan(self, capture: Capture, rows: Sequence[Row], less: int, *, anew: bool) -> dict[int, int]:
        """So much less principal is planned on the rows; by number, on which it is told to have been.

        A level plan that shrinks pays principal back sooner: the first rows may ask for more than before.
        """
        planned = self._planned(capture, rows, sum(row.open for row in rows) - less, anew=anew)
        told = {}
        for row, open_ in reversed(list(zip(rows, planned, strict=True))):
            part = min(less, max(0, row.open - open_))
            less -= part
            told[row.no] = part
            row.principal = row.paid["principal"] + open_
            row.settled = row.settled and not sum(planned)
        return {no: part for no, part in told.items() if part}

    def _out_of_paid(self, capture: Capture, surplus: int) -> None:
        """The latest receipts give way first; what they freed pays what else the capture owes."""
        for row in self.rows:
            row.charge_past_due()
        own = {row.no: row for row in capture.rows}
        for receipt in reversed(self.receipts):
            freed = 0
            for no in sorted(receipt.parts, reverse=True):
                if no in own:
                    part = min(surplus, receipt.parts[no]["principal"])
                    receipt.parts[no]["principal"] -= part
                    own[no].paid["principal"] -= part
                    own[no].principal -= part
                    surplus -= part
                    freed += part
            for row in sorted(capture.rows, key=lambda row: (row.due, row.start, row.no)):
                freed -= self._pay_row(receipt, row, freed, self._order(row))
            receipt.excess += freed

    def _disputed(self, event: Any) -> None:
        capture = self._capture(event.capture_no)
        amount = min(self.in_dispute[event.dispute_id], self.disputable(event.capture_no))
        rows = {row.no: row for row in capture.rows}
        coming = self._coming(capture)
        taken = self._out_of_coming(capture, amount)
        left = amount - sum(taken.values())
        for row in sorted(capture.rows, key=lambda row: -row.no):
            if not row.disputed and row not in coming and (part := self._out_of(row, left)):
                taken[row.no] = part
                left -= part
        parts: list[Row] = []
        for no, part in taken.items():
            old, new = rows[no], no
            while new in {row.no for row in (*capture.rows, *parts)}:
                new += 100
            parts.append(Row(self.terms, capture, new, (old.start, old.nominal), old.due, part))
            parts[-1].grace, parts[-1].disputed, parts[-1].ahead_until = old.grace, True, old.ahead_until
        capture.rows += parts
        self.disputes[event.dispute_id] = (capture.no, parts)

    def _disputeresolved(self, event: Any) -> None:
        _, parts = self.disputes.pop(event.dispute_id)
        if event.verdict == "won":
            return
        for row in parts:
            row.disputed = False
            not_before = self.day + days(self.terms.dispute_days)
            if self.terms.shift != "none":
                not_before = working(not_before)
            if not_before > row.due:
                row.due, row.grace = not_before, grace_of(self.terms, not_before)

    def disputable(self, capture_no: int) -> int:
        return sum(row.open for row in self._capture(capture_no).rows if not row.disputed)

    def _capture(self, no: int) -> Capture:
        return next(capture for capture in self.captures if capture.no == no)

    # Receipts and their reversal

    def _received(self, event: Any) -> None:
        if event.receipt_id in self.never_came:
            return
        receipt = Receipt(event)
        self.receipts.append(receipt)
        left = self.pay(receipt, "past_due", receipt.amount)
        left = self.pay(receipt, "due", left)
        if event.advance or self.terms.surplus == "prepay":
            left = self.pay(receipt, "ahead", left)
        receipt.excess = left

    def _receiptreversed(self, event: Any) -> None:
        """Our mistake: the debt reopens now, with a grace of its own; the time between never counts.

        What it had paid in advance is planned again: the same payment, or a level one.
        """
        if event.receipt_id in self.never_came:
            return
        receipt = next(r for r in self.receipts if r.id == event.receipt_id)
        self.receipts.remove(receipt)
        ahead: set[Capture] = set()
        for row in self.rows:
            parts = receipt.parts.get(row.no, {})
            for component, amount in parts.items():
                row.paid[component] -= amount
            if any(parts.values()):
                row.settled = False
                ahead |= {row.capture} if receipt.on < row.falls else set()
                if self.day > row.due:
                    row.charge_past_due()
                    row.end_run()
                    row.due, row.grace = self.day, self.day + days(self.terms.grace_days)
        for capture in ahead:
            coming = self._coming(capture)
            for row in capture.rows:
                row.settled = row.settled and row.falls <= self.day
            if coming and self.terms.prepayment != "next":
                self._replan(capture, coming, 0, anew=self.terms.prepayment == "lower_payment")

    def _order(self, row: Row) -> Sequence[str]:
        if row.due > self.day:
            return ORDER
        if row.past_due and self.terms.allocation_past_due:
            return self.terms.allocation_past_due
        return self.terms.allocation_order

    def of_class(self, name: str) -> list[Row]:
        """Past due, due by this day, or in advance, the oldest first; what is asked for is left to `owes`."""
        rows = [row for row in self.rows if not row.settled and not row.disputed]
        if name == "past_due":
            rows = [row for row in rows if row.past_due]
        elif name == "due":
            rows = [row for row in rows if not row.past_due and row.due <= self.day]
        else:
            rows = [row for row in rows if row.due > self.day]
        return sorted(rows, key=lambda row: (row.due, row.start, row.no))

    def asks(self, row: Row) -> bool:
        """Whether closing it on this day would cost anything."""
        whole_period = self.terms.early_interest == "whole_period" and row.start <= self.day
        if row.due > self.day and (whole_period or self.terms.prepayment == "next"):
            return bool(self.interest_to_come(row) or any(row.owes().values()))
        return any(row.owes().values())

    def pay(self, receipt: Receipt, name: str, amount: int) -> int:
        """What is left of the amount after one class of debts."""
        rows = self.of_class(name)
        if name == "ahead":
            if self.terms.early_payment == "refused":
                return amount
            for capture in dict.fromkeys(row.capture for row in rows):
                amount = self._pay_ahead(receipt, [row for row in rows if row.capture is capture], amount)
        elif self.terms.allocation_direction == "vertical" and rows:
            for component in self._order(rows[0]):
                for row in rows:
                    amount -= self._pay_row(receipt, row, amount, [component])
        else:
            for row in rows:
                amount -= self._pay_row(receipt, row, amount, self._order(row))
        if amount < receipt.amount:
            for row in self.rows:
                row.charge_past_due()
        self._settle()
        return amount

    def _pay_row(self, receipt: Receipt, row: Row, amount: int, order: Iterable[str]) -> int:
        """What the row took."""
        left = amount
        for component in order:
            part = min(left, row.owes()[component])
            if part:
                row.interest_charged = row.accrued
                row.paid[component] += part
                receipt.add(row.no, component, part)
                left -= part
        return amount - left

    def _pay_ahead(self, receipt: Receipt, rows: list[Row], amount: int) -> int:
        """Of one capture, its rows not yet due."""
        if not amount:
            return 0
        if self.terms.prepayment == "next":
            for row in rows:
                if amount:
                    self._accrue_ahead(row)
                    amount -= self._pay_row(receipt, row, amount, ORDER)
            return amount
        charges = sum(sum(row.owes().values()) - row.open for row in rows)
        principal = sum(row.open for row in rows)
        running = [row for row in rows if row.start <= self.day < row.nominal]
        if self.terms.early_interest != "whole_period":
            running = []
        running = [row for row in running if self.nights_to_come(row)]
        more = sum(self.interest_to_come(row) for row in running)
        if amount >= charges + principal + more:
            for row in running:
                self._accrue_ahead(row)
            for row in rows:
                amount -= self._pay_row(receipt, row, amount, ORDER)
            return amount
        if amount - charges >= principal:
            for row in running:
                self._accrue_ahead(row)
        for row in rows:
            amount -= self._pay_row(receipt, row, amount, ORDER[:3])
        for row in rows:
            if row.nominal <= self.day:
                amount -= self._pay_row(receipt, row, amount, ["principal"])
        capture = rows[0].capture
        coming = self._coming(capture)
        part = min(amount, sum(row.open for row in coming))
        if part:
            told = self._replan(capture, coming, part, anew=self.terms.prepayment == "lower_payment")
            for row in coming:
                row.principal += told.get(row.no, 0)
                row.paid["principal"] += told.get(row.no, 0)
                receipt.add(row.no, "principal", told.get(row.no, 0))
            amount -= part
        for row in reversed(rows):
            amount -= self._pay_row(receipt, row, amount, ["principal"])
        return amount
