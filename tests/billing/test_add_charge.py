"""A fee of its own date stands beside the plan."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.add_charge import PERMISSION, AddCharge, add_charge
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "amount_minor": 1_500, "due_on": date(2027, 4, 10)}
    return await add_charge(ctx, AddCharge(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_due_on_its_own_date(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await do(shop.ctx, debt)
    assert await shop.postings("charge") == [("buyer_fee", "fee_income", 1_500)]
    await shop.go(date(2027, 4, 10))
    receipt = await shop.pay(26_000 + 1_500)
    assert (receipt.excess_minor, receipt.allocations[-1].instalment_no) == (0, 9_001)
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt, due_on=date(2027, 2, 28))))[0] == "due_in_past"
    assert (await refusal(do(shop.ctx, debt, capture_no=2)))[0] == "capture_not_found"
    with pytest.raises(Invalid):
        await do(shop.ctx, debt, amount_minor=0)
