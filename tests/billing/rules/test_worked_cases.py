"""Worked cases of every term, by hand as each line says; schedules and dates: test_worked_schedules.py.
The twenty of docs/examples/engine come beside them.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.rules import events as e
from billing.rules.books import totals
from billing.rules.outlook import OutlookRow, outlook
from billing.rules.overdue import bucket_days, days_past_due
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.values import State
from products.rules.terms import Terms
from tests.billing.rules.plans import a_plan

D = Decimal


class Tale:
    """1,000.00 captured on 1 January 2027; four equal principals of 250.00 at 1 % a month unless told."""

    def __init__(self, **changes: Any) -> None:
        settings: dict[str, Any] = {"form": "equal_principal", "instalments": 4, "annual_rate": D("0.12")}
        self.terms: Terms = a_plan(**(settings | changes))
        on = date(2027, 1, 1)
        self.events: list[e.Event] = [
            e.Authorised(seq=1, effective_on=on, amount_minor=1000_00, expires_on=date(2030, 1, 1)),
            e.Captured(seq=2, effective_on=on, capture_no=1, amount_minor=1000_00, booked_on=on),
        ]

    def then(self, kind: type[Any], on: str, **facts: Any) -> "Tale":
        self.events.append(kind(seq=len(self.events) + 1, effective_on=date.fromisoformat(on), **facts))
        return self

    def paid(
        self, amount: int, on: str, *, ahead: bool = False, no: int = 1, source: e.Source = "cash"
    ) -> "Tale":
        return self.then(
            e.Received, on, receipt_id=UUID(int=no), amount_minor=amount, advance=ahead, source=source
        )

    def state(self, on: str) -> State:
        return replay(self.terms, self.events, date.fromisoformat(on))

    def rows(self, on: str) -> tuple[OutlookRow, ...]:
        return outlook(self.terms, self.state(on))


SHORT: dict[str, Any] = {"form": "one_payment", "instalments": 1, "due_rule": "days_after", "term_days": 30,
    "annual_rate": None, "daily_rate": D("0.0005"), "day_count": "actual/365"}  # fmt: skip


def test_closed_within_the_free_days_or_interest_from_the_capture() -> None:
    """Free until day 20. On day 20: 1,000.00. On day 21: 21 nights of 0.50."""
    tale = Tale(**SHORT, interest_free="if_closed_within", free_days=20)
    for on, asked in (("2027-01-21", 1000_00), ("2027-01-22", 1010_50)):
        assert payoff(tale.terms, tale.state(on), date.fromisoformat(on)).total_minor == asked
    closed = tale.paid(1000_00, "2027-01-21", ahead=True).state("2027-06-01")
    assert (closed.status, totals(closed).charged.interest) == ("closed", 0)


def test_until_due_nothing_and_then_the_contract_rate() -> None:
    """Ten nights late: 5.00 of interest and 3.00 of penalty."""
    late = {"after_due": "continues", "penalty_daily_rate": D("0.0003")}
    (row,) = Tale(**SHORT, interest_free="until_due", **late).rows("2027-02-10")
    assert (row.interest_minor, row.penalty_minor) == (5_00, 3_00)


def test_a_small_shortfall_joins_the_next_due_amount() -> None:
    """2.00 of 260.00 are missing, 3.00 are tolerated; after the last they are written off."""
    tale = Tale(shortfall_tolerance_minor=3_00, grace_days=3).paid(258_00, "2027-02-01")
    assert days_past_due(tale.state("2027-02-20"), date(2027, 2, 20)) == 0
    assert tale.rows("2027-02-20")[0].due_on == date(2027, 3, 1)
    short = Tale(**SHORT, shortfall_tolerance_minor=3_00).paid(1013_00, "2027-01-31").state("2027-02-01")
    assert (short.status, totals(short).small.principal) == ("closed", 2_00)


def test_a_prepayment_fee_out_of_the_payment() -> None:
    """Day 10: 5.00 of interest; of the other 101.00, 100.00 of principal and 1 % of it."""
    tale = Tale(**SHORT, prepayment_fee_rate=D("0.01")).paid(106_00, "2027-01-11", ahead=True)
    state = tale.state("2027-01-11")
    assert totals(state).paid.principal == 100_00
    assert totals(state).paid.fee == 1_00
    assert payoff(tale.terms, state, date(2027, 1, 11)).total_minor == 900_00 + 9_00


def test_whole_period_interest_at_an_early_closing() -> None:
    """Half-way through the first month all of its 10.00 is owed."""
    tale = Tale(early_interest="whole_period")
    assert payoff(tale.terms, tale.state("2027-01-16"), date(2027, 1, 16)).total_minor == 1010_00
    assert payoff(Tale().terms, tale.state("2027-01-16"), date(2027, 1, 16)).total_minor == 1005_00


def test_coming_instalments_as_scheduled_save_nothing() -> None:
    """`next`: 260.00 paid at once is the first row whole; the second asks for 250.00 + 7.50 as before."""
    tale = Tale(prepayment="next").paid(260_00, "2027-01-02", ahead=True)
    rows = tale.rows("2027-01-02")
    assert (rows[0].settled_on, rows[0].paid.interest) == (date(2027, 1, 2), 10_00)
    assert (rows[1].interest_minor, rows[1].outstanding_minor) == (7_50, 257_50)


@pytest.mark.parametrize(
    ("order", "principals", "interests"),
    [
        ("last", (250_00, 200_00, 0), (6_00, 2_00, 0)),
        ("next", (0, 200_00, 250_00), (6_00, 4_50, 2_50)),
        ("pro_rata", (150_00, 150_00, 150_00), (6_00, 3_00, 1_50)),
    ],
)
def test_a_refund_from_its_day(order: str, principals: tuple[int, ...], interests: tuple[int, ...]) -> None:
    """300.00 on 16 February: 750.00 for fifteen days of 30/360, then 450.00."""
    tale = Tale(refund_method="from_refund", refund_order=order).paid(260_00, "2027-02-01")
    tale.then(
        e.Refunded,
        "2027-02-16",
        refund_id=UUID(int=5),
        capture_no=1,
        amount_minor=300_00,
        method="from_refund",
    )
    rows = tale.rows("2027-02-16")[1:]
    assert tuple(row.principal_minor for row in rows) == principals
    assert tuple(row.interest_minor for row in rows) == interests


def test_a_waiver_and_its_account() -> None:
    tale = Tale().then(e.Waived, "2027-02-05", waiver_id=UUID(int=5), instalment_no=1, interest_minor=4_00)
    assert tale.rows("2027-02-05")[0].outstanding_minor == 256_00
    assert totals(tale.state("2027-02-05")).waived.interest == 4_00


def test_a_restructure_carries_charges_without_interest() -> None:
    """16 February: 10.00 due and 3.75 accrued wait for 16 March; 1,000.00 again in three months."""
    facts: dict[str, Any] = {"capture_no": 1, "form": "equal_principal", "instalments": 3}
    tale = Tale().then(e.Restructured, "2027-02-16", **facts)
    rows = {row.no: row for row in tale.rows("2027-02-16")}
    assert rows[1].outstanding_minor + rows[2].outstanding_minor == 13_75
    assert (rows[1].due_on, rows[1001].due_on) == (date(2027, 3, 16), date(2027, 3, 16))
    assert [rows[no].principal_minor for no in (1001, 1002, 1003)] == [333_33, 333_33, 333_34]
    assert rows[1001].interest_minor == 10_00


def test_a_restructure_that_capitalises() -> None:
    """1,000.00 + 10.00 + 3.75 become the new principal; its first month costs 10.14."""
    facts: dict[str, Any] = {"capture_no": 1, "form": "equal_principal", "instalments": 3, "capitalise": True}
    state = Tale().then(e.Restructured, "2027-02-16", **facts).state("2027-03-16")
    assert totals(state).capitalised.interest == 13_75
    assert sum(row.open_minor for row in state.instalments) == 1013_75
    assert next(row for row in state.instalments if row.no == 1001).interest.charged_minor == 10_14


def test_re_aged_debt_keeps_its_bucket_until_cured() -> None:
    """29 days past due when restructured: 29 for the bucket until three instalments are paid."""
    facts: dict[str, Any] = {"capture_no": 1, "form": "equal_principal", "instalments": 4}
    tale = Tale().then(e.Restructured, "2027-03-02", **facts)
    on = date(2027, 3, 2)
    assert (days_past_due(tale.state("2027-03-02"), on), bucket_days(tale.state("2027-03-02"), on, 3)) == (
        0,
        29,
    )
    paid = tale
    for month in ("2027-04-02", "2027-05-02", "2027-06-02"):
        asked = payoff(paid.terms, paid.state(month), date.fromisoformat(month))
        due = sum(r.outstanding_minor for r in paid.rows(month) if r.due_on <= date.fromisoformat(month))
        paid = paid.paid(due, month, no=int(month[5:7]))
        assert asked.total_minor >= due
    assert bucket_days(paid.state("2027-06-02"), date(2027, 6, 2), 3) == 0


def test_another_due_day() -> None:
    """From the 1st to the 20th: the second month becomes 1 February to 20 March, 49 days of 30/360."""
    tale = Tale().paid(260_00, "2027-02-01").then(e.DueDayChanged, "2027-02-02", due_day=20)
    rows = tale.rows("2027-02-02")
    assert [row.nominal_on for row in rows[1:]] == [date(2027, 3, 20), date(2027, 4, 20), date(2027, 5, 20)]
    assert rows[1].interest_minor == 12_25


def test_a_holiday_announced_later_moves_the_date_and_not_the_interest() -> None:
    tale = Tale(grace_days=2)
    moved = {"instalment_no": 1, "due_on": date(2027, 2, 3), "grace_on": date(2027, 2, 5)}
    row = tale.then(e.DueDateChanged, "2027-01-20", **moved).rows("2027-01-20")[0]
    assert (row.due_on, row.interest_minor) == (date(2027, 2, 3), 10_00)
    assert days_past_due(tale.state("2027-02-05"), date(2027, 2, 5)) == 0


def test_silence_charges_at_the_outcome_or_not_at_all() -> None:
    """250.00 past due since 1 February at 0.001, silent for 100.00 from the 5th to the 9th."""
    terms = {"penalty_daily_rate": D("0.001")}
    for outcome, penalty in (("falls_away", 2_00), ("charged", 2_50)):
        tale = Tale(**terms)
        tale.then(
            e.Silenced, "2027-02-05", silence_id=UUID(int=5), amount_minor=100_00, until_on=date(2027, 2, 12)
        )
        tale.then(e.SilenceEnded, "2027-02-10", silence_id=UUID(int=5), outcome=outcome)
        tale.then(e.Received, "2027-02-11", receipt_id=UUID(int=6), amount_minor=1, advance=False)
        assert tale.state("2027-02-11").instalments[0].penalty.charged_minor == penalty


@pytest.mark.parametrize(
    ("changes", "amount", "left"),
    [
        # 10 nights are 5.00, the whole 30 are 15.00: 15.00 first, then principal
        (SHORT, 1005_00, [10_00]),
        (SHORT, 1014_99, [1]),
        # 9 days of January are 3.00 by 30E/360, the month 10.00: what is left falls due with the month
        ({}, 1004_00, [6_00, 0, 0, 0]),
    ],
)
def test_a_part_that_pays_the_whole_period_first_then_pays_principal(
    changes: dict[str, Any], amount: int, left: list[int]
) -> None:
    """`whole_period`: nothing that was paid to pay early is left over as credit balance."""
    tale = Tale(**(changes | {"early_interest": "whole_period"}))
    state = tale.paid(amount, "2027-01-11" if changes else "2027-01-10", ahead=True).state("2027-01-11")
    assert [row.open_minor for row in state.instalments] == left
    assert totals(state).excess == 0


def test_non_accrual_and_write_off_change_the_books_and_not_the_debt() -> None:
    """90 days past due on 2 May: 25.00 of interest leave income; written off, 100.00 that come are
    recovery.
    """
    tale = Tale(non_accrual_days=90)
    before, after = tale.state("2027-05-01"), tale.state("2027-05-02")
    assert (totals(before).charged.interest, totals(after).charged.interest) == (25_00, 0)
    assert sum(row.outstanding_minor for row in tale.rows("2027-05-02")) == 1025_00
    tale.then(e.WrittenOff, "2027-06-01").paid(100_00, "2027-06-10")
    sums = totals(tale.state("2027-06-10"))
    assert (sums.written_off, sums.charged.interest) == (1000_00, sums.recovered_charges.interest)
    assert sums.recovered_principal + sums.recovered_charges.interest == 100_00


def test_a_goodwill_credit_is_never_credit_balance() -> None:
    state = Tale().paid(300_00, "2027-02-01", source="goodwill").state("2027-02-01")
    assert (totals(state).received_goodwill, totals(state).excess) == (260_00, 0)


def test_a_penalty_cap_of_the_product() -> None:
    """2 % of the instalment's principal: 5.00 after 40 days at 0.001."""
    rows = Tale(penalty_daily_rate=D("0.001"), penalty_cap_rate=D("0.02")).rows("2027-03-13")
    assert rows[0].penalty_minor == 5_00


def test_vertical_puts_the_component_before_the_instalment() -> None:
    """20.00 on two past-due rows: interest of both first."""
    tale = Tale(allocation_direction="vertical", allocation_order=("penalty", "fee", "interest", "principal"))
    rows = tale.paid(20_00, "2027-03-02").rows("2027-03-02")
    assert [(row.paid.interest, row.paid.principal) for row in rows[:2]] == [(10_00, 2_50), (7_50, 0)]
