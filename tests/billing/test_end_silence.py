"""The outcome: what was held back is charged, or falls away."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.begin_silence import BeginSilence, begin_silence
from billing.end_silence import PERMISSION, EndSilence, end_silence
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "silence_id": UUID(int=78), "outcome": "falls_away"}
    return await end_silence(ctx, EndSilence(**(asked | changes)))


async def silent(ctx: Ctx, debt: UUID) -> Any:
    begun = BeginSilence(drawdown_id=debt, silence_id=UUID(int=78), amount_minor=25_000, until_on=ctx.today)
    return await begin_silence(ctx, begun)


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    """250.00 past due since 1 April, silent since the 6th; today is the 10th."""
    shop, debt = await sold()
    await shop.go(date(2027, 4, 6))
    begun = BeginSilence(
        drawdown_id=debt, silence_id=UUID(int=78), amount_minor=25_000, until_on=date(2027, 4, 15)
    )
    await begin_silence(shop.ctx, begun)
    await shop.go(date(2027, 4, 10))
    return shop, debt


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION, silent)


@pytest.mark.parametrize(("outcome", "penalty_minor"), [("falls_away", 63), ("charged", 113)])
async def test_outcome(told: tuple[Shop, UUID], outcome: str, penalty_minor: int) -> None:
    """Five nights before it at 12.5 fen, four within it."""
    shop, debt = told
    await do(shop.ctx, debt, outcome=outcome)
    assert await shop.owed(debt) == 100_000 + 1_000 + 225 + penalty_minor
    assert len(await emitted(shop.workspace, "drawdown.silence_ended")) == 1
    await shop.pay(26_000 + penalty_minor)
    assert (await shop.drawdown(debt)).days_past_due == 0
    await shop.verify()


async def test_paid_meanwhile_the_penalty_held_back_is_owed_alone(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.pay(26_000 + 63)
    assert (await shop.drawdown(debt)).days_past_due == 0
    await shop.go(date(2027, 4, 12))
    drawn = await do(shop.ctx, debt, outcome="charged")
    assert drawn.projection.penalty_due_minor == 50
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt, silence_id=UUID(int=1))))[0] == "silence_not_open"
    await do(shop.ctx, debt)
    assert (await refusal(do(shop.ctx, debt)))[0] == "silence_not_open"
