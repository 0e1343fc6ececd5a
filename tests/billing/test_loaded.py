"""A process that has not heard yet that the business date moved on: what stands on a later day is not decided
on by the earlier one, the caller comes again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from billing.quotes import QuotePayoff, quote_payoff
from billing.waive_charges import WaiveCharges, waive_charges
from kernel.context import Ctx
from tests.billing.checks import refusal, written
from tests.billing.sold import sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db

Doing = Callable[[Shop, Ctx, UUID, UUID], Awaitable[object]]


async def pay(shop: Shop, ctx: Ctx, debt: UUID, receipt: UUID) -> object:
    return await shop.pay(1_000, ctx)


async def reverse(shop: Shop, ctx: Ctx, debt: UUID, receipt: UUID) -> object:
    return await shop.reverse(receipt, ctx=ctx)


async def capture(shop: Shop, ctx: Ctx, debt: UUID, receipt: UUID) -> object:
    return await shop.capture(debt, ctx=ctx)


async def waive(shop: Shop, ctx: Ctx, debt: UUID, receipt: UUID) -> object:
    return await waive_charges(ctx, WaiveCharges(drawdown_id=debt, instalment_no=1, interest_minor=1))


async def payoff(shop: Shop, ctx: Ctx, debt: UUID, receipt: UUID) -> object:
    return await quote_payoff(ctx, QuotePayoff(drawdown_id=debt))


@pytest.mark.parametrize("do", [pay, reverse, capture, waive, payoff], ids=lambda do: do.__name__)
async def test_comes_again(database: None, do: Doing) -> None:
    shop, debt = await sold()
    receipt = await shop.pay(5_000, advance=True)
    behind = shop.ctx
    await shop.go(shop.today + timedelta(31))
    await shop.pay(100)
    before = await written(shop)
    assert (await refusal(do(shop, behind, debt, receipt.id)))[0] == "stale"
    assert await written(shop) == before
