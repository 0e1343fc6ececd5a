"""A refund lowers the debt from its capture or from its own day; what was paid too much is credit balance."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.refund_order import PERMISSION
from kernel import ids
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, stays_refused, written
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

FROM_REFUND = {**SIXTY_DAYS, "refund": {"method": "from_refund"}}
DAY_50, DAY_55 = date(2027, 4, 20), date(2027, 4, 25)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


@pytest.fixture
async def drawn(shop: Shop) -> UUID:
    return await shop.draw(1_000_000)


def priced(**price: Any) -> dict[str, Any]:
    return {**SIXTY_DAYS, "price": {**SIXTY_DAYS["price"], **price}}


async def test_goods_not_yet_paid(shop: Shop, drawn: UUID) -> None:
    await shop.go(DAY_50)
    done = await shop.refund(drawn, 400_000, external_ref="return-1")
    assert done.credit_minor == 0
    assert done.drawdown == await shop.drawdown(drawn)
    assert (done.drawdown.outstanding_minor, done.drawdown.projection.refunded_minor) == (600_000, 400_000)
    assert await shop.line() == (0, 600_000)
    assert await shop.postings("refund") == [("merchant_payable", "buyer_principal", 400_000)]
    columns = "id, drawdown_id, capture_no, external_ref, amount_minor, method, effective_on, booked_on"
    assert await shop.rows("billing.refund", columns) == [
        (done.refund_id, drawn, 1, "return-1", 400_000, "from_capture", DAY_50, DAY_50)
    ]
    told = {
        "drawdown_id": str(drawn),
        "buyer_id": str(shop.buyer_id),
        "merchant_id": str(shop.merchant_id),
        "currency": "CNY",
        "order_ref": None,
        "refund_id": str(done.refund_id),
        "capture_no": 1,
        "amount_minor": 400_000,
        "credit_minor": 0,
        "effective_on": "2027-04-20",
    }
    assert await emitted(shop.workspace, "drawdown.refunded") == [told]
    assert await audited(shop.workspace, "drawdown.refunded") == [told]
    await shop.verify()


async def test_goods_paid_already_as_if_never_delivered(shop: Shop, drawn: UUID) -> None:
    """Paid on day 50 with ten nights' interest, 50.00; of it 20.00 were on the goods returned."""
    await shop.go(DAY_50)
    await shop.pay(1_005_000, advance=True)
    await shop.go(DAY_55)
    done = await shop.refund(drawn, 400_000)
    assert done.credit_minor == 402_000
    assert await shop.postings("refund") == [
        ("merchant_payable", "buyer_principal", 400_000),
        ("interest_income", "buyer_interest", 2_000),
        ("buyer_interest", "buyer_credit", 2_000),
        ("buyer_principal", "buyer_credit", 400_000),
    ]
    assert await shop.credit() == 402_000
    assert await shop.balances() == {
        "cash_clearing": 1_005_000,
        "merchant_payable": -600_000,
        "interest_income": -3_000,
        "buyer_credit": -402_000,
    }
    await shop.verify()


async def test_goods_paid_already_from_the_day_of_the_refund(database: None) -> None:
    shop = await open_shop(FROM_REFUND)
    drawn = await shop.draw(1_000_000)
    await shop.go(DAY_50)
    await shop.pay(1_005_000, advance=True)
    await shop.go(DAY_55)
    assert (await shop.refund(drawn, 400_000)).credit_minor == 400_000
    assert await shop.balances() == {
        "cash_clearing": 1_005_000,
        "merchant_payable": -600_000,
        "interest_income": -5_000,
        "buyer_credit": -400_000,
    }
    await shop.verify()


async def test_the_merchants_fee_comes_back_in_proportion(database: None) -> None:
    shop = await open_shop(priced(merchant_fee_rate="0.012"))
    await shop.refund(await shop.draw(1_000_000), 400_000)
    assert await shop.postings("refund") == [
        ("merchant_payable", "buyer_principal", 400_000),
        ("due_to_tenant", "merchant_payable", 4_800),
        ("merchant_fee_income", "due_from_lender", 4_800),
    ]
    await shop.verify()


async def test_the_merchants_fee_stays(database: None) -> None:
    shop = await open_shop(priced(merchant_fee_rate="0.012", merchant_fee_returns=False))
    await shop.refund(await shop.draw(1_000_000), 1_000_000)
    assert await shop.balances() == {
        "merchant_payable": 12_000,
        "due_to_tenant": -12_000,
        "due_from_lender": 12_000,
        "merchant_fee_income": -12_000,
    }
    await shop.verify()


async def test_all_of_it_closes(shop: Shop, drawn: UUID) -> None:
    done = await shop.refund(drawn, 1_000_000)
    assert (done.drawdown.projection.status, done.drawdown.projection.next_event_on) == ("closed", None)
    assert await shop.line() == (0, 0)
    await shop.verify()


async def test_of_a_day_before(shop: Shop, drawn: UUID) -> None:
    """Paid in full on day 50; the goods had come back on day 45, which is told on day 55."""
    await shop.go(DAY_50)
    await shop.pay(1_005_000, advance=True)
    await shop.go(DAY_55)
    await shop.refund(drawn, 400_000, effective_on=date(2027, 4, 15))
    assert await shop.rows("billing.journal", "effective_on, booked_on", "kind = 'refund'") == [
        (date(2027, 4, 15), DAY_55)
    ]
    assert await shop.credit() == 402_000
    await shop.verify()


async def test_of_one_capture_among_several(shop: Shop) -> None:
    drawn = (await shop.authorise(100_000)).id
    await shop.capture(drawn, 60_000)
    await shop.go(date(2027, 3, 5))
    await shop.capture(drawn, 40_000)
    await shop.refund(drawn, 40_000, capture_no=2)
    assert [(due, left) for due, left, *_ in await shop.instalments(drawn)] == [
        (date(2027, 4, 30), 60_000),
        (date(2027, 5, 4), 0),
    ]
    await shop.verify()


async def test_refusals_in_their_order(shop: Shop) -> None:
    taken = await shop.refund(await shop.draw(1_000), 1_000, external_ref="return-1")
    await shop.go(date(2027, 3, 5))
    drawn = (await shop.authorise(100_000)).id
    for _ in range(2):
        await shop.capture(drawn, 30_000)
    wrong: dict[str, Any] = {
        "external_ref": "return-1", "capture_no": None, "effective_on": date(2027, 3, 6),
        "amount_minor": 30_001,
    }  # fmt: skip
    conflict = {"external_ref": "return-1", "existing_id": ids.encode("rfd", taken.refund_id)}
    for told, right in (
        (("external_ref_conflict", conflict), {"external_ref": "return-2"}),
        (("capture_no_needed", {"captures": 2}), {"capture_no": 3}),
        (("effective_in_future", {"today": "2027-03-05"}), {"effective_on": date(2027, 3, 4)}),
        (("capture_not_found", {"capture_no": 3}), {"capture_no": 1}),
        (("refund_before_capture", {"captured_on": "2027-03-05"}), {"effective_on": None}),
        (("refund_exceeds_capture", {"refundable_minor": 30_000}), {"amount_minor": 0}),
        (("refund_exceeds_capture", {"refundable_minor": 30_000}), {"amount_minor": -1}),
        (("refund_exceeds_capture", {"refundable_minor": 30_000}), {"amount_minor": 30_000}),
    ):
        assert await refusal(shop.refund(drawn, **wrong)) == told
        wrong.update(right)
    await shop.refund(drawn, **wrong)
    assert await refusal(shop.refund(drawn, **wrong | {"external_ref": None, "amount_minor": 1})) == (
        "refund_exceeds_capture",
        {"refundable_minor": 0},
    )


async def test_what_was_never_captured(shop: Shop) -> None:
    drawn = (await shop.authorise(1_000)).id
    before = await written(shop)
    assert (await refusal(shop.refund(drawn, 1_000)))[0] == "capture_not_found"
    assert await written(shop) == before


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    theirs = await other.draw(1_000)
    for drawdown_id in (theirs, uuid4()):
        assert await refusal(shop.refund(drawdown_id, 1)) == ("not_found", {"what": "drawdown"})
    assert await other.line() == (0, 1_000)


async def test_once_under_a_key(shop: Shop, drawn: UUID) -> None:
    """All of it: decided anew the repeat would be refused, as would its reference."""

    async def do(ctx: Ctx) -> Any:
        return await shop.refund(drawn, 1_000_000, ctx, external_ref="return-1")

    await happens_once(shop, do)
    assert await shop.line() == (0, 0)


async def test_a_refusal_is_kept_under_its_key(shop: Shop, drawn: UUID) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.refund(drawn, 1, ctx, effective_on=date(2027, 3, 2))

    await stays_refused(shop, do, shop.go(date(2027, 3, 2)))


async def test_who_may_not(shop: Shop, drawn: UUID) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.refund(drawn, 1, ctx)

    await needs(shop, PERMISSION, do)
