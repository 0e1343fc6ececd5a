"""Goodwill pays a debt at the lender's cost, and never becomes the buyer's money."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.give_goodwill import PERMISSION, GiveGoodwill, give_goodwill
from billing.history import allocations_of
from billing.queries import find_receipt
from billing.schemas.receipts import receipt_body
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "amount_minor": 5_000}
    return await give_goodwill(ctx, GiveGoodwill(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_at_the_lenders_cost(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    owed = await shop.owed(debt)
    receipt = await do(shop.ctx, debt)
    assert (receipt.channel, receipt.excess_minor) == ("goodwill", 0)
    assert await shop.owed(debt) == owed - 5_000
    assert await shop.postings("receipt") == [
        ("goodwill", "buyer_interest", 1_000),
        ("goodwill", "buyer_principal", 4_000),
    ]
    assert len(await emitted(shop.workspace, "receipt.recorded")) == 1
    assert len(await audited(shop.workspace, "receipt.recorded")) == 1
    await shop.verify()


async def test_taken_back(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    owed = await shop.owed(debt)
    await shop.reverse((await do(shop.ctx, debt)).id, "our_mistake")
    assert await shop.owed(debt) == owed
    await shop.verify()


async def test_what_is_not_owed_any_more_falls_away(told: tuple[Shop, UUID]) -> None:
    """A gift paid a night's interest of 0.33 and principal, cash the rest; the goods come back: the cash is
    credit balance, the gift is not.
    """
    shop, debt = told
    await shop.go(date(2027, 3, 2))
    gift = await do(shop.ctx, debt)
    paid = await shop.owed(debt)
    await shop.pay(paid, drawdown_id=debt)
    await shop.refund(debt, 100_000)
    assert await shop.credit() == paid == 95_033
    async with scope(shop.ctx, read_only=True) as tx:
        found = await find_receipt(tx, shop.ctx, gift.id)
        assert found is not None
        parts = (await allocations_of(tx, shop.ctx, [gift.id])).get(gift.id, ())
    told_now = receipt_body(shop.ctx, found, parts)
    assert (told_now.amount_minor, told_now.excess_minor) == (5_000, 0)
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 4, 2))))[0] == "effective_in_future"
    owed = await shop.owed(debt)
    assert await refusal(do(shop.ctx, debt, amount_minor=owed + 1)) == ("exceeds_owed", {"owed_minor": owed})
    with pytest.raises(Invalid):
        await do(shop.ctx, debt, amount_minor=0)
    await do(shop.ctx, debt, amount_minor=owed)
    assert (await refusal(do(shop.ctx, debt, amount_minor=1)))[0] == "wrong_state"
    await shop.verify()
