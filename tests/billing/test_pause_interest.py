"""Paused nights bear no interest."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.pause_interest import PERMISSION, PauseInterest, pause_interest
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "until_on": ctx.today + timedelta(9)}
    return await pause_interest(ctx, PauseInterest(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_paused_nights_bear_nothing(told: tuple[Shop, UUID]) -> None:
    """Ten nights of thirty: 1,000.00 at 1 % a month costs 6.67 instead of 10.00."""
    shop, debt = told
    await do(shop.ctx, debt)
    await shop.go(date(2027, 4, 1))
    assert await shop.owed(debt) == 100_000 + 667
    await shop.verify()


async def test_a_pause_of_days_that_are_over_is_given_back(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 5))
    await do(shop.ctx, debt, from_on=date(2027, 3, 1), until_on=date(2027, 3, 10))
    assert ("interest_income", "buyer_interest", 333) in await shop.postings("rate_change")
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    for changes in ({"until_on": date(2027, 2, 28)}, {"until_on": date(2029, 1, 1)}):
        assert (await refusal(do(shop.ctx, debt, **changes)))[0] == "pause_out_of_range"
    assert (await refusal(do(shop.ctx, debt, from_on=date(2027, 3, 2))))[0] == "effective_in_future"
