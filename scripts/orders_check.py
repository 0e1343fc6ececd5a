"""The independent check of the real-order run: the totals of docs/real-orders.md, from the order file alone.

Written from that page without the product's code, in the plainest way: pence, fractions, night by night.
Exit code 0: all agrees; 1: a sanity check fails or a total differs; 2: a file cannot be used.
"""

import argparse
import hashlib
import json
import re
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

BASE_FROM, BASE_TO = date(2009, 12, 1), date(2010, 8, 31)
FIRST_DAY, LAST_DAY, ONE = date(2010, 9, 1), date(2010, 12, 9), timedelta(days=1)
TERM, FREE_NIGHTS, GRACE = 30, 10, 3
INTEREST, PENALTY, MERCHANT_FEE = Fraction(4, 10_000), Fraction(6, 10_000), Fraction(1, 100)
COLUMNS = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "CustomerID")
TYPES = (pl.String, pl.String, pl.Int64, pl.Datetime, pl.Float64, pl.Int64)
NOT_GOODS = re.compile(
    "POST|DOT|M|D|C2|C3|S|B|PADS|CRUK|BANK CHARGES|AMAZONFEE|ADJUST|ADJUST2|SP1002|TEST001|TEST002|GIFT.*"
)
KEYS = """lines kept_lines no_customer_lines no_customer_minor not_goods_lines not_goods_minor
non_positive_price_lines non_positive_price_minor zero_or_negative_quantity_lines
zero_or_negative_quantity_minor positive_credit_lines positive_credit_minor buyers zero_orders lines_opened
limits_minor window_orders window_minor no_line_orders no_line_minor refused_orders refused_minor
refused_shortfall_minor authorised_orders authorised_minor captured_orders captured_minor refunds
refunded_minor unmatched_credit_minor receipts received_minor principal_paid_minor interest_paid_minor
penalty_paid_minor credit_balance_minor interest_charged_minor penalty_charged_minor merchant_fee_minor
held_minor outstanding_minor past_due_drawdowns past_due_minor closed_drawdowns"""
BALANCES = """lines = kept_lines + no_customer_lines + not_goods_lines + non_positive_price_lines\
 + zero_or_negative_quantity_lines + positive_credit_lines
window_orders = no_line_orders + refused_orders + authorised_orders
window_minor = no_line_minor + refused_minor + authorised_minor
authorised_minor = captured_minor + held_minor
captured_minor = refunded_minor + principal_paid_minor + outstanding_minor
received_minor = principal_paid_minor + interest_paid_minor + penalty_paid_minor + credit_balance_minor"""


def half_up(exact: Fraction) -> int:
    """Nearest whole number, halves away from zero."""
    return (1 if exact >= 0 else -1) * int(abs(exact) + Fraction(1, 2))


@cache
def pence(quantity: int, price: float) -> int:
    """Of a price in pounds, read as the shortest decimal text of the stored number."""
    return half_up(quantity * Fraction(repr(price)) * 100)


@dataclass
class Line:
    stock: str
    quantity: int  # positive on a credit note too
    price: float
    returned: int = 0


@dataclass
class Invoice:  # an order or a credit note
    number: str
    buyer: int
    at: datetime
    amount: int = 0
    lines: list[Line] = field(default_factory=list)


def read(path: Path, totals: dict[str, int]) -> tuple[list[Invoice], list[Invoice]]:
    """Orders, credit notes, in order of (time, number); OSError, ValueError, PolarsError on an unfit file."""
    frame = pl.read_parquet(path, columns=list(COLUMNS)).cast(dict(zip(COLUMNS, TYPES, strict=True)))
    if frame.drop("CustomerID").null_count().sum_horizontal().item():
        raise ValueError("an empty field outside the column CustomerID")
    totals["lines"] = frame.height
    invoices: dict[str, Invoice] = {}
    for number, code, quantity, at, price, buyer in frame.select(COLUMNS).iter_rows():
        stock, credit, worth = code.strip().upper(), number.startswith("C"), pence(abs(quantity), price)
        reasons = {
            "no_customer": buyer is None,
            "not_goods": NOT_GOODS.fullmatch(stock),
            "non_positive_price": price <= 0,
            "zero_or_negative_quantity": quantity <= 0 and not credit,
            "positive_credit": quantity >= 0 and credit,
        }
        fate = next((reason for reason, fits in reasons.items() if fits), "kept")
        totals[f"{fate}_lines"] += 1
        if fate != "kept":
            totals[f"{fate}_minor"] += worth
            continue
        invoice = invoices.setdefault(number, Invoice(number, buyer, at))
        invoice.at = min(invoice.at, at)
        invoice.amount += worth
        invoice.lines.append(Line(stock, abs(quantity), price))
    totals["buyers"] = len({invoice.buyer for invoice in invoices.values()})
    ordered = sorted(invoices.values(), key=lambda invoice: (invoice.at, invoice.number))
    notes = [invoice for invoice in ordered if invoice.number.startswith("C")]
    orders = [invoice for invoice in ordered if invoice.amount and not invoice.number.startswith("C")]
    totals["zero_orders"] = len(ordered) - len(notes) - len(orders)
    return orders, notes


@dataclass
class State:
    """A drawdown at the end of a day; all in pence, the two bases in pence × nights."""

    principal: int
    interest_base: int = 0
    penalty_base: int = 0
    past_due: bool = False
    interest_charged: int = 0
    penalty_charged: int = 0
    interest_paid: int = 0
    penalty_paid: int = 0
    principal_paid: int = 0
    surplus: int = 0

    def accrued(self) -> tuple[int, int]:
        """Interest and penalty so far, each rounded once."""
        penalty = PENALTY * self.penalty_base if self.past_due else Fraction(0)
        return half_up(INTEREST * self.interest_base), half_up(penalty)

    def owed(self) -> int:
        """What closes it now, charged or not."""
        return self.principal + sum(self.accrued()) - self.interest_paid - self.penalty_paid

    def pay(self, money: int) -> None:
        """Penalty, interest, principal; the rest is surplus."""
        self.interest_charged, self.penalty_charged = self.accrued()
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
    """A captured order, what was returned of it, and the days and amounts of what was paid on it."""

    order: Invoice
    captured_on: date
    refunded: int = 0
    payments: list[tuple[int, int]] = field(default_factory=list)  # (age in days, pence)

    def age(self, day: date) -> int:
        return (day - self.captured_on).days

    def state(self, on: date) -> State:
        """Night by night from the capture, as if what is returned by now had never been delivered."""
        state = State(self.order.amount - self.refunded)
        for age in range(self.age(on) + 1):
            state.interest_base += state.principal if FREE_NIGHTS < age <= TERM else 0
            state.penalty_base += state.principal if age > TERM else 0
            if age == TERM:
                state.interest_charged, _ = state.accrued()
            if age == TERM + GRACE + 1:
                state.past_due = state.owed() > 0
            for money in [money for paid_at, money in self.payments if paid_at == age]:
                state.pay(money)
        return state


def planned(number: str, due: date) -> list[tuple[date, int]]:
    """The declared behaviour of an order's payer: (day, 1 for the whole or 2 for half) of each payment."""
    digest = hashlib.sha256(f"tradeline-orders-1:{number}".encode()).digest()
    u, v = int.from_bytes(digest[:4], "big") % 100, int.from_bytes(digest[4:8], "big")
    if u >= 90:
        return [(due, 2), (due + 15 * ONE, 1)] if u < 95 else []
    late = -1 - v % 12 if u < 25 else 0 if u < 70 else 1 + v % 3 if u < 80 else 4 + v % 25
    return [(due + late * ONE, 1)]


def allocate(drawdowns: list[Drawdown], money: int, today: date) -> int:
    """Shares money out, oldest first: with one term, past due before due before in advance; what is left."""
    for drawdown in drawdowns:
        if share := min(money, drawdown.state(today).owed()):
            drawdown.payments.append((drawdown.age(today), share))
            money -= share
    return money


class Run:
    """The window day by day; counts into the totals."""

    def __init__(self, path: Path) -> None:
        self.totals = dict.fromkeys(KEYS.split(), 0)
        self.orders, self.notes = read(path, self.totals)
        base: dict[int, int] = defaultdict(int)
        for order in self.orders:
            base[order.buyer] += order.amount if BASE_FROM <= order.at.date() <= BASE_TO else 0
        limits = {buyer: max(10_000, of // 1_000 * 1_000) for buyer, of in base.items() if of}
        self.limit = {buyer: min(5_000_000, limit) for buyer, limit in limits.items()}
        self.totals["lines_opened"], self.totals["limits_minor"] = len(self.limit), sum(self.limit.values())
        self.held: list[Invoice] = []
        self.drawdowns: dict[int, list[Drawdown]] = defaultdict(list)
        self.plan: dict[date, list[tuple[Drawdown, int]]] = defaultdict(list)
        self.credit: dict[int, int] = defaultdict(int)

    def day(self, today: date) -> None:
        """The five steps of one day, in the page's order."""
        for buyer, money in self.credit.items():
            due = [d for d in self.drawdowns[buyer] if d.age(today) >= TERM]
            self.credit[buyer] = allocate(due, money, today)
        for order in list(self.held) if today.weekday() < 5 else []:
            self.capture(order, today)
        for note in [note for note in self.notes if note.at.date() == today]:
            self.refund(note, today)
        for drawdown, parts in sorted(self.plan[today], key=lambda p: (p[0].order.at, p[0].order.number)):
            self.receive(drawdown, drawdown.state(today).owed() // parts, today)
        for order in [order for order in self.orders if order.at.date() == today]:
            self.attempt(order, today)

    def count(self, name: str, amount: int) -> None:
        self.totals[f"{name}_orders"] += 1
        self.totals[f"{name}_minor"] += amount

    def capture(self, order: Invoice, today: date) -> None:
        self.count("captured", order.amount)
        self.held.remove(order)
        drawdown = Drawdown(order, today)
        self.drawdowns[order.buyer].append(drawdown)
        for day, parts in planned(order.number, today + TERM * ONE):
            self.plan[day].append((drawdown, parts))

    def refund(self, note: Invoice, today: date) -> None:
        worth: dict[str, int] = defaultdict(int)
        sold = [(d.order.number, line) for d in self.drawdowns[note.buyer] for line in d.order.lines]
        for back in note.lines:
            left = back.quantity
            for number, line in reversed(sold):
                if line.stock == back.stock:
                    before, line.returned = line.returned, min(line.quantity, line.returned + left)
                    worth[number] += pence(line.returned, line.price) - pence(before, line.price)
                    left -= line.returned - before
            self.totals["unmatched_credit_minor"] += pence(left, back.price)
        for drawdown in self.drawdowns[note.buyer]:
            if money := worth[drawdown.order.number]:
                surplus = drawdown.state(today).surplus
                drawdown.refunded += money
                self.credit[note.buyer] += drawdown.state(today).surplus - surplus
                self.totals["refunds"] += 1
                self.totals["refunded_minor"] += money

    def receive(self, drawdown: Drawdown, money: int, today: date) -> None:
        self.totals["receipts"] += money > 0
        self.totals["received_minor"] += money
        buyer, early = drawdown.order.buyer, drawdown.age(today) < TERM
        payable = [other for other in self.drawdowns[buyer] if early or other.age(today) >= TERM]
        self.credit[buyer] += allocate(payable, money, today)

    def used(self, buyer: int, today: date) -> int:
        held = sum(order.amount for order in self.held if order.buyer == buyer)
        return held + sum(drawdown.state(today).principal for drawdown in self.drawdowns[buyer])

    def attempt(self, order: Invoice, today: date) -> None:
        self.count("window", order.amount)
        if order.buyer not in self.limit:
            self.count("no_line", order.amount)
        elif order.amount > (room := max(0, self.limit[order.buyer] - self.used(order.buyer, today))):
            self.count("refused", order.amount)
            self.totals["refused_shortfall_minor"] += order.amount - room
        else:
            self.count("authorised", order.amount)
            self.held.append(order)

    def finish(self) -> None:
        """The totals at the end of the last day."""
        totals = self.totals
        totals["held_minor"] = sum(order.amount for order in self.held)
        totals["credit_balance_minor"] = sum(self.credit.values())
        for d in [d for of_buyer in self.drawdowns.values() for d in of_buyer]:
            state = d.state(LAST_DAY)
            for key in [key for key in totals if key.endswith(("_paid_minor", "_charged_minor"))]:
                totals[key] += getattr(state, key.removesuffix("_minor"))
            totals["merchant_fee_minor"] += half_up(MERCHANT_FEE * (d.order.amount - d.refunded))
            totals["outstanding_minor"] += state.principal
            totals["closed_drawdowns"] += state.owed() == 0
            totals["past_due_drawdowns"] += state.past_due and state.owed() > 0
            totals["past_due_minor"] += state.principal if state.past_due else 0


def sanity(run: Run) -> Iterator[tuple[str, bool]]:
    """What must hold whatever the file says: (sentence, holds)."""
    for balance in BALANCES.splitlines():
        left, right = (sum(run.totals[key.strip()] for key in side.split("+")) for side in balance.split("="))
        yield balance, left == right
    worth = sum(pence(line.returned, line.price) for order in run.orders for line in order.lines)
    yield "refunded_minor = worth of all pieces returned", run.totals["refunded_minor"] == worth
    yield "no credit balance below 0", min(run.credit.values(), default=0) >= 0
    room = [limit - run.used(buyer, LAST_DAY) for buyer, limit in run.limit.items()]
    yield "no line above its limit", min(room, default=0) >= 0


def compare(here: dict[str, int], there: dict[str, object]) -> bool:
    """Prints each key's two values, ours first; whether all agree. Other keys are named, not judged."""
    differing = [key for key, ours in here.items() if type(there.get(key)) is not int or there[key] != ours]
    for key, ours in here.items():
        same = "differs" if key in differing else "same"
        print(f"{key:34}{ours:>14} {there.get(key, 'missing')!s:>14}  {same}")
    print(f"{len(differing)} of {len(here)} differ; not compared: {sorted(there.keys() - here.keys())}")
    return not differing


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("orders", type=Path, metavar="FILE", help="the order file (Parquet)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the totals as one JSON object")
    output.add_argument("--compare", type=Path, metavar="SUMMARY", help="the product's totals (JSON object)")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    try:
        theirs = json.loads(options.compare.read_text("utf-8")) if options.compare else {}
        if not isinstance(theirs, dict):
            raise ValueError("the summary is no JSON object")
        run = Run(options.orders)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        print(f"orders_check: cannot use the file: {error}", file=sys.stderr)
        return 2
    for today in (FIRST_DAY + n * ONE for n in range((LAST_DAY - FIRST_DAY).days + 1)):
        run.day(today)
        if today.weekday() == 6:
            print(f"{today}: {run.totals['window_orders']} orders", file=sys.stderr, flush=True)
    run.finish()
    checks = dict(sanity(run))
    for sentence, holds in checks.items():
        print("ok    " if holds else "FAILED", sentence, file=sys.stderr)
    if options.compare:
        checks["both sides agree"] = compare(run.totals, theirs)
    elif options.json:
        print(json.dumps(run.totals, indent=2))
    else:
        print("\n".join(f"{key:34}{value:>14}" for key, value in run.totals.items()))
    print(f"{time.perf_counter() - began:.1f} s", file=sys.stderr)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
