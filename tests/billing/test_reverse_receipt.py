"""A receipt reversed: as if it never came, or with new grace; what its rest paid meanwhile follows it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from billing.reverse_receipt import PERMISSION
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, written
from tests.support.shop import Shop, open_shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

TEN_DAYS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.002"},
}
"""¥1,000.00 drawn 1 March: due on the 11th with 10.00 interest; then 2.00 a night."""


def march(day: int) -> date:
    return date(2027, 3, day)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TEN_DAYS)


async def paid_on_the_due_date(shop: Shop) -> tuple[UUID, UUID]:
    """A drawdown and its receipt; now it is the 16th."""
    drawn = await shop.draw(100_000)
    await shop.go(march(11))
    receipt = await shop.pay(101_000, external_ref="bank-1")
    await shop.go(march(16))
    return drawn, receipt.id


async def test_bounced_as_if_it_never_came(shop: Shop) -> None:
    drawn, receipt_id = await paid_on_the_due_date(shop)
    told = await shop.reverse(receipt_id)
    assert (told.status, told.reversal_reason, told.reversed_on) == ("reversed", "bounced", march(16))
    assert (told.amount_minor, told.excess_minor, told.allocations) == (101_000, 0, ())
    assert await shop.postings("receipt_reversed") == [
        ("buyer_interest", "cash_clearing", 1_000),
        ("buyer_principal", "cash_clearing", 100_000),
    ]
    now = await shop.drawdown(drawn)
    assert (now.projection.status, now.days_past_due, now.outstanding_minor) == ("captured", 5, 100_000)
    assert await shop.owed(drawn) == 100_000 + 1_000 + 1_000
    assert await shop.line() == (0, 100_000)
    columns = "status, reversal_reason, reversed_on, amount_minor"
    assert await shop.rows("billing.receipt", columns) == [("reversed", "bounced", march(16), 101_000)]
    split = "component, sum(amount_minor)::bigint"
    assert sorted(await shop.rows("billing.allocation", split, "true GROUP BY component")) == [
        ("interest", 0),
        ("principal", 0),
    ]
    view = msgspec.json.decode(msgspec.json.encode(told))
    assert await emitted(shop.workspace, "receipt.reversed") == [view]
    assert await audited(shop.workspace, "receipt.reversed") == [view]
    await shop.verify()


async def test_our_mistake_costs_the_buyer_nothing(shop: Shop) -> None:
    """Nothing for the 11th to the 16th; new grace until the 19th, past due since the notice on the 20th."""
    drawn, receipt_id = await paid_on_the_due_date(shop)
    await shop.reverse(receipt_id, "our_mistake")
    for day in (16, 19):
        await shop.go(march(day))
        assert (await shop.owed(drawn), (await shop.drawdown(drawn)).days_past_due) == (101_000, 0)
    await shop.go(march(20))
    assert (await shop.owed(drawn), (await shop.drawdown(drawn)).days_past_due) == (101_800, 4)
    await shop.verify()


async def test_a_rest_that_nobody_used(shop: Shop) -> None:
    receipt = await shop.pay(5_000)
    await shop.reverse(receipt.id)
    assert await shop.postings() == [
        ("cash_clearing", "buyer_credit", 5_000),
        ("buyer_credit", "cash_clearing", 5_000),
    ]
    assert await shop.credit() == 0
    await shop.verify()


async def used_on_the_due_date(shop: Shop) -> tuple[UUID, UUID]:
    """A drawdown of ¥200.00 paid from a receipt's rest on its due date, the 11th; now it is the 12th."""
    drawn = await shop.draw(20_000)
    receipt = await shop.pay(30_000)
    await shop.go(march(12))
    assert (await shop.owed(drawn), await shop.credit()) == (0, 30_000 - 20_200)
    return drawn, receipt.id


@pytest.mark.parametrize(("reason", "penalty"), [("bounced", 200), ("our_mistake", 160)])
async def test_what_its_rest_has_paid_is_taken_back_first(shop: Shop, reason: Any, penalty: int) -> None:
    """On the 16th past due since the 11th, or since the notice of the 12th: 0.40 a night."""
    drawn, receipt_id = await used_on_the_due_date(shop)
    await shop.reverse(receipt_id, reason)
    assert await shop.owed(drawn) == 20_200
    assert await shop.credit() == 0
    assert await shop.line() == (0, 20_000)
    columns = "channel, status, reversal_reason"
    assert sorted(await shop.rows("billing.receipt", columns)) == [
        ("bank_transfer", "reversed", reason),
        ("credit_balance", "reversed", reason),
    ]
    assert await shop.balances() == {
        "buyer_principal": 20_000,
        "buyer_interest": 200,
        "merchant_payable": -20_000,
        "interest_income": -200,
    }
    await shop.go(march(16))
    assert await shop.owed(drawn) == 20_200 + penalty
    await shop.verify()


async def test_credit_of_another_receipt_is_enough(shop: Shop) -> None:
    """Where the balance covers the rest, what was paid from it stays paid."""
    drawn, receipt_id = await used_on_the_due_date(shop)
    await shop.pay(20_200)
    await shop.reverse(receipt_id)
    assert (await shop.owed(drawn), await shop.credit()) == (0, 0)
    await shop.verify()


async def test_a_use_of_credit_follows_its_receipt(shop: Shop) -> None:
    await used_on_the_due_date(shop)
    ((use_id,),) = await shop.rows("billing.receipt", "id", "channel = 'credit_balance'")
    before = await written(shop)
    assert await refusal(shop.reverse(use_id)) == ("credit_use_follows_receipt", {})
    assert await written(shop) == before


async def test_twice(shop: Shop) -> None:
    receipt = await shop.pay(5_000)
    await shop.reverse(receipt.id)
    told = await refusal(shop.reverse(receipt.id, "our_mistake"))
    assert told == ("receipt_not_standing", {"status": "reversed"})


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    theirs = (await other.pay(5_000)).id
    for receipt_id in (theirs, uuid4()):
        assert await refusal(shop.reverse(receipt_id)) == ("not_found", {"what": "receipt"})
    assert await other.credit() == 5_000


async def test_once_under_a_key(shop: Shop) -> None:
    _, receipt_id = await used_on_the_due_date(shop)

    async def do(ctx: Ctx) -> Any:
        return await shop.reverse(receipt_id, "bounced", ctx)

    await happens_once(shop, do)
    assert len(await emitted(shop.workspace, "receipt.reversed")) == 2


async def test_a_refusal_is_kept_under_its_key(shop: Shop) -> None:
    receipt = await shop.pay(5_000)
    await shop.reverse(receipt.id)
    told = await refusal(shop.reverse(receipt.id, "bounced", shop.keyed("k", "a")))
    assert await refusal(shop.reverse(receipt.id, "bounced", shop.keyed("k", "a"))) == told
    assert (await refusal(shop.reverse(receipt.id, "bounced", shop.keyed("k", "b"))))[0] == "key_reused"


async def test_who_may_not(shop: Shop) -> None:
    receipt = await shop.pay(5_000)

    async def do(ctx: Ctx) -> Any:
        return await shop.reverse(receipt.id, "bounced", ctx)

    await needs(shop, PERMISSION, do)


async def test_allotted_where_it_paid_nothing(shop: Shop) -> None:
    """Told of after the goods came back, for a day before it: all of it is credit, and is taken back."""
    drawn = await shop.draw(100_000)
    await shop.go(march(10))
    await shop.refund(drawn, 100_000)
    late = await shop.pay(50_000, advance=True, drawdown_id=drawn, effective_on=march(5))
    assert (late.allocations, await shop.credit()) == ((), 50_000)
    await shop.reverse(late.id)
    assert await shop.credit() == 0
    await shop.verify()
