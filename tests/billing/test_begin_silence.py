"""Penalty on what something unmatched may explain is computed, not charged, for some nights."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.begin_silence import PERMISSION, BeginSilence, begin_silence
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db

LATE = date(2027, 4, 6)


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "drawdown_id": debt,
        "silence_id": UUID(int=78),
        "amount_minor": 25_000,
        "until_on": ctx.today + timedelta(9),
    }
    return await begin_silence(ctx, BeginSilence(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    """Five days past due with 250.00: 62.5 fen of penalty, 12.5 more each night."""
    shop, debt = await sold()
    await shop.go(LATE)
    return shop, debt


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_what_is_held_back_is_charged_when_nobody_ends_it(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await do(shop.ctx, debt)
    await shop.go(LATE + timedelta(9))
    assert await shop.owed(debt) == 100_000 + 1_000 + 350 + 63
    await shop.go(LATE + timedelta(10))
    assert await shop.owed(debt) == 100_000 + 1_000 + 375 + 188
    assert len(await emitted(shop.workspace, "drawdown.silenced")) == 1
    await shop.verify()


async def test_told_of_late_it_comes_to_the_same(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(LATE + timedelta(4))
    assert await shop.owed(debt) == 100_000 + 1_000 + 225 + 113
    await do(shop.ctx, debt, effective_on=LATE, until_on=LATE + timedelta(9))
    assert await shop.owed(debt) == 100_000 + 1_000 + 225 + 63
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    for changes, code in (
        ({"effective_on": LATE + timedelta(1)}, "effective_in_future"),
        ({"effective_on": date(2027, 2, 28)}, "before_capture"),
        ({"until_on": LATE - timedelta(1)}, "silence_out_of_range"),
        ({"amount_minor": 101_001}, "silence_exceeds_owed"),
    ):
        assert (await refusal(do(shop.ctx, debt, **changes)))[0] == code
    assert await refusal(do(shop.ctx, debt, until_on=LATE + timedelta(10))) == (
        "silence_out_of_range",
        {"from_on": "2027-04-06", "last_on": "2027-04-15"},
    )
    await do(shop.ctx, debt)
    assert (await refusal(do(shop.ctx, debt, silence_id=UUID(int=79))))[0] == "silence_open"
    earlier = {"silence_id": UUID(int=79), "effective_on": LATE - timedelta(2), "until_on": LATE}
    assert (await refusal(do(shop.ctx, debt, **earlier)))[0] == "silence_open"
