"""A new plan for what is open; charges wait, or become principal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.open_dispute import OpenDispute, open_dispute
from billing.restructure_debt import PERMISSION, RestructureDebt, restructure_debt
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "form": "equal_principal", "instalments": 2}
    return await restructure_debt(ctx, RestructureDebt(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_a_new_plan(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 3, 16))
    await do(shop.ctx, debt)
    stored = await shop.rows("billing.instalment", "no, due_on, principal_minor", "principal_minor > 0")
    assert sorted(stored) == [(1_001, date(2027, 4, 16), 50_000), (1_002, date(2027, 5, 16), 50_000)]
    await shop.go(date(2027, 4, 16))
    assert await shop.owed(debt) == 100_000 + 500 + 1_000
    await shop.verify()


async def test_it_keeps_its_bucket_until_it_is_cured(told: tuple[Shop, UUID]) -> None:
    """Ten days past due when the plan is made anew: none now, the class stays; the fourth of five instalments
    paid, it is out of it.
    """
    shop, debt = told
    await shop.go(date(2027, 4, 11))
    assert (await shop.drawdown(debt)).bucket == "1-30"
    await do(shop.ctx, debt, instalments=5)
    now = await shop.drawdown(debt)
    assert (now.days_past_due, now.bucket) == (0, "1-30")
    seen = []
    for month in range(5, 9):
        await shop.go(date(2027, month, 11))
        await shop.pay(25_000)
        seen.append((await shop.drawdown(debt)).bucket)
    assert seen[0] == "1-30"
    assert seen[-1] == "0"
    await shop.verify()


async def test_capitalised(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 3, 16))
    await do(shop.ctx, debt, capitalise=True)
    assert await shop.line() == (0, 100_500)
    assert ("buyer_principal", "buyer_interest", 500) in await shop.postings("restructure")
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt)))[0] == "on_capture_day"
    await shop.go(date(2027, 3, 2))
    assert (await refusal(do(shop.ctx, debt, capture_no=2)))[0] == "capture_not_found"
    for form in ("flat_fee", "one_payment"):
        assert (await refusal(do(shop.ctx, debt, form=form)))[0] == "form_not_possible"
    for changes in ({"instalments": 0}, {"period_length": 0}, {"rate": Decimal(2)}):
        with pytest.raises(Invalid):
            await do(shop.ctx, debt, **changes)
    await open_dispute(shop.ctx, OpenDispute(drawdown_id=debt, dispute_id=UUID(int=77), amount_minor=100_000))
    assert (await refusal(do(shop.ctx, debt)))[0] == "nothing_to_restructure"
