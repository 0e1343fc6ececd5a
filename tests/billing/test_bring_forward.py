"""What is brought forward for a request is not the request's own: its idempotency key stays its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from billing.capture_order import CaptureOrder, capture_order
from billing.run_day import RunDay, run_day
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


async def test_a_keyed_capture_has_its_own_answer(shop: Shop) -> None:
    """Day end is late: two drawdowns of the buyer fall due first, written down by this request."""
    due = [await shop.draw(100_000), await shop.draw(50_000)]
    await shop.jump(shop.today + timedelta(59))
    drawn = await shop.authorise(1_000)
    await shop.jump(shop.today + timedelta(1))
    for _ in range(2):
        captured = await capture_order(shop.keyed("k"), CaptureOrder(drawdown_id=drawn.id))
        assert (captured.id, captured.outstanding_minor) == (drawn.id, 1_000)
    assert [await shop.owed(one) for one in due] == [101_000, 50_500]
    await shop.verify()


async def test_a_keyed_day_end_advances_every_row(shop: Shop) -> None:
    for _ in range(3):
        await shop.draw(100_000)
    await shop.jump(shop.today + timedelta(60))
    done = await asyncio.wait_for(run_day(shop.keyed("k"), RunDay()), 20)
    assert (done.advanced, done.credit_uses) == (3, 0)
    await shop.verify()
