"""The engine against the naive model: a buyer's life in random steps, compared after each of them.

Lines, orders, deliveries, receipts, refunds, reversals, disputes and the clock; the ledger and all that must
always hold are looked at after each step too.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing.rules.accounts import post
from billing.rules.book import fold
from billing.rules.books import totals
from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.settle import charged, owed
from billing.rules.state import outstanding_minor, remaining_minor
from billing.rules.values import Totals
from products.rules.terms import COMPONENTS
from tests.billing.rules.engine_buyer import EngineBuyer
from tests.billing.rules.naive import Buyer
from tests.billing.rules.scripts import LENDER, TENANT, a_terms

if TYPE_CHECKING:
    from billing.rules.book import Side
    from billing.rules.events import ReversalReason
    from billing.rules.values import State
    from products.rules.terms import Terms
    from tests.billing.rules.naive_debt import Story

FIRST_DAY = date(2027, 1, 30)
KEYS = ("d1", "d2", "d3")
LIMIT = 10_000_00
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Making such a life shorter takes minutes, so a failure is told at once and as it was."""

forms: Any = st.sampled_from(
    [
        {"form": "one_payment", "instalments": 1, "due_rule": "days_after", "term_days": 30},
        {"form": "one_payment", "instalments": 1, "due_rule": "days_after", "term_days": 12},
        {"form": "equal_principal", "instalments": 3, "due_rule": "periods"},
        {"form": "equal_instalment", "instalments": 3, "due_rule": "periods"},
        {"form": "equal_instalment", "instalments": 4, "due_rule": "days_after", "term_days": 20},
        {
            "form": "equal_instalment", "instalments": 3, "due_rule": "periods", "period_unit": "day",
            "period_length": 10,
        },
    ]
)  # fmt: skip
prices: Any = st.sampled_from(
    [
        {"daily_rate": Decimal("0.0005")},
        {"daily_rate": Decimal("0.001234567")},
        {"daily_rate": None, "annual_rate": Decimal("0.18")},
        {"daily_rate": None, "annual_rate": Decimal("0.3333")},
    ]
)
free: Any = st.sampled_from(
    [*[{"free_days": number} for number in (0, 0, 7, 40)], {"interest_free": "until_due", "free_days": 0}]
)


def a_product(form: Any, price: Any, free_: Any, **more: Any) -> Terms:
    return a_terms(**(form | price | free_ | more))


any_product: Any = st.builds(
    a_product,
    forms,
    prices,
    free,
    grace_days=st.sampled_from([0, 3, 5]),
    after_due=st.sampled_from(["replaced", "continues"]),
    penalty_daily_rate=st.sampled_from([Decimal("0.0006"), Decimal("0.00123"), Decimal(0)]),
    penalty_base=st.sampled_from(["overdue_principal", "overdue_total"]),
    penalty_start=st.sampled_from(["due_date", "grace_end"]),
    min_notice_days=st.sampled_from([0, 0, 0, 15]),
    prepayment=st.sampled_from(["shorten", "lower_payment", "next"]),
    early_interest=st.sampled_from(["to_day", "to_day", "whole_period"]),
    early_payment=st.sampled_from(["allowed", "allowed", "allowed", "refused"]),
    surplus=st.sampled_from(["credit", "credit", "prepay"]),
    refund_method=st.sampled_from(["from_capture", "from_refund"]),
    refund_order=st.sampled_from(["last", "next", "pro_rata"]),
    refund_fees=st.booleans(),
    drawdown_fee_rate=st.sampled_from([Decimal(0), Decimal("0.01")]),
    dispute_days=st.sampled_from([0, 7]),
    allocation_order=st.permutations(COMPONENTS).map(tuple),
    allocation_past_due=st.sampled_from([None, ("principal", "interest", "fee", "penalty")]),
    allocation_direction=st.sampled_from(["horizontal", "horizontal", "vertical"]),
    merchant_fee_rate=st.sampled_from([Decimal(0), Decimal("0.013")]),
    merchant_fee_returns=st.booleans(),
    authorisation_days=st.sampled_from([6, 30]),
    partial_capture=st.sampled_from([True, True, True, False]),
    capture_backdating_days=st.sampled_from([0, 7]),
    drawdown_minimum_minor=st.sampled_from([1, 50_00]),
    rounding=st.sampled_from(["half_up", "half_even"]),
    tenant_book=st.sampled_from([TENANT, LENDER]),
)

picks = st.integers(0, 5)
percents = st.sampled_from([1, 10, 33, 50, 90, 100, 100, 103])
backs = st.sampled_from([0, 0, 0, 0, 1, 5, 12])


def as_of_engine(terms: Terms, state: State) -> dict[str, Any]:
    """A state in the words that both know."""
    rows = {}
    for row in state.instalments:
        asked = owed(terms, state, row)
        rows[row.no] = {
            "dates": (row.start_on, row.nominal_on, row.due_on, row.grace_on),
            "charged": {component: charged(row).of(component) for component in COMPONENTS},
            "paid": {component: row.paid.of(component) for component in COMPONENTS},
            "owes": {component: 0 if row.disputed else asked.of(component) for component in COMPONENTS},
            "flags": (row.past_due, row.disputed),
        }
    receipts = {
        receipt.receipt_id: (
            receipt.amount_minor,
            receipt.excess_minor,
            {
                (part.instalment_no, component): part.paid.of(component)
                for part in receipt.parts
                for component in COMPONENTS
                if part.paid.of(component)
            },
        )
        for receipt in state.receipts
    }
    return {
        "status": state.status,
        "held": remaining_minor(state),
        "outstanding": outstanding_minor(state),
        "days past due": days_past_due(state, state.as_of),
        "merchant fee": totals(state).merchant_fee,
        "refunded": sum(capture.refunded_minor for capture in state.captures),
        "rows": rows,
        "receipts": receipts,
    }


def as_of_naive(story: Story) -> dict[str, Any]:
    rows = {
        row.no: {
            "dates": (row.start, row.nominal, row.due, row.grace),
            "charged": row.charged(),
            "paid": dict(row.paid),
            "owes": row.owes(),
            "flags": (row.past_due, row.disputed),
        }
        for row in story.rows
    }
    receipts = {
        receipt.id: (
            receipt.amount,
            receipt.excess,
            {(no, c): paid for no, parts in receipt.parts.items() for c, paid in parts.items() if paid},
        )
        for receipt in story.receipts
    }
    return {
        "status": story.status,
        "held": story.held,
        "outstanding": story.outstanding,
        "days past due": story.days_past_due,
        "merchant fee": story.merchant_fee,
        "refunded": sum(capture.refunded for capture in story.captures),
        "rows": rows,
        "receipts": receipts,
    }


class BuyersLife(RuleBasedStateMachine):
    @initialize(
        terms=any_product,
        first=st.sampled_from([None, 1200_00, 1200_00, 333_33]),
        apart=st.sampled_from([0, 2, 9]),
        two=st.booleans(),
        behind=st.sampled_from([0, 3, 11, 16, 33]),
    )
    def opened(self, terms: Terms, first: int | None, apart: int, two: bool, behind: int) -> None:
        """One order or two, the first in one delivery or two, some days ago."""
        self.terms = terms
        self.engine, self.naive = EngineBuyer(terms, FIRST_DAY), Buyer(terms, FIRST_DAY)
        self.ids = 0
        self.both("decide_limit", "grant", LIMIT)
        self.both("authorise", KEYS[0], 3000_00)
        self.both("capture", KEYS[0], first if terms.partial_capture else None, FIRST_DAY)
        self.pass_days(apart)
        if first and terms.partial_capture:
            self.both("capture", KEYS[0], None, self.naive.today)
        if two:
            self.both("authorise", KEYS[1], 2000_00)
            self.both("capture", KEYS[1], None, self.naive.today)
        self.pass_days(behind)

    def key(self, pick: int) -> str:
        return KEYS[pick % len(self.naive.events)]

    def new_id(self) -> UUID:
        self.ids += 1
        return UUID(int=1000 + self.ids)

    def both(self, command: str, *args: Any, **named: Any) -> None:
        """The same to both; the engine refuses if and only if the model does, for a reason that it has."""
        expected = getattr(self.naive, command)(*args, **named)
        told = getattr(self.engine, command)(*args, **named)
        if command == "reverse":
            assert told[1] == expected[1]
            told, expected = told[0], expected[0]
        assert bool(told) == bool(expected), (command, args, named, told, expected)
        assert told <= expected, (command, args, named, told, expected)
        seen(f"{command}: {', '.join(sorted(told)) or 'done'}")

    def on(self, back: int) -> date:
        return self.naive.today - timedelta(back)

    # Steps

    @rule(
        what=st.sampled_from(["limit", "authorise", "authorise", "capture", "capture", "void"]),
        kind=st.sampled_from(["raise", "cut", "freeze", "unfreeze", "unfreeze"]),
        limit=st.sampled_from([2_000_00, 8_000_00, 12_000_00]),
        amount=st.sampled_from([1000_00, 3000_00, 333_33, 1, 47, 11_000_00]),
        pick=picks,
        percent=percents,
        whole=st.booleans(),
        back=backs,
    )
    def order(
        self, what: str, kind: str, limit: int, amount: int, pick: int, percent: int, whole: bool, back: int
    ) -> None:
        """What happens to line and orders, one of it: most of a life is what comes after."""
        key = self.key(pick)
        story = self.naive.story(key)
        if what == "limit":
            self.both("decide_limit", kind, limit if kind in ("raise", "cut") else None)
        elif what == "authorise" and len(self.naive.events) < len(KEYS):
            self.both("authorise", KEYS[len(self.naive.events)], amount)
        elif what == "void":
            self.both("void", key, None if whole else story.held * percent // 100)
        else:
            self.both("capture", key, None if whole else story.amount * percent // 100, self.on(back))

    @precondition(lambda self: self.naive.outstanding)
    @rule(
        percent=percents,
        back=backs,
        advance=st.booleans(),
        named=st.sampled_from([None, None, None, 0, 1, 2]),
        due=st.booleans(),
    )
    def receive(self, percent: int, back: int, advance: bool, named: int | None, due: bool) -> None:
        owes = [row.owes() for story in self.naive.stories.values() for row in story.rows]
        all_of_it = self.naive.due_now if due else sum(sum(asked.values()) for asked in owes)
        self.both(
            "receive", self.new_id(), max(1, all_of_it * percent // 100), self.on(back),
            advance=advance, named=None if named is None else self.key(named), source="cash",
        )  # fmt: skip

    @precondition(lambda self: self.naive.outstanding)
    @rule(what=st.sampled_from(["due", "payoff"]), less=st.sampled_from([0, 0, 1, -1]), back=backs)
    def pay_exactly(self, what: str, less: int, back: int) -> None:
        """All that is due or all there is, or a fen beside it."""
        amount = self.naive.due_now
        if what == "payoff" or not amount:
            amount = sum(
                payoff(self.terms, state, state.as_of).total_minor for state in self.engine.states.values()
            )
        self.both(
            "receive", self.new_id(), max(1, amount - less), self.on(back),
            advance=what == "payoff", named=None, source="cash",
        )  # fmt: skip

    @precondition(lambda self: self.naive.standing)
    @rule(pick=st.integers(0, 9), reason=st.sampled_from(["bounced", "our_mistake"]))
    def reverse(self, pick: int, reason: ReversalReason) -> None:
        cash = [id_ for id_, money in self.naive.standing.items() if money.source == "cash"]
        if cash:
            self.both("reverse", cash[pick % len(cash)], reason)

    @precondition(lambda self: self.naive.outstanding)
    @rule(pick=picks, no=st.sampled_from([1, 1, 2]), percent=percents, back=backs)
    def refund(self, pick: int, no: int, percent: int, back: int) -> None:
        key = self.key(pick)
        found = [c for c in self.naive.story(key).captures if c.no == no]
        amount = max(1, found[0].gross * percent // 100) if found else 1
        self.both("refund", key, self.new_id(), no, amount, self.on(back))

    @precondition(lambda self: self.naive.outstanding)
    @rule(pick=picks, no=st.sampled_from([1, 1, 2]), percent=percents, back=backs)
    def dispute(self, pick: int, no: int, percent: int, back: int) -> None:
        key = self.key(pick)
        found = [c for c in self.naive.story(key).captures if c.no == no]
        amount = max(1, sum(row.open for row in found[0].rows) * percent // 100) if found else 1
        self.both("dispute", key, self.new_id(), no, amount, self.on(back))

    @precondition(lambda self: any(story.disputes for story in self.naive.stories.values()))
    @rule(verdict=st.sampled_from(["won", "lost"]))
    def resolve(self, verdict: str) -> None:
        key = next(key for key, story in self.naive.stories.items() if story.disputes)
        self.both("resolve", key, next(iter(self.naive.story(key).disputes)), verdict)

    @rule(days=st.sampled_from([1, 1, 3, 9, 12, 20, 31, 40]))
    def time(self, days: int) -> None:
        self.pass_days(days)

    @precondition(lambda self: self.naive.outstanding)
    @rule(beside=st.sampled_from([-1, 0, 0, 1]), grace=st.booleans())
    def time_to_what_comes(self, beside: int, grace: bool) -> None:
        """To the next due date or the end of its grace, or a day beside it."""
        rows = [row for story in self.naive.stories.values() for row in story.rows if not row.settled]
        days = [((row.grace if grace else row.due) - self.naive.today).days + beside for row in rows]
        self.pass_days(min((number for number in days if number > 0), default=1))

    def pass_days(self, days: int) -> None:
        """Day by day: credit balance pays what falls due, at the opening."""
        credit = self.naive.credit
        for _ in range(days):
            self.engine.next_day()
            self.naive.today = self.engine.today
            usable = min(credit, self.naive.due_now) if credit else 0
            assert usable == (min(credit, self.engine.due_now) if credit else 0)
            if usable:
                self.both(
                    "receive", self.new_id(), usable, self.naive.today,
                    advance=False, named=None, source="credit",
                )  # fmt: skip
                credit = self.naive.credit

    # What holds after each

    @invariant()
    def the_model_says_the_same(self) -> None:
        if not hasattr(self, "naive"):
            return
        engine, naive = self.engine, self.naive
        expected_line = {"held": naive.held, "out": naive.outstanding}
        assert engine.line == expected_line or not engine.states, (engine.line, expected_line)
        assert (engine.available, engine.credit) == (naive.available, naive.credit)
        assert engine.credit >= 0
        assert set(engine.states) == set(naive.events)
        for key, state in engine.states.items():
            assert state.as_of == naive.today
            told, expected = as_of_engine(self.terms, state), as_of_naive(naive.story(key))
            assert told == expected, differing(told, expected, key)

    @invariant()
    def the_books_say_the_same(self) -> None:
        if not hasattr(self, "naive"):
            return
        for key, state in self.engine.states.items():
            sums: Counter[Side] = self.engine.balances.get(key, Counter())
            assert {side: amount for side, amount in sums.items() if amount} == fold(
                post(Totals(), totals(state), parties=self.engine.parties)
            )
            assert state == replay(self.terms, self.engine.events[key], state.as_of)


def differing(told: Any, expected: Any, path: str) -> str:
    """Where two answers differ."""
    if isinstance(told, dict) and isinstance(expected, dict):
        return "".join(
            differing(told.get(key), expected.get(key), f"{path} / {key}")
            for key in {**told, **expected}
            if told.get(key) != expected.get(key)
        )
    return f"\n{path}: engine {told}, model {expected}"


TestBuyersLife = BuyersLife.TestCase
TestBuyersLife.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, derandomize=True, phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


class LongLife(BuyersLife):
    """Other lives each night; a failure prints how to see it again."""


TestLongLives = pytest.mark.nightly(LongLife.TestCase)
TestLongLives.settings = settings(
    max_examples=3_000, stateful_step_count=50, deadline=None, phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
