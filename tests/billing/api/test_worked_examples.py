"""DOMAIN §7 over HTTP and day ends: examples 5, 6 and 7, to the cent (1 stands in test_drawdowns.py)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.api import router
from tests.billing.api.conftest import Counter
from tests.support.http import asking
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import open_shop
from tests.support.tenants import OPENED_ON

pytestmark = pytest.mark.db

GRACE: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 9},
    "price": {"daily_rate": "0"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0005"},
}
"""Captured 1 March, due 10 March."""


async def drawn(counter: Counter, amount_minor: int) -> str:
    order = await counter.ok("/drawdowns", counter.order(amount_minor))
    await counter.ok(f"/drawdowns/{order['id']}/capture", {})
    return str(order["id"])


async def owed(counter: Counter, drawdown_id: str) -> int:
    answer = await counter.get(f"/drawdowns/{drawdown_id}/payoff")
    return int(answer.json()["total_minor"])


@pytest.mark.parametrize(
    ("amount_minor", "on", "penalty"), [(100_000, 13, 0), (100_000, 14, 200), (3_333, 14, 7)]
)
async def test_grace_and_one_rounding(database: None, amount_minor: int, on: int, penalty: int) -> None:
    shop = await open_shop(GRACE)
    async with asking(shop.workspace, [router], lambda: shop.ctx) as client:
        counter = Counter(shop, client)
        drawdown_id = await drawn(counter, amount_minor)
        await shop.go(date(2027, 3, on))
        assert await owed(counter, drawdown_id) == amount_minor + penalty
        await counter.ok("/receipts", counter.money(amount_minor + penalty))
        assert await owed(counter, drawdown_id) == 0


@pytest.mark.parametrize(("method", "interest"), [("from_capture", 6_000), ("from_refund", 8_000)])
async def test_refund(database: None, method: str, interest: int) -> None:
    shop = await open_shop({**SIXTY_DAYS, "refund": {"method": method}})
    async with asking(shop.workspace, [router], lambda: shop.ctx) as client:
        counter = Counter(shop, client)
        drawdown_id = await drawn(counter, 1_000_000)
        await shop.go(OPENED_ON + timedelta(50))
        await counter.ok(f"/drawdowns/{drawdown_id}/refund", {"amount_minor": 400_000})
        await shop.go(OPENED_ON + timedelta(60))
        assert await owed(counter, drawdown_id) == 600_000 + interest
        await counter.ok("/receipts", counter.money(600_000 + interest))
        assert await owed(counter, drawdown_id) == 0
