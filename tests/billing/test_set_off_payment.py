"""The buyer paid the merchant: the debt is paid, no cash came in, the merchant is owed that much less."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.set_off_payment import PERMISSION, SetOffPayment, set_off_payment
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "amount_minor": 30_000}
    return await set_off_payment(ctx, SetOffPayment(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def payable(shop: Shop) -> int:
    """What the merchant is still to get, over all postings."""
    moves = await shop.postings()
    return sum(
        amount * ((credit == "merchant_payable") - (debit == "merchant_payable"))
        for debit, credit, amount in moves
    )


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_due_first_then_in_advance(told: tuple[Shop, UUID]) -> None:
    """On 1 April 250.00 + 10.00 are due; 40.00 of the 300.00 are left for principal to come."""
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    before = await payable(shop)
    receipt = await do(shop.ctx, debt, external_ref="merchant-7")
    assert (receipt.channel, receipt.drawdown_id, receipt.excess_minor) == ("paid_to_merchant", debt, 0)
    assert await shop.postings("receipt") == [
        ("merchant_payable", "buyer_interest", 1_000),
        ("merchant_payable", "buyer_principal", 29_000),
    ]
    assert await payable(shop) == before - 30_000
    assert await shop.line() == (0, 71_000)
    assert len(await emitted(shop.workspace, "receipt.recorded")) == 1
    assert len(await audited(shop.workspace, "receipt.recorded")) == 1
    await shop.verify()


async def test_a_merchant_says_so_within_seven_days(told: tuple[Shop, UUID]) -> None:
    """Paid to the merchant in time, told of after grace: the penalty in between falls away."""
    shop, debt = told
    await shop.go(date(2027, 4, 8))
    assert await shop.owed(debt) > 100_000
    receipt = await do(shop.ctx, debt, amount_minor=26_000, effective_on=date(2027, 4, 1))
    assert (receipt.effective_on, receipt.booked_on) == (date(2027, 4, 1), date(2027, 4, 8))
    assert (await shop.drawdown(debt)).days_past_due == 0
    assert {one.component for one in receipt.allocations} == {"interest", "principal"}
    await shop.verify()


async def test_taken_back(told: tuple[Shop, UUID]) -> None:
    """It was not so: the merchant is owed it again, the buyer owes it again, no cash moved."""
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    owed, due = await shop.owed(debt), await payable(shop)
    receipt = await do(shop.ctx, debt)
    await shop.reverse(receipt.id)
    assert (await shop.owed(debt), await payable(shop)) == (owed, due)
    assert "cash_clearing" not in {side for one in await shop.postings() for side in one[:2]}
    await shop.verify()


async def test_goods_that_come_back_afterwards_are_credit(told: tuple[Shop, UUID]) -> None:
    """All was paid to the merchant, then all is returned: the buyer has that much with us."""
    shop, debt = told
    await shop.go(date(2027, 3, 2))
    owed = await shop.owed(debt)
    await do(shop.ctx, debt, amount_minor=owed)
    await shop.refund(debt, 100_000)
    assert await shop.credit() == 100_000
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 12))
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 4, 13))))[0] == "effective_in_future"
    assert await refusal(do(shop.ctx, debt, effective_on=date(2027, 4, 4))) == (
        "backdated_too_far",
        {"days": 7},
    )
    owed = await shop.owed(debt)
    assert await refusal(do(shop.ctx, debt, amount_minor=owed + 1)) == ("exceeds_owed", {"owed_minor": owed})
    await do(shop.ctx, debt, external_ref="twice")
    assert (await refusal(do(shop.ctx, debt, external_ref="twice")))[0] == "external_ref_conflict"
    for amount_minor in (0, -1):
        with pytest.raises(Invalid):
            await do(shop.ctx, debt, amount_minor=amount_minor)
    await shop.verify()
