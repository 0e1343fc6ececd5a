"""The engine against the naive model: a buyer's life in random steps, compared after each of them.

Lines, orders, deliveries, receipts, refunds, reversals, disputes and the clock; the ledger and all that must
always hold are looked at after each step too. Product, beginning and each step come of a seed, so that no two
lives are much alike, and a step asks for what can happen then: few are refused, and amounts are what is due
or all there is, often a fen beside it.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import event as seen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from billing.rules.accounts import post
from billing.rules.book import fold
from billing.rules.books import totals
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.values import Totals
from tests.billing.rules.engine_buyer import EngineBuyer
from tests.billing.rules.life_products import a_product
from tests.billing.rules.life_views import as_of_engine, as_of_naive, differing
from tests.billing.rules.naive import Buyer

if TYPE_CHECKING:
    from billing.rules.book import Side
    from billing.rules.values import State
    from tests.billing.rules.naive_time import Capture

FIRST_DAY = date(2027, 1, 30)
KEYS = ("d1", "d2", "d3")
LIMIT = 10_000_00
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Making such a life shorter takes minutes, so a failure is told at once and as it was."""

seeds = st.integers(0, 2**32)
STEPS: Final = (
    *["pay"] * 3, *["pay_exactly"] * 3, *["pay_ahead"] * 3, *["reverse"] * 2, *["refund"] * 2,
    *["dispute"] * 2, *["resolve"] * 2, "quarrel", *["order"] * 2, "limit", *["time"] * 2,
    *["time_to_what_comes"] * 4,
)  # fmt: skip
"""Each as often as it is named; what cannot happen now is time that passes."""


class BuyersLife(RuleBasedStateMachine):
    @initialize(seed=seeds)
    def opened(self, seed: int) -> None:
        """One order or two, the first in one delivery or two, some days ago."""
        pick = random.Random(seed).choice
        self.terms = a_product(seed)
        self.engine, self.naive = EngineBuyer(self.terms, FIRST_DAY), Buyer(self.terms, FIRST_DAY)
        self.ids = 0
        self.replayed: dict[str, State] = {}
        first = pick([None, 1200_00, 1200_00, 333_33]) if self.terms.partial_capture else None
        self.both("decide_limit", "grant", LIMIT)
        self.both("authorise", KEYS[0], 3000_00)
        self.both("capture", KEYS[0], first, FIRST_DAY)
        self.pass_days(pick([0, 2, 9]))
        if first:
            self.both("capture", KEYS[0], None, self.naive.today)
        if pick([True, False]):
            self.both("authorise", KEYS[1], 2000_00)
            self.both("capture", KEYS[1], None, self.naive.today)
        self.pass_days(pick([0, 3, 11, 16, 33]))

    @rule(what=st.sampled_from(STEPS), seed=seeds)
    def lives(self, what: str, seed: int) -> None:
        chance = random.Random(seed)
        if not (self.naive.outstanding or self.naive.held):
            what = chance.choice(["order", "order", "reverse"])
        if not getattr(self, what)(chance):
            self.time(chance)

    def both(self, command: str, *args: Any, **named: Any) -> None:
        """The same to both; the engine refuses if and only if the model does, for a reason that it has."""
        expected = getattr(self.naive, command)(*args, **named)
        told = getattr(self.engine, command)(*args, **named)
        note(f"{self.naive.today} {command} {args} {named} -> {told}")
        if command == "reverse":
            assert told[1] == expected[1]
            told, expected = told[0], expected[0]
        assert bool(told) == bool(expected), (command, args, named, told, expected)
        assert told <= expected, (command, args, named, told, expected)
        seen(f"{command}: {', '.join(sorted(told)) or 'done'}")

    def new_id(self) -> UUID:
        self.ids += 1
        return UUID(int=1000 + self.ids)

    def back(self, chance: random.Random) -> date:
        """Today; one time in three told of late."""
        return self.naive.today - timedelta(chance.choice([0] * 6 + [1, 5, 12]))

    def captures(self) -> list[tuple[str, Capture]]:
        return [(key, capture) for key, story in self.naive.stories.items() for capture in story.captures]

    # Steps: whether something was asked

    def limit(self, chance: random.Random) -> bool:
        kind = chance.choice(["raise", "cut", "freeze", "unfreeze", "unfreeze"])
        limit = chance.choice([2_000_00, 8_000_00, 12_000_00])
        self.both("decide_limit", kind, limit if kind in ("raise", "cut") else None)
        return True

    def order(self, chance: random.Random) -> bool:
        keys = list(self.naive.events)
        held = [key for key in keys if self.naive.story(key).held]
        what = chance.choice(["authorise", "capture", "capture", "void"])
        if what == "authorise" or not held:
            if len(keys) == len(KEYS):
                return False
            amount = chance.choice([1000_00, 3000_00, 333_33, 1, 47, 11_000_00])
            self.both("authorise", KEYS[len(keys)], amount)
            what, held = "capture", [KEYS[len(keys)]] if KEYS[len(keys)] in self.naive.events else held
        if not held:
            return True
        key = chance.choice([*held * 9, *keys])
        part = self.naive.story(key).held * chance.choice([1, 33, 50, 100, 103]) // 100
        amount_or_all = chance.choice([None, part])
        if what == "void":
            self.both("void", key, amount_or_all)
        else:
            self.both("capture", key, amount_or_all, self.back(chance))
        return True

    def receive(self, amount: int, on: date, *, advance: bool = False, named: str | None = None) -> None:
        self.both(
            "receive", self.new_id(), max(1, amount), on, advance=advance, named=named, source="cash"
        )  # fmt: skip

    def pay(self, chance: random.Random) -> bool:
        """A share of all that is owed or of what is due, by any of the ways."""
        owes = [row.owes() for story in self.naive.stories.values() for row in story.rows]
        whole = chance.choice([self.naive.due_now, sum(sum(asked.values()) for asked in owes)])
        if not whole:
            return False
        self.receive(
            whole * chance.choice([1, 10, 33, 50, 90, 100, 103]) // 100,
            self.back(chance),
            advance=chance.choice([True, False]),
            named=chance.choice([None, None, *self.naive.events]),
        )
        return True

    def pay_exactly(self, chance: random.Random) -> bool:
        """All that is due or all there is, or a fen beside it."""
        amount = self.naive.due_now
        closing = not amount or chance.choice([True, False])
        if closing:
            states = self.engine.states.values()
            amount = sum(payoff(self.terms, state, state.as_of).total_minor for state in states)
        if not amount:
            return False
        self.receive(amount + chance.choice([0, 0, 0, -1, 1]), self.back(chance), advance=closing)
        return True

    def pay_ahead(self, chance: random.Random) -> bool:
        """One drawdown's coming rows: what has accrued, the next row, a part of all, or nearly all."""
        ahead = {key: rows for key, story in self.naive.stories.items() if (rows := story.of_class("ahead"))}
        if not ahead:
            return False
        key = chance.choice(list(ahead))
        closing = payoff(self.terms, self.engine.states[key], self.naive.today).total_minor
        charges = sum(sum(row.owes().values()) - row.open for row in ahead[key])
        first = sum(ahead[key][0].owes().values())
        amount = chance.choice([charges, first, first, closing // 3, closing // 2, closing])
        self.receive(amount + chance.choice([0, 0, -1, 1, 100]), self.back(chance), named=key)
        return True

    def reverse(self, chance: random.Random) -> bool:
        """The latest receipt, mostly."""
        cash = [id_ for id_, money in self.naive.standing.items() if money.source == "cash"]
        if not cash:
            return False
        self.both(
            "reverse", chance.choice([*cash, *cash[-1:] * 3]), chance.choice(["bounced", "our_mistake"])
        )
        return True

    def refund(self, chance: random.Random) -> bool:
        """A share, all, or all that is open, of goods delivered."""
        found = [(key, capture) for key, capture in self.captures() if capture.financed]
        if not found:
            return False
        key, capture = chance.choice(found)
        open_ = sum(row.open for row in capture.rows)
        amounts = [capture.gross * share // 100 for share in (1, 10, 33, 50)]
        amount = chance.choice([*amounts, capture.financed, open_, open_ + 1, capture.financed + 1])
        self.both("refund", key, self.new_id(), capture.no, max(1, amount), self.back(chance))
        return True

    def dispute(self, chance: random.Random) -> bool:
        """A share or all of what is open of a delivery, or one row of it."""
        found = []
        for key, capture in self.captures():
            story = self.naive.story(key)
            in_dispute = [no for no, _ in story.disputes.values()]
            if capture.no not in in_dispute and story.disputable(capture.no):
                found.append((key, capture))
        if not found:
            return False
        key, capture = chance.choice(found)
        rows = [row.open for row in capture.rows if row.open]
        amount = chance.choice([*(sum(rows) * share // 100 for share in (1, 10, 33, 50, 100)), *rows])
        self.both("dispute", key, self.new_id(), capture.no, max(1, amount), self.back(chance))
        return True

    def resolve(self, chance: random.Random) -> bool:
        found = [(key, id_) for key, story in self.naive.stories.items() for id_ in story.disputes]
        if not found:
            return False
        self.both("resolve", *chance.choice(found), chance.choice(["lost", "lost", "won"]))
        return True

    def quarrel(self, chance: random.Random) -> bool:
        """In dispute, and soon over."""
        if not self.dispute(chance):
            return False
        self.pass_days(chance.choice([0, 1, 4]))
        return self.resolve(chance)

    def time(self, chance: random.Random) -> bool:
        self.pass_days(chance.choice([1, 1, 3, 9, 12, 20, 31]))
        return True

    def time_to_what_comes(self, chance: random.Random) -> bool:
        """To the next nominal or due date or the end of its grace, or a day beside it."""
        rows = [row for story in self.naive.stories.values() for row in story.rows if not row.settled]
        beside, grace = chance.choice([-1, 0, 0, 1]), chance.choice([False, True])
        days = [((row.grace if grace else row.due) - self.naive.today).days + beside for row in rows]
        days += [(row.nominal - self.naive.today).days + beside for row in rows if not grace]
        if coming := [number for number in days if number > 0]:
            self.pass_days(min(coming))
        return bool(coming)

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
        for key, state in self.engine.states.items():
            sums: Counter[Side] = self.engine.balances.get(key, Counter())
            assert {side: amount for side, amount in sums.items() if amount} == fold(
                post(Totals(), totals(state), parties=self.engine.parties)
            )
            if self.replayed.get(key) is not state:
                assert state == replay(self.terms, self.engine.events[key], state.as_of)
                self.replayed[key] = state


TestBuyersLife = BuyersLife.TestCase
TestBuyersLife.settings = settings(
    max_examples=300, stateful_step_count=25, deadline=None, derandomize=True, phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


class LongLife(BuyersLife):
    """Other lives each night; a failure prints how to see it again."""


TestLongLives = pytest.mark.nightly(LongLife.TestCase)
TestLongLives.settings = settings(
    max_examples=3_000, stateful_step_count=50, deadline=None, phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
