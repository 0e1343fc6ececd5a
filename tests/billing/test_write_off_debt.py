"""The books take the loss; the buyer owes the same, and what still comes is recovery."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.write_off_debt import PERMISSION, WriteOffDebt, write_off_debt
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt}
    return await write_off_debt(ctx, WriteOffDebt(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_the_loss_and_the_recovery(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 2))
    owed = await shop.owed(debt)
    await do(shop.ctx, debt)
    assert await shop.owed(debt) == owed
    assert await shop.line() == (0, 100_000)
    assert ("loss_allowance", "buyer_written_off", 100_000) in await shop.postings("write_off")
    await shop.pay(5_000)
    balances = await shop.balances()
    assert -balances["recovery_income"] == 5_000
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await do(shop.ctx, debt)
    assert (await refusal(do(shop.ctx, debt)))[0] == "written_off_already"
