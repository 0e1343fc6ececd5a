"""Money of a buyer: what it pays and in which order, what it posts, what is left of it, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from billing.record_receipt import PERMISSION
from kernel import ids
from kernel.context import Ctx
from kernel.errors import FieldProblem, Invalid
from tests.billing.checks import happens_once, needs, refusal, stays_refused, written
from tests.support.offers import offer
from tests.support.shop import Shop, open_line, open_shop
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

TEN_DAYS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.002"},
}
"""Drawn 1 March: due 11 March with 10 nights' interest; past due from 15 March, since the 11th."""
FREE: dict[str, Any] = {**TEN_DAYS, "price": {"daily_rate": "0"}, "past_due": {"grace_days": 3}}
"""Principal alone."""


def march(day: int) -> date:
    return date(2027, 3, day)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TEN_DAYS)


@pytest.fixture
async def free(database: None) -> Shop:
    return await open_shop(FREE)


async def paid(shop: Shop, amount_minor: int, **more: Any) -> list[tuple[UUID, int]]:
    """What a receipt pays, in its order."""
    receipt = await shop.pay(amount_minor, **more)
    return [(one.drawdown_id, one.amount_minor) for one in receipt.allocations]


async def test_past_due_with_all_that_is_owed_and_a_rest(shop: Shop) -> None:
    """16 March: 5 nights' penalty of 2.00 on 1,000.00."""
    drawn = await shop.draw(100_000)
    await shop.go(march(16))
    receipt = await shop.pay(150_000, external_ref="bank-1")
    assert (receipt.excess_minor, receipt.status, receipt.effective_on) == (48_000, "posted", march(16))
    assert [(one.drawdown_id, one.component, one.amount_minor) for one in receipt.allocations] == [
        (drawn, "penalty", 1_000),
        (drawn, "interest", 1_000),
        (drawn, "principal", 100_000),
    ]
    assert await shop.postings("interest_due") == [("buyer_interest", "interest_income", 1_000)]
    assert await shop.postings("receipt") == [
        ("buyer_penalty", "penalty_income", 1_000),
        ("cash_clearing", "buyer_penalty", 1_000),
        ("cash_clearing", "buyer_interest", 1_000),
        ("cash_clearing", "buyer_principal", 100_000),
        ("cash_clearing", "buyer_credit", 48_000),
    ]
    assert await shop.credit() == 48_000
    assert await shop.line() == (0, 0)
    columns = "id, buyer_id, drawdown_id, external_ref, channel, amount_minor, excess_minor, advance, status"
    assert await shop.rows("billing.receipt", columns) == [
        (
            receipt.id, shop.buyer_id, None, "bank-1", "bank_transfer", 150_000, 48_000, False, "posted",
        )
    ]  # fmt: skip
    assert sorted(await shop.rows("billing.allocation", "receipt_id, component, amount_minor")) == [
        (receipt.id, "interest", 1_000),
        (receipt.id, "penalty", 1_000),
        (receipt.id, "principal", 100_000),
    ]
    closed = (await shop.drawdown(drawn)).projection
    assert (closed.status, closed.next_event_on, closed.instalments[0].settled_on) == (
        "closed",
        None,
        march(16),
    )
    told = msgspec.json.decode(msgspec.json.encode(receipt))
    assert await emitted(shop.workspace, "receipt.recorded") == [told]
    assert await audited(shop.workspace, "receipt.recorded") == [told]
    await shop.verify()


async def test_nothing_is_owed(shop: Shop) -> None:
    receipt = await shop.pay(5_000)
    assert (receipt.excess_minor, receipt.allocations) == (5_000, ())
    assert await shop.postings() == [("cash_clearing", "buyer_credit", 5_000)]
    assert await shop.rows("billing.journal", "reference, kind") == [(f"receipt:{receipt.id}", "receipt")]
    await shop.verify()


async def test_class_first_then_age_then_the_order_of_numbers(free: Shop) -> None:
    """16 March: `a` is past due, `b` and `c` are due (15th, 16th), `d` not yet."""
    a, b, c, d = await four(free)
    assert await paid(free, 320) == [(a, 100), (b, 100), (c, 100)]
    assert await free.credit() == 20
    assert await paid(free, 50, advance=True) == [(d, 50)]
    await free.verify()


@pytest.mark.parametrize(
    ("named", "order"), [(0, "abc"), (1, "abc"), (2, "acb"), (3, "abcd")], ids=["a", "b", "c", "d"]
)
async def test_the_named_one_comes_first_within_its_class(free: Shop, named: int, order: str) -> None:
    """DOMAIN §9: the class is the outermost loop. Only the named one is paid in advance."""
    drawn = await four(free)
    by_name = dict(zip("abcd", drawn, strict=True))
    receipt = await free.pay(1_000, drawdown_id=drawn[named])
    assert [one.drawdown_id for one in receipt.allocations] == [by_name[name] for name in order]
    assert receipt.excess_minor == 1_000 - 100 * len(order)
    assert receipt.drawdown_id == drawn[named]


async def test_the_named_one_gets_what_little_there_is_within_its_class(free: Shop) -> None:
    a, _, c, _ = await four(free)
    assert await paid(free, 150, drawdown_id=c) == [(a, 100), (c, 50)]


async def four(shop: Shop) -> list[UUID]:
    """Of 1.00 each, drawn on the 1st, 5th, 6th and 10th; now it is the 16th."""
    drawn = []
    for day in (1, 5, 6, 10):
        await shop.jump(march(day))
        drawn.append(await shop.draw(100))
    await shop.go(march(16))
    return drawn


async def test_of_an_earlier_day(shop: Shop) -> None:
    """The bank's value date is in grace, told when the debt is past due: no penalty is left."""
    drawn = await shop.draw(100_000)
    await shop.go(march(20))
    assert await shop.owed(drawn) == 100_000 + 1_000 + 1_800
    receipt = await shop.pay(101_000, effective_on=march(14))
    assert [one.component for one in receipt.allocations] == ["interest", "principal"]
    assert await shop.rows("billing.receipt", "effective_on, booked_on") == [(march(14), march(20))]
    assert (await shop.drawdown(drawn)).days_past_due == 0
    assert "penalty_income" not in await shop.balances()
    await shop.verify()


async def test_another_buyers_debts_are_not_his(shop: Shop) -> None:
    neighbour = await shop.with_another_buyer()
    drawn = await neighbour.draw(10_000)
    await shop.go(march(16))
    assert (await shop.pay(5_000)).excess_minor == 5_000
    told = await refusal(shop.pay(5_000, drawdown_id=drawn))
    assert told == ("not_found", {"what": "drawdown"})
    await shop.verify()


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop(TEN_DAYS)
    theirs = await other.draw(1_000)
    before = await written(other)
    for buyer_id in (other.buyer_id, uuid4()):
        assert await refusal(shop.pay(1, buyer_id=buyer_id)) == ("not_found", {"what": "buyer"})
    for drawdown_id in (theirs, uuid4()):
        told = await refusal(shop.pay(1, drawdown_id=drawdown_id))
        assert told == ("not_found", {"what": "drawdown"})
    assert await written(other) == before


@pytest.mark.parametrize("amount", [0, -1])
async def test_no_amount(shop: Shop, amount: int) -> None:
    with pytest.raises(Invalid) as told:
        await shop.pay(amount, buyer_id=uuid4())
    assert told.value.errors == (FieldProblem("#/amount_minor", "not_positive"),)


async def test_refusals_in_their_order(shop: Shop) -> None:
    """Each is wrong in everything that comes after, too."""
    closed = await shop.draw(1_000)
    taken = await shop.pay(1_000, external_ref="bank-1", drawdown_id=closed)
    wrong: dict[str, Any] = {
        "buyer_id": uuid4(), "drawdown_id": uuid4(), "external_ref": "bank-1", "currency": "USD",
        "effective_on": march(2),
    }  # fmt: skip
    conflict = {"external_ref": "bank-1", "existing_id": ids.encode("rcp", taken.id)}
    for told, right in (
        (("not_found", {"what": "buyer"}), {"buyer_id": shop.buyer_id}),
        (("not_found", {"what": "drawdown"}), {"drawdown_id": closed}),
        (("external_ref_conflict", conflict), {"external_ref": "bank-2"}),
        (("no_line_in_currency", {"currency": "USD"}), {"currency": "CNY"}),
        (("effective_in_future", {"today": "2027-03-01"}), {"effective_on": march(1)}),
        (("wrong_state", {"status": "closed", "move": "receive"}), {"drawdown_id": None}),
    ):
        assert await refusal(shop.pay(1, **wrong)) == told
        wrong.update(right)
    await shop.pay(1, **wrong)


async def test_a_named_one_that_only_holds(shop: Shop) -> None:
    held = (await shop.authorise(1_000)).id
    told = await refusal(shop.pay(1, drawdown_id=held))
    assert told == ("wrong_state", {"status": "authorised", "move": "receive"})


async def test_a_named_one_of_another_currency(shop: Shop) -> None:
    drawn = await shop.draw(1_000)
    dollars = await offer(shop.workspace, {**TEN_DAYS, "currency": "USD"}, code="dollars")
    await open_line(shop.workspace, dollars.id, shop.buyer_id, 1_000)
    told = await refusal(shop.pay(1_000, currency="USD", drawdown_id=drawn))
    assert told == ("currency_mismatch", {"currency": "CNY"})
    assert (await shop.pay(1_000, currency="USD", advance=True)).excess_minor == 1_000
    await shop.verify()


async def test_early_payment_that_the_product_refuses(database: None) -> None:
    shop = await open_shop({**TEN_DAYS, "early_payment": "refused"})
    drawn = await shop.draw(1_000)
    told = await refusal(shop.pay(1_000, drawdown_id=drawn, advance=True))
    assert told == ("early_payment_refused", {})
    assert (await shop.pay(1_000, drawdown_id=drawn)).excess_minor == 1_000


async def test_what_is_too_much_where_the_product_prepays(database: None) -> None:
    shop = await open_shop({**FREE, "allocation": {"surplus": "prepay"}})
    drawn = await shop.draw(1_000)
    assert await paid(shop, 1_200) == [(drawn, 1_000)]
    assert await shop.credit() == 200


async def test_once_under_a_key(shop: Shop) -> None:
    await shop.draw(100_000)
    await shop.go(march(11))

    async def do(ctx: Ctx) -> Any:
        return await shop.pay(101_500, ctx, external_ref="bank-1")

    receipt = await happens_once(shop, do)
    assert receipt.excess_minor == 500


async def test_the_repeat_of_a_named_payoff(shop: Shop) -> None:
    """The named one owes nothing any more: decided anew it would be refused, but it hears of its success."""
    drawn = await shop.draw(1_000)

    async def do(ctx: Ctx) -> Any:
        return await shop.pay(1_000, ctx, drawdown_id=drawn)

    await happens_once(shop, do)
    assert await shop.line() == (0, 0)


async def test_the_repeat_of_a_backdated_one_uses_no_later_credit(free: Shop) -> None:
    """Its rest paid long ago. A refund of today is credit balance from tomorrow on, also for a repeat."""
    closed = await free.draw(100_000)
    await free.pay(100_000, drawdown_id=closed)
    drawn = await free.draw(50_000)
    await free.go(march(10))

    async def do(ctx: Ctx) -> Any:
        return await free.pay(30_000, ctx, effective_on=march(9))

    first = await do(free.keyed("k"))
    await free.go(march(12))
    assert await free.owed(drawn) == 20_000
    await free.refund(closed, 40_000)
    before = await written(free)
    assert await do(free.keyed("k")) == first
    assert await written(free) == before
    await free.go(march(13))
    assert (await free.owed(drawn), await free.credit()) == (0, 20_000)
    await free.verify()


async def test_a_refusal_is_kept_under_its_key(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.pay(1_000, ctx, effective_on=march(2))

    await stays_refused(shop, do, shop.go(march(2)))


async def test_who_may_not(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.pay(1_000, ctx)

    await needs(shop, PERMISSION, do)


async def test_two_at_once_pay_what_is_owed_and_no_more(free: Shop) -> None:
    drawn = await free.draw(1_000)
    await free.go(march(11))
    told = await together(free.pay(700), free.pay(700))
    refused = [one for one in told if isinstance(one, BaseException)]
    assert {getattr(one, "code", repr(one)) for one in refused} <= {"stale"}
    came = 700 * (2 - len(refused))
    assert await free.owed(drawn) == max(0, 1_000 - came)
    assert await free.credit() == max(0, came - 1_000)
    await free.verify()
