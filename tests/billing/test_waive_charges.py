"""Charges forgiven leave the buyer's account against the waiver account."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.add_charge import AddCharge, add_charge
from billing.waive_charges import PERMISSION, WaiveCharges, waive_charges
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "instalment_no": 1, "interest_minor": 400}
    return await waive_charges(ctx, WaiveCharges(**(asked | changes)))


async def charged(ctx: Ctx, debt: UUID) -> Any:
    """A waiver needs something to waive: a fee of today."""
    charge = AddCharge(drawdown_id=debt, amount_minor=700, due_on=ctx.today + timedelta(5))
    return await add_charge(ctx, charge)


async def of_the_fee(ctx: Ctx, debt: UUID) -> Any:
    return await do(ctx, debt, instalment_no=9_001, interest_minor=0, fee_minor=100)


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(of_the_fee, PERMISSION, charged)


async def test_forgiven(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    before = await shop.owed(debt)
    await do(shop.ctx, debt)
    assert await shop.owed(debt) == before - 400
    assert await shop.postings("waiver") == [("waiver", "buyer_interest", 400)]
    assert [one["interest_minor"] for one in await emitted(shop.workspace, "drawdown.charges_waived")] == [
        400
    ]
    assert len(await audited(shop.workspace, "drawdown.charges_waived")) == 1
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 1))
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 4, 2))))[0] == "effective_in_future"
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 2, 1))))[0] == "before_capture"
    assert await refusal(do(shop.ctx, debt, instalment_no=9)) == (
        "instalment_not_found",
        {"instalment_no": 9},
    )
    for changes in ({"interest_minor": 1_001}, {"interest_minor": 0}, {"penalty_minor": 1}):
        code, left = await refusal(do(shop.ctx, debt, **changes))
        assert (code, left["interest_minor"]) == ("waiver_exceeds_owed", 1_000)
    with pytest.raises(Invalid):
        await do(shop.ctx, debt, fee_minor=-1)
