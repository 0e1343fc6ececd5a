"""Stories of a buyer, told day by day through the use cases; every amount is worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.history import By, trial_balance
from kernel.db.scope import scope
from tests.billing.checks import refusal
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.scenario]

TEN_DAYS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.002"},
}
"""A night costs 1 in 1,000, for ten nights; past due, after three days of grace, 2 in 1,000 since the due
date."""
WITH_FEE = {**TEN_DAYS, "price": {"daily_rate": "0.001", "merchant_fee_rate": "0.015"}}


def march(day: int) -> date:
    return date(2027, 3, day)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TEN_DAYS)


async def trial(shop: Shop, on: date, by: By = "booked") -> dict[str, int]:
    """Debit less credit by account; over all accounts of each book they come to 0."""
    async with scope(shop.ctx, read_only=True) as tx:
        accounts = await trial_balance(tx, shop.ctx, on, by)
    books: dict[UUID, int] = {}
    for one in accounts:
        books[one.book] = books.get(one.book, 0) + one.debit_minor - one.credit_minor
    assert set(books.values()) <= {0}
    return {one.account: one.debit_minor - one.credit_minor for one in accounts}


async def test_captured_in_parts_each_with_its_own_schedule(shop: Shop) -> None:
    """Shipped on the 1st, the 4th and the 6th; each part is due ten days later, with its own interest."""
    drawn = (await shop.authorise(100_000)).id
    for day, part in ((1, 50_000), (4, 30_000), (6, 20_000)):
        await shop.go(march(day))
        await shop.capture(drawn, part)
    assert await shop.instalments(drawn) == [
        (march(11), 50_000, 0, 0),
        (march(14), 30_000, 0, 0),
        (march(16), 20_000, 0, 0),
    ]
    await shop.go(march(11))
    assert (await shop.pay(50_500)).excess_minor == 0
    await shop.go(march(16))
    assert await shop.instalments(drawn) == [
        (march(11), 0, 0, 0),
        (march(14), 30_000, 300, 0),
        (march(16), 20_000, 200, 0),
    ]
    assert (await shop.drawdown(drawn)).days_past_due == 0
    await shop.go(march(18))
    assert (await shop.drawdown(drawn)).days_past_due == 4
    assert await shop.owed(drawn) == 30_000 + 300 + 4 * 60 + 20_000 + 200
    receipt = await shop.pay(50_740)
    assert [(one.instalment_no, one.component, one.amount_minor) for one in receipt.allocations] == [
        (10_001, "penalty", 240),
        (10_001, "interest", 300),
        (10_001, "principal", 30_000),
        (20_001, "interest", 200),
        (20_001, "principal", 20_000),
    ]
    assert (await shop.drawdown(drawn)).projection.status == "closed"
    await shop.verify()


@pytest.mark.parametrize("day_end", [True, False])
async def test_what_is_not_shipped_in_time_is_free_again(shop: Shop, day_end: bool) -> None:
    """A limit of ¥1,000.00: 400.00 shipped, the rest held until the opening of the 31st."""
    await shop.decide("cut", 100_000)
    drawn = (await shop.authorise(100_000)).id
    await shop.capture(drawn, 40_000)
    move = shop.go if day_end else shop.jump
    await move(march(30))
    assert (await refusal(shop.authorise(1)))[0] == "limit_exceeded"
    await move(march(31))
    assert (await shop.drawdown(drawn)).held_minor == 0
    assert await refusal(shop.authorise(60_001)) == (
        "limit_exceeded",
        {"available_minor": 60_000, "requested_minor": 60_001},
    )
    await shop.authorise(60_000)
    assert await shop.line() == (60_000, 40_000)
    assert (await refusal(shop.capture(drawn)))[0] == "authorisation_expired"
    await shop.verify()


@pytest.mark.parametrize("day_end", [True, False])
async def test_a_surplus_waits_and_pays_on_the_due_date(shop: Shop, day_end: bool) -> None:
    """¥600.00 come on the 3rd, unasked; ¥505.00 fall due on the 11th, ¥202.00 on the 13th."""
    first = await shop.draw(50_000)
    await shop.go(march(3))
    second = await shop.draw(20_000)
    assert (await shop.pay(60_000)).excess_minor == 60_000
    assert await shop.line() == (0, 70_000)
    await (shop.go if day_end else shop.jump)(march(20))
    assert await shop.owed(first) == 0
    uses = "amount_minor, effective_on"
    assert await shop.rows("billing.receipt", uses, "channel = 'credit_balance' ORDER BY effective_on") == [
        (50_500, march(11)),
        (9_500, march(13)),
    ]
    # 200 interest and 9,300 principal were paid on the 13th; 10,700 are past due since then: 7 nights.
    assert await shop.instalments(second) == [(march(13), 10_700, 0, 0)]
    assert await shop.owed(second) == 10_700 + 150
    assert await shop.credit() == 0
    await shop.verify()


async def test_a_receipt_bounces_after_its_surplus_was_used(shop: Shop) -> None:
    """It paid one debt itself on the 11th and another by its rest on the 13th; both are open from then."""
    first = await shop.draw(50_000)
    await shop.go(march(3))
    second = await shop.draw(20_000)
    await shop.go(march(11))
    receipt = await shop.pay(75_000)
    await shop.go(march(18))
    assert (await shop.owed(first), await shop.owed(second), await shop.credit()) == (0, 0, 4_300)
    await shop.reverse(receipt.id, "bounced")
    assert await shop.owed(first) == 50_000 + 500 + 7 * 100
    assert await shop.owed(second) == 20_000 + 200 + 5 * 40
    assert (await shop.drawdown(first)).days_past_due == 7
    assert await shop.credit() == 0
    balances = await trial(shop, march(18))
    assert balances["cash_clearing"] == 0
    assert balances["buyer_principal"] == 70_000
    receipt = await shop.pay(50_000 + 500 + 700 + 20_000 + 200 + 200)
    assert receipt.excess_minor == 0
    assert await shop.line() == (0, 0)
    await shop.verify()


async def test_our_mistake_gives_new_grace(shop: Shop) -> None:
    """Another buyer's payment was booked here on the 11th; on the 20th the mistake is put right."""
    drawn = await shop.draw(50_000)
    other = await shop.with_another_buyer()
    theirs = await other.draw(50_000)
    await shop.go(march(11))
    wrong = await shop.pay(50_500)
    await shop.go(march(20))
    other.today = march(20)
    await shop.reverse(wrong.id, "our_mistake")
    await other.pay(50_500, effective_on=march(11))
    assert await other.owed(theirs) == 0
    assert (await shop.owed(drawn), (await shop.drawdown(drawn)).days_past_due) == (50_500, 0)
    await shop.go(march(23))
    assert (await shop.owed(drawn), (await shop.drawdown(drawn)).days_past_due) == (50_500, 0)
    await shop.go(march(24))
    assert (await shop.owed(drawn), (await shop.drawdown(drawn)).days_past_due) == (50_500 + 400, 4)
    await shop.verify()


async def test_a_receipt_of_an_earlier_day_cures_and_pays_on(shop: Shop) -> None:
    """Told on the 20th: ¥800.00 had come on the 12th. ¥505.00 were due since the 11th; of the rest ¥202.00
    pay what fell due on the 13th, as on that day."""
    first = await shop.draw(50_000)
    await shop.go(march(3))
    second = await shop.draw(20_000)
    await shop.go(march(20))
    assert (await shop.drawdown(first)).days_past_due == 9
    receipt = await shop.pay(80_000, effective_on=march(12))
    assert receipt.excess_minor == 80_000 - 50_500
    assert (await shop.owed(first), await shop.owed(second)) == (0, 0)
    assert await shop.credit() == 80_000 - 50_500 - 20_200
    assert {(await shop.drawdown(one)).days_past_due for one in (first, second)} == {0}
    assert "penalty_income" not in await shop.balances()
    by_effect, by_record = await trial(shop, march(12), "effective"), await trial(shop, march(12))
    assert (by_effect["cash_clearing"], by_effect["buyer_principal"]) == (80_000, 20_000)
    assert ("cash_clearing" in by_record, by_record["buyer_principal"]) == (False, 70_000)
    await shop.verify()


async def test_two_buyers_do_not_mix(shop: Shop) -> None:
    other = await shop.with_another_buyer(limit_minor=30_000)
    drawn, theirs = await shop.draw(50_000), await other.draw(30_000)
    assert (await refusal(other.authorise(1)))[0] == "limit_exceeded"
    await shop.pay(60_000, advance=True)
    assert (await shop.credit(), await other.credit()) == (10_000, 0)
    await shop.go(march(16))
    other.today = march(16)
    assert await shop.owed(drawn) == 0
    assert await other.owed(theirs) == 30_000 + 300 + 5 * 60
    assert (await shop.line(), await other.line()) == ((0, 0), (0, 30_000))
    assert (await other.drawdown(theirs)).days_past_due == 5
    sums = "debit_account, sum(amount_minor)::bigint"
    where = "debit_party = $2 AND debit_account LIKE 'buyer_%' GROUP BY debit_account ORDER BY 1"
    assert await shop.rows("billing.entry", sums, where, other.buyer_id) == [
        ("buyer_interest", 300),
        ("buyer_principal", 30_000),
    ]
    await shop.verify()


async def test_a_frozen_line_honours_what_it_once_let_through(shop: Shop) -> None:
    drawn = (await shop.authorise(50_000)).id
    await shop.decide("freeze")
    assert (await refusal(shop.authorise(1)))[0] == "line_frozen"
    await shop.capture(drawn, 20_000)
    await shop.refund(drawn, 5_000)
    await shop.void(drawn, 10_000)
    await shop.pay(1_000, advance=True)
    assert await shop.line() == (20_000, 14_000)
    await shop.decide("unfreeze")
    await shop.authorise(1)
    await shop.verify()


async def test_a_limit_cut_below_its_use_is_worked_off(shop: Shop) -> None:
    """A limit of ¥500.00 with ¥800.00 in use: repayments free nothing until less than that is owed."""
    drawn = (await shop.authorise(80_000)).id
    await shop.capture(drawn, 60_000)
    assert (await shop.decide("cut", 50_000)).available_minor == 0
    await shop.capture(drawn)
    assert await shop.instalments(drawn) == [(march(11), 60_000, 0, 0), (march(11), 20_000, 0, 0)]
    for paid, room in ((30_000, 0), (10_000, 10_000)):
        await shop.pay(paid, advance=True)
        assert await refusal(shop.authorise(room + 1)) == (
            "limit_exceeded",
            {"available_minor": room, "requested_minor": room + 1},
        )
    await shop.authorise(10_000)
    assert await shop.line() == (10_000, 40_000)
    await shop.verify()


@pytest.mark.parametrize("one_book", [False, True])
async def test_the_merchants_fee(database: None, one_book: bool) -> None:
    """1.5 % of ¥1,000.00, of which ¥400.00 come back after they were paid."""
    shop = await open_shop(WITH_FEE, one_book=one_book)
    drawn = await shop.draw(100_000)
    await shop.go(march(11))
    await shop.pay(101_000)
    await shop.refund(drawn, 40_000)
    between = {"due_to_tenant": -900, "due_from_lender": 900}
    assert await shop.balances() == {
        "cash_clearing": 101_000,
        "merchant_payable": -(60_000 - 900),
        "merchant_fee_income": -900,
        "interest_income": -600,
        "buyer_credit": -40_400,
        **({} if one_book else between),
    }
    assert sum((await trial(shop, march(11))).values()) == 0
    assert len(set(await shop.rows("billing.entry", "book"))) == (1 if one_book else 2)
    await shop.verify()
