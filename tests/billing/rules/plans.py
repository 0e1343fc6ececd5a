"""Random products of every kind and random lives of a drawdown under them, for the properties of the whole
engine.
"""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec.structs import replace

from billing.rules import events as e
from billing.rules.allocation import claims
from billing.rules.conversion import convertible
from billing.rules.dispute import disputable_minor
from billing.rules.extension import movable
from billing.rules.later_dates import dated
from billing.rules.replay import replay
from billing.rules.settle import owed
from billing.rules.values import State
from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.due_dates import nominal_dates, row_dates
from products.rules.terms import Shift, Terms
from tests.billing.rules.scripts import BUYER, LENDER, TENANT

FIRST_DAY = date(2027, 1, 1)


def a_plan(**changes: Any) -> Terms:
    """DOMAIN.md §7, example 2."""
    settings: dict[str, Any] = {
        "product_id": UUID(int=9),
        "product_version": 1,
        "currency": "CNY",
        "lender_book": LENDER,
        "tenant_book": TENANT,
        "due_rule": "periods",
        "form": "equal_instalment",
        "instalments": 12,
        "annual_rate": Decimal("0.18"),
        "day_count": "30/360",
    }
    return Terms(**(settings | changes))


def any_plan(chance: random.Random) -> Terms:
    form = chance.choice(["equal_instalment", "equal_principal", "interest_only", "one_payment", "flat_fee"])
    pick = chance.choice
    free = pick(["days", "days", "days", "if_closed_within", "until_due"])
    return a_plan(
        form=form,
        instalments=1 if form == "one_payment" else pick([2, 3, 6]),
        due_rule=pick(["periods", "periods", "days_after", "end_of_month", "bill_day"]),
        term_days=pick([25, 30, 45]),
        annual_rate=Decimal(0) if form == "flat_fee" else pick([Decimal("0.18"), Decimal("0.0725")]),
        day_count=pick(["30/360", "actual/365", "actual/360", "actual/actual"]),
        interest_free=free,
        free_days=20 if free == "if_closed_within" else pick([0, 0, 10, 40]),
        period_fee_rate=Decimal("0.006") if form == "flat_fee" else Decimal(0),
        free_periods=pick([0, 0, 1]),
        after_due=pick(["replaced", "continues"]),
        prepayment=pick(["shorten", "lower_payment", "next"]),
        early_interest=pick(["to_day", "whole_period"]),
        early_fees=pick(["waived", "charged"]),
        prepayment_fee_rate=pick([Decimal(0), Decimal("0.01")]),
        drawdown_fee_rate=pick([Decimal(0), Decimal("0.01")]),
        buyer_fee_share=pick([Decimal(1), Decimal("0.4")]),
        minimum_charge_minor=pick([0, 0, 9000]),
        penalty_daily_rate=Decimal("0.0005"),
        penalty_base=pick(["overdue_principal", "overdue_total"]),
        penalty_start=pick(["due_date", "grace_end"]),
        penalty_cap_rate=pick([None, None, Decimal("0.02")]),
        cap_annual_rate=pick([None, Decimal("0.24"), Decimal("0.1")]),
        grace_days=pick([0, 3]),
        shortfall_tolerance_minor=pick([0, 0, 300]),
        non_accrual_days=pick([None, 20, 90]),
        refund_method=pick(["from_capture", "from_refund"]),
        refund_order=pick(["last", "next", "pro_rata"]),
        refund_fees=pick([True, False]),
        subsidiser=pick([None, None, BUYER]),
        subsidised_interest=Decimal("0.5"),
        allocation_direction=pick(["horizontal", "vertical"]),
        surplus=pick(["credit", "prepay"]),
    )


class Life:
    """What happened to one drawdown, as recorded; a step that the rules refuse leaves no trace."""

    def __init__(self, terms: Terms, amount_minor: int, calendar: Calendar = EVERY_DAY) -> None:
        self.terms, self.day, self.seq = terms, FIRST_DAY, 2
        self.calendar = calendar
        found = row_dates(terms, nominal_dates(terms, FIRST_DAY), FIRST_DAY, calendar)
        dates = () if calendar == EVERY_DAY else tuple(e.DueDate(*row) for row in found)
        self.kinds: tuple[str, ...] = KINDS
        self.events: list[e.Event] = [
            e.Authorised(
                seq=1, effective_on=FIRST_DAY, amount_minor=amount_minor, expires_on=date(2030, 1, 1)
            ),
            e.Captured(
                seq=2, effective_on=FIRST_DAY, capture_no=1, amount_minor=amount_minor, booked_on=FIRST_DAY,
                dates=dates,
            ),
        ]  # fmt: skip

    def state(self, on: date | None = None) -> State:
        return replay(self.terms, self.events, on or self.day)

    def step(self, chance: random.Random) -> None:
        self.day += timedelta(chance.choice([0, 3, 10, 17, 31]))
        state = self.state()
        if state.status != "captured":
            return
        kind = chance.choice([*["pay"] * 5, *self.kinds])
        base = {"seq": self.seq + 1, "effective_on": self.day}
        for event in getattr(self, "_" + kind)(chance, state, base):
            self._happens(event)

    def _happens(self, event: e.Event) -> None:
        try:
            event = dated(self.terms, self.state(event.effective_on), event, self.calendar)
            replay(self.terms, [*self.events, event], max(self.day, event.effective_on))
        except ValueError:
            return
        self.events.append(event)
        self.seq = max(self.seq, event.seq)

    def _pay(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        whole = sum(claim.amount_minor for claim in claims(self.terms, state, advance=True))
        amount = max(1, whole * chance.choice([5, 30, 60, 100, 110]) // 100)
        source: e.Source
        advance, source = chance.random() < 0.5, chance.choice(["cash", "cash", "set_off", "goodwill"])
        return [
            e.Received(
                **base, receipt_id=UUID(int=base["seq"]), amount_minor=amount, advance=advance, source=source
            )
        ]

    def _refund(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        left = state.captures[0].amount_minor - state.captures[0].refunded_minor
        amount = max(1, left * chance.choice([10, 40, 100]) // 100)
        method = self.terms.refund_method
        if not left:
            return []
        return [
            e.Refunded(
                **base, refund_id=UUID(int=base["seq"]), capture_no=1, amount_minor=amount, method=method
            )
        ]

    def _reverse(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        if not state.receipts:
            return []
        reason: e.ReversalReason = chance.choice(["bounced", "our_mistake"])
        return [e.ReceiptReversed(**base, receipt_id=state.receipts[-1].receipt_id, reason=reason)]

    def _pause(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        return [e.InterestPaused(**base, until_on=self.day + timedelta(chance.choice([0, 5, 40])))]

    def _rate(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        return [] if self.terms.form == "flat_fee" else [e.RateChanged(**base, rate=Decimal("0.12"))]

    def _waive(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        row = next((row for row in state.instalments if not row.settled_on and not row.disputed), None)
        asked = owed(self.terms, state, row) if row else None
        if row is None or asked is None or not asked.interest:
            return []
        part = asked.interest // 2 or 1
        return [e.Waived(**base, waiver_id=UUID(int=base["seq"]), instalment_no=row.no, interest_minor=part)]

    def _dispute(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        open_minor = disputable_minor(state, 1)
        if not open_minor:
            return []
        id_ = UUID(int=7000 + base["seq"])
        verdict: Literal["won", "lost"] = chance.choice(["won", "lost", "lost"])
        later = {"seq": base["seq"] + 1, "effective_on": self.day + timedelta(20)}
        return [
            e.Disputed(**base, dispute_id=id_, capture_no=1, amount_minor=max(1, open_minor // 3)),
            e.DisputeResolved(**later, dispute_id=id_, verdict=verdict),
        ]

    def _extend(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        rows = [r for r in state.instalments if not (r.settled_on or r.disputed or r.is_charge)]
        if not rows:
            return []
        fee, bears = chance.choice([0, 500]), chance.random() < 0.5
        return [e.Extended(**base, from_no=rows[0].no, days=15, interest=bears, fee_minor=fee)]

    def _due_day(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        return [e.DueDayChanged(**base, due_day=chance.choice([5, 20, "last"]))]

    def _restructure(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        more: Any = {"form": "equal_instalment", "instalments": 4, "capitalise": chance.random() < 0.5}
        return [e.Restructured(**base, capture_no=1, **more)] if self.day > FIRST_DAY else []

    def _charge(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        due_on = self.day + timedelta(10)
        return [
            e.ChargeAdded(
                **base, charge_id=UUID(int=base["seq"]), capture_no=1, amount_minor=777, due_on=due_on
            )
        ]

    def _silence(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        until_on = self.day + timedelta(10)
        begun = e.Silenced(**base, silence_id=UUID(int=base["seq"]), amount_minor=50_000, until_on=until_on)
        if chance.random() < 0.5:
            return [begun]
        later = {"seq": base["seq"] + 1, "effective_on": self.day + timedelta(6)}
        return [begun, e.SilenceEnded(**later, silence_id=begun.silence_id, outcome="falls_away")]

    def _move_date(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        row = next((row for row in state.instalments if movable(row)), None)
        if row is None:
            return []
        due_on = row.due_on + timedelta(chance.choice([1, 9]))
        grace_on = due_on + timedelta(self.terms.grace_days)
        return [e.DueDateChanged(**base, instalment_no=row.no, due_on=due_on, grace_on=grace_on)]

    def _convert(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        rows = [row for row in state.instalments if convertible(self.terms, state, row)]
        if not rows or state.write_off or state.capitalised.total:
            return []
        row, id_ = chance.choice(rows), UUID(int=base["seq"])
        return [e.Converted(**base, conversion_id=id_, instalment_no=row.no, amount_minor=row.open_minor)]

    def _write_off(self, chance: random.Random, state: State, base: Any) -> list[e.Event]:
        return [] if state.write_off else [e.WrittenOff(**base)]


KINDS = (
    "refund", "reverse", "pause", "rate", "waive", "dispute", "extend", "due_day", "restructure", "charge",
    "silence", "write_off",
)  # fmt: skip
SHIFTS: dict[int, Shift] = {1: "preceding", 2: "following"}
MORE_KINDS = (*KINDS, "move_date", "convert", "convert")


def a_life(seed: int) -> Life:
    """Every third seed tells of more and two of five shift dates over weekends, so that a seed named by a
    test tells what it told when it was found.
    """
    chance = random.Random(seed)
    terms, amount_minor = any_plan(chance), chance.choice([12_000_00, 333_33, 1_00])
    if shift := SHIFTS.get(seed % 5):
        life = Life(replace(terms, shift=shift), amount_minor, Calendar(weekend=frozenset({6, 7})))
    else:
        life = Life(terms, amount_minor)
    life.kinds = MORE_KINDS if seed % 3 == 1 else KINDS
    for _ in range(chance.randint(1, 8)):
        life.step(chance)
    return life
