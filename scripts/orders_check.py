"""The independent check of the real-order run: the totals of docs/real-orders.md, computed from the order file alone.

Written from that page, without the product's code, in the plainest way: every drawdown is simulated night by night
from its capture each time something about it is asked. Money is whole pence, rates are fractions.
Exit code 0: all agrees; 1: a sanity check fails or a total differs; 2: a file cannot be used.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import polars as pl

ONE = timedelta(days=1)
BASE_FROM, BASE_TO = date(2009, 12, 1), date(2010, 8, 31)
FIRST_DAY, LAST_DAY = date(2010, 9, 1), date(2010, 12, 9)
TERM, FREE_NIGHTS, GRACE = 30, 10, 3
INTEREST, PENALTY, MERCHANT_FEE = Fraction(4, 10_000), Fraction(6, 10_000), Fraction(1, 100)
COLUMNS = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "CustomerID")
NOT_GOODS = set(
    "POST,DOT,M,D,C2,C3,S,B,PADS,CRUK,BANK CHARGES,AMAZONFEE,ADJUST,ADJUST2,SP1002,TEST001,TEST002".split(",")
)
REASONS = ("no_customer", "not_goods", "non_positive_price", "zero_or_negative_quantity", "positive_credit")
PAST_DUE, DUE, IN_ADVANCE = range(3)


def half_up(exact: Fraction) -> int:
    """Nearest whole number, halves away from zero."""
    return (1 if exact >= 0 else -1) * int(abs(exact) + Fraction(1, 2))


@cache
def decimal_price(stored: float) -> Fraction:
    """Pounds, as the shortest decimal text of the stored number says."""
    return Fraction(repr(stored))


def amount(quantity: int, price: Fraction) -> int:
    """Pence."""
    return half_up(quantity * price * 100)


@dataclass
class Line:
    """A kept line; the quantity of a credit note's line is positive too."""

    number: int
    stock: str
    quantity: int
    price: Fraction
    returned: int = 0


@dataclass
class Invoice:
    """An order or a credit note."""

    number: str
    buyer: int
    at: datetime
    lines: list[Line] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return sum(amount(line.quantity, line.price) for line in self.lines)


def reason_aside(buyer: int | None, stock: str, price: Fraction, quantity: int, credit: bool) -> str | None:
    """Why a line is set aside, None when it is kept."""
    if buyer is None:
        return "no_customer"
    if stock in NOT_GOODS or stock.startswith("GIFT"):
        return "not_goods"
    if price <= 0:
        return "non_positive_price"
    if credit:
        return "positive_credit" if quantity >= 0 else None
    return "zero_or_negative_quantity" if quantity <= 0 else None


def read(path: Path, totals: dict[str, int]) -> tuple[list[Invoice], list[Invoice]]:
    """Orders and credit notes, each in order of (time, number); counts lines and buyers into the totals."""
    invoices: dict[str, Invoice] = {}
    for number, row in enumerate(pl.read_parquet(path, columns=list(COLUMNS)).select(COLUMNS).iter_rows()):
        name, code, quantity, at, stored, buyer = row
        stock, price, credit = code.strip().upper(), decimal_price(stored), name.startswith("C")
        totals["lines"] += 1
        if reason := reason_aside(buyer, stock, price, quantity, credit):
            totals[f"{reason}_lines"] += 1
            totals[f"{reason}_minor"] += amount(abs(quantity), price)
            continue
        invoice = invoices.setdefault(name, Invoice(name, buyer, at))
        invoice.at = min(invoice.at, at)
        invoice.lines.append(Line(number, stock, abs(quantity), price))
        totals["kept_lines"] += 1
    totals["buyers"] = len({invoice.buyer for invoice in invoices.values()})
    ordered = sorted(invoices.values(), key=lambda invoice: (invoice.at, invoice.number))
    notes = [invoice for invoice in ordered if invoice.number.startswith("C")]
    orders = [invoice for invoice in ordered if not invoice.number.startswith("C")]
    totals["zero_orders"] = sum(order.amount == 0 for order in orders)
    return [order for order in orders if order.amount], notes


def limits(orders: list[Invoice]) -> dict[int, int]:
    """Each buyer's limit in pence; a buyer without a base is not in it."""
    base: dict[int, int] = defaultdict(int)
    for order in orders:
        if BASE_FROM <= order.at.date() <= BASE_TO:
            base[order.buyer] += order.amount
    return {buyer: min(5_000_000, max(10_000, 3 * of // 9 // 1_000 * 1_000)) for buyer, of in base.items()}


def days(first: date, last: date) -> Iterator[date]:
    """Both ends included."""
    while first <= last:
        yield first
        first += ONE


@dataclass
class State:
    """A drawdown at the end of a day; all in pence, the two bases in pence × nights."""

    principal: int
    interest_base: int = 0
    penalty_base: int = 0
    past_due: bool = False  # something was unpaid when grace had run out
    interest_charged: int = 0
    penalty_charged: int = 0
    interest_paid: int = 0
    penalty_paid: int = 0
    principal_paid: int = 0
    surplus: int = 0

    def charge(self) -> None:
        """What has accrued so far, rounded once, is charged."""
        self.interest_charged = half_up(INTEREST * self.interest_base)
        self.penalty_charged = half_up(PENALTY * self.penalty_base) if self.past_due else 0

    @property
    def owed(self) -> int:
        """What closes it now, the accrued and not yet charged included."""
        penalty = half_up(PENALTY * self.penalty_base) if self.past_due else 0
        paid = self.interest_paid + self.penalty_paid
        return self.principal + half_up(INTEREST * self.interest_base) + penalty - paid

    def pay(self, money: int) -> None:
        """Penalty, interest, principal; the rest is surplus."""
        self.charge()
        penalty = min(money, self.penalty_charged - self.penalty_paid)
        interest = min(money - penalty, self.interest_charged - self.interest_paid)
        principal = min(money - penalty - interest, self.principal)
        self.penalty_paid += penalty
        self.interest_paid += interest
        self.principal_paid += principal
        self.principal -= principal
        self.surplus += money - penalty - interest - principal


@dataclass
class Drawdown:
    """A captured order, what was returned of it, and what was paid on it on which day."""

    order: Invoice
    captured_on: date
    refunded: int = 0
    payments: list[tuple[date, int]] = field(default_factory=list)

    def state(self, on: date) -> State:
        """Night by night from the capture, as if what is returned by now had never been delivered."""
        state = State(self.order.amount - self.refunded)
        for day in days(self.captured_on, on):
            age = (day - self.captured_on).days
            if FREE_NIGHTS < age <= TERM:
                state.interest_base += state.principal
            if age > TERM:
                state.penalty_base += state.principal
            if age == TERM:
                state.charge()
            if age == TERM + GRACE + 1:
                state.past_due = state.owed > 0
            for paid_on, money in self.payments:
                if paid_on == day:
                    state.pay(money)
        return state

    def rank(self, on: date) -> tuple[int, date, datetime, str]:
        """Its place in the allocation: class, due date, capture, number."""
        age = (on - self.captured_on).days
        group = IN_ADVANCE if age < TERM else DUE if age <= TERM + GRACE else PAST_DUE
        return group, self.captured_on, self.order.at, self.order.number


def planned(order: Invoice, due: date) -> list[tuple[date, bool]]:
    """The declared payment behaviour: (day, only half) of each planned payment."""
    digest = hashlib.sha256(f"tradeline-orders-1:{order.number}".encode()).digest()
    u, v = int.from_bytes(digest[:4], "big") % 100, int.from_bytes(digest[4:8], "big")
    if u < 25:
        return [(due - (1 + v % 12) * ONE, False)]
    if u < 70:
        return [(due, False)]
    if u < 80:
        return [(due + (1 + v % 3) * ONE, False)]
    if u < 90:
        return [(due + (4 + v % 25) * ONE, False)]
    return [(due, True), (due + 15 * ONE, False)] if u < 95 else []


def capture_day(ordered: date) -> date:
    """The next Monday to Friday after the order's date."""
    return next(day for day in days(ordered + ONE, ordered + 3 * ONE) if day.weekday() < 5)


class Run:
    """The window day by day; counts into the totals and notes what must never happen in `broken`."""

    def __init__(self, orders: list[Invoice], notes: list[Invoice], totals: dict[str, int]) -> None:
        self.orders, self.notes, self.totals = orders, notes, totals
        self.limit = limits(orders)
        self.held: list[Invoice] = []
        self.drawdowns: dict[int, list[Drawdown]] = defaultdict(list)
        self.plan: dict[date, list[tuple[Drawdown, bool]]] = defaultdict(list)
        self.credit: dict[int, int] = defaultdict(int)
        self.broken: list[str] = []
        totals["lines_opened"], totals["limits_minor"] = len(self.limit), sum(self.limit.values())

    def day(self, today: date) -> None:
        """The five steps of one day, in the page's order."""
        for buyer, money in list(self.credit.items()):
            if money:
                self.credit[buyer] = self.allocate(buyer, money, today, DUE)
        for order in [order for order in self.held if capture_day(order.at.date()) == today]:
            self.capture(order, today)
        for note in self.notes:
            if note.at.date() == today:
                self.refund(note, today)
        for drawdown, half in sorted(self.plan[today], key=lambda plan: plan[0].rank(today)[2:]):
            self.receive(drawdown, half, today)
        for order in self.orders:
            if order.at.date() == today:
                self.attempt(order, today)

    def used(self, buyer: int, today: date) -> int:
        """Held and outstanding principal."""
        held = sum(order.amount for order in self.held if order.buyer == buyer)
        return held + sum(drawdown.state(today).principal for drawdown in self.drawdowns[buyer])

    def count(self, name: str, money: int) -> None:
        self.totals[f"{name}_orders"] += 1
        self.totals[f"{name}_minor"] += money

    def attempt(self, order: Invoice, today: date) -> None:
        self.count("window", order.amount)
        if order.buyer not in self.limit:
            self.count("no_line", order.amount)
            return
        available = max(0, self.limit[order.buyer] - self.used(order.buyer, today))
        if order.amount > available:
            self.count("refused", order.amount)
            self.totals["refused_shortfall_minor"] += order.amount - available
            return
        self.count("authorised", order.amount)
        self.held.append(order)
        if self.used(order.buyer, today) > self.limit[order.buyer]:
            self.broken.append(f"buyer {order.buyer} is above the limit on {today}")

    def capture(self, order: Invoice, today: date) -> None:
        self.count("captured", order.amount)
        self.held.remove(order)
        drawdown = Drawdown(order, today)
        self.drawdowns[order.buyer].append(drawdown)
        for day, half in planned(order, today + TERM * ONE):
            self.plan[day].append((drawdown, half))

    def refund(self, note: Invoice, today: date) -> None:
        """The latest pieces first; all that one note returns of one order is one refund."""
        worth: dict[str, int] = defaultdict(int)
        sold = [(d.order.at, d.order.number, line.number, line) for d in self.drawdowns[note.buyer] for line in d.order.lines]
        for back in note.lines:
            left = back.quantity
            for _, order, _, line in sorted((s for s in sold if s[3].stock == back.stock), key=lambda s: s[:3], reverse=True):
                taken = min(left, line.quantity - line.returned)
                worth[order] += amount(line.returned + taken, line.price) - amount(line.returned, line.price)
                line.returned += taken
                left -= taken
            self.totals["unmatched_credit_minor"] += amount(left, back.price)
        for drawdown in self.drawdowns[note.buyer]:
            if money := worth[drawdown.order.number]:
                surplus = drawdown.state(today).surplus
                drawdown.refunded += money
                self.credit[note.buyer] += drawdown.state(today).surplus - surplus
                self.totals["refunds"] += 1
                self.totals["refunded_minor"] += money

    def receive(self, drawdown: Drawdown, half: bool, today: date) -> None:
        money = drawdown.state(today).owed // (2 if half else 1)
        if money:
            buyer, early = drawdown.order.buyer, drawdown.rank(today)[0] == IN_ADVANCE
            self.totals["receipts"] += 1
            self.totals["received_minor"] += money
            self.credit[buyer] += self.allocate(buyer, money, today, IN_ADVANCE if early else DUE)

    def allocate(self, buyer: int, money: int, today: date, last_class: int) -> int:
        """Shares money out over the buyer's drawdowns; what is left."""
        for drawdown in sorted(self.drawdowns[buyer], key=lambda drawdown: drawdown.rank(today)):
            share = min(money, drawdown.state(today).owed)
            if share and drawdown.rank(today)[0] <= last_class:
                drawdown.payments.append((today, share))
                money -= share
        return money

    def finish(self) -> None:
        """The totals at the end of the last day."""
        all_drawdowns = [drawdown for of_buyer in self.drawdowns.values() for drawdown in of_buyer]
        totals = self.totals
        totals["held_minor"] = sum(order.amount for order in self.held)
        totals["credit_balance_minor"] = sum(self.credit.values())
        for drawdown in all_drawdowns:
            state = drawdown.state(LAST_DAY)
            for name in ("principal_paid", "interest_paid", "penalty_paid", "interest_charged", "penalty_charged"):
                totals[f"{name}_minor"] += getattr(state, name)
            totals["merchant_fee_minor"] += half_up(MERCHANT_FEE * (drawdown.order.amount - drawdown.refunded))
            totals["outstanding_minor"] += state.principal
            totals["closed_drawdowns"] += state.owed == 0
            if state.past_due and state.owed:
                totals["past_due_drawdowns"] += 1
                totals["past_due_minor"] += state.principal
