"""What is in dispute bears nothing and is asked by nobody; the line is used all the same."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.open_dispute import PERMISSION, OpenDispute, open_dispute
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "dispute_id": UUID(int=77), "amount_minor": 40_000}
    return await open_dispute(ctx, OpenDispute(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_only_its_amount_stops(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await do(shop.ctx, debt)
    assert await shop.line() == (0, 100_000)
    await shop.go(date(2027, 4, 1))
    assert await shop.owed(debt) == 60_000 + 600
    assert (
        sum(one[0] for one in await shop.rows("billing.instalment", "principal_minor", "disputed")) == 40_000
    )
    assert len(await emitted(shop.workspace, "drawdown.disputed")) == 1
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert await refusal(do(shop.ctx, debt, amount_minor=100_001)) == (
        "dispute_exceeds_open",
        {"open_minor": 100_000},
    )
    assert (await refusal(do(shop.ctx, debt, amount_minor=0)))[0] == "dispute_exceeds_open"
    assert (await refusal(do(shop.ctx, debt, capture_no=2)))[0] == "capture_not_found"
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 3, 2))))[0] == "effective_in_future"
    await do(shop.ctx, debt)
    assert (await refusal(do(shop.ctx, debt, dispute_id=UUID(int=78))))[0] == "dispute_open"
