"""DOMAIN §7, examples 1, 5, 6 and 7: to the cent, over days and day ends. Expected amounts are copied from
there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.tenants import OPENED_ON

pytestmark = pytest.mark.db

START = OPENED_ON


def day(n: int) -> date:
    return START + timedelta(n)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


@pytest.mark.parametrize(("on", "interest"), [(39, 0), (40, 0), (41, 500), (60, 10_000)])
async def test_term_repaid_on(shop: Shop, on: int, interest: int) -> None:
    drawn = await shop.draw(1_000_000)
    await shop.go(day(on))
    assert await shop.owed(drawn) == 1_000_000 + interest
    receipt = await shop.pay(1_000_000 + interest, advance=True)
    assert receipt.excess_minor == 0
    assert await shop.owed(drawn) == 0
    assert await shop.line() == (0, 0)
    await shop.verify()


async def test_term_part_early(shop: Shop) -> None:
    drawn = await shop.draw(1_000_000)
    await shop.go(day(50))
    receipt = await shop.pay(405_000, advance=True)
    assert [(a.component, a.amount_minor) for a in receipt.allocations] == [
        ("interest", 5_000),
        ("principal", 400_000),
    ]
    await shop.go(day(60))
    assert await shop.owed(drawn) == 603_000
    assert (await shop.pay(603_000)).excess_minor == 0
    assert await shop.owed(drawn) == 0
    await shop.verify()


@pytest.mark.parametrize(("base", "penalty"), [("overdue_principal", 3_000), ("overdue_total", 3_030)])
async def test_term_past_due(database: None, base: str, penalty: int) -> None:
    past_due: dict[str, Any] = {**SIXTY_DAYS["past_due"], "penalty_base": base}
    shop = await open_shop({**SIXTY_DAYS, "past_due": past_due})
    drawn = await shop.draw(1_000_000)
    await shop.go(day(65))
    assert await shop.owed(drawn) == 1_000_000 + 10_000 + penalty
    receipt = await shop.pay(1_000_000 + 10_000 + penalty)
    assert [(a.component, a.amount_minor) for a in receipt.allocations] == [
        ("penalty", penalty),
        ("interest", 10_000),
        ("principal", 1_000_000),
    ]
    await shop.verify()


GRACE = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 9},
    "price": {"daily_rate": "0", "interest_free": {"rule": "days", "days": 9}},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0005"},
}
"""Captured 1 March, due 10 March."""


@pytest.mark.parametrize(
    ("start", "on", "penalty"),
    [("due_date", 13, 0), ("due_date", 14, 200), ("grace_end", 14, 50)],
)
async def test_grace(database: None, start: str, on: int, penalty: int) -> None:
    past_due = {**GRACE["past_due"], "penalty_start": start}  # type: ignore[dict-item]
    shop = await open_shop({**GRACE, "past_due": past_due})
    drawn = await shop.draw(100_000)
    await shop.go(date(2027, 3, on))
    assert await shop.owed(drawn) == 100_000 + penalty
    assert (await shop.pay(100_000 + penalty)).excess_minor == 0
    await shop.verify()


async def test_grace_with_a_part_paid_in_it(database: None) -> None:
    shop = await open_shop(GRACE)
    drawn = await shop.draw(100_000)
    await shop.go(date(2027, 3, 12))
    await shop.pay(90_000)
    await shop.go(date(2027, 3, 14))
    assert await shop.owed(drawn) == 10_000 + 110
    await shop.verify()


@pytest.mark.parametrize(("method", "interest"), [("from_capture", 6_000), ("from_refund", 8_000)])
async def test_refund(database: None, method: str, interest: int) -> None:
    shop = await open_shop({**SIXTY_DAYS, "refund": {"method": method}})
    drawn = await shop.draw(1_000_000)
    await shop.go(day(50))
    assert (await shop.refund(drawn, 400_000)).credit_minor == 0
    await shop.go(day(60))
    assert await shop.owed(drawn) == 600_000 + interest
    assert (await shop.pay(600_000 + interest)).excess_minor == 0
    assert await shop.line() == (0, 0)
    await shop.verify()


async def test_one_rounding(database: None) -> None:
    shop = await open_shop(GRACE)
    drawn = await shop.draw(3_333)
    await shop.go(date(2027, 3, 14))
    assert await shop.owed(drawn) == 3_333 + 7
    await shop.verify()
