"""Another rate from a day on; what was charged stays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.change_rate import PERMISSION, ChangeRate, change_rate
from kernel.context import Ctx
from kernel.errors import Invalid
from products.rules.index_rates import INDEXES
from tests.billing.checks import refusal
from tests.billing.sold import FOUR_MONTHS, check_as_every_command, sold
from tests.support.shop import Shop, open_shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "rate": Decimal("0.18")}
    return await change_rate(ctx, ChangeRate(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_from_its_day_on(told: tuple[Shop, UUID]) -> None:
    """Fifteen days at 12 % and fifteen at 18 % of 1,000.00: 12.50."""
    shop, debt = told
    await shop.go(date(2027, 3, 16))
    await do(shop.ctx, debt)
    await shop.go(date(2027, 4, 1))
    assert await shop.owed(debt) == 100_000 + 1_250
    await shop.verify()


async def test_never_above_the_law(database: None) -> None:
    lawful = FOUR_MONTHS | {"law": {"jurisdiction": "example", "licence": "example"}}
    shop = await open_shop(lawful)
    debt = await shop.draw(100_000)
    code, about = await refusal(do(shop.ctx, debt, rate=Decimal("0.31")))
    assert (code, about["rule"]) == ("cap_exceeded", "example-30")


async def test_a_floating_rate_is_reset_by_day_end(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 % + 9 % until 1 April, 6 % + 9 % from then on: 750.00 × 15 % ÷ 12 = 9.38. It is told."""
    table = ((date(2026, 12, 20), Decimal("0.03")), (date(2027, 3, 20), Decimal("0.06")))
    monkeypatch.setitem(INDEXES, "CN-LPR-1Y", table)
    price = {"floating": {"index": "CN-LPR-1Y", "spread": "0.09", "reset": "period"}, "day_count": "30/360"}
    shop = await open_shop(FOUR_MONTHS | {"price": price, "authorisation": {"partial_capture": False}})
    debt = await shop.draw(1_000_00)
    await shop.go(date(2027, 4, 1))
    assert await shop.owed(debt) == 1_000_00 + 10_00
    await shop.pay(260_00)
    await shop.go(date(2027, 5, 1))
    assert await shop.owed(debt) == 750_00 + 9_38
    assert await shop.rows(
        "billing.drawdown_event", "data->>'rate', effective_on", "kind = 'rate_changed' ORDER BY seq"
    ) == [("0.15", date(2027, 4, 1)), ("0.15", date(2027, 5, 1))]
    assert len(await emitted(shop.workspace, "drawdown.rate_changed")) == 2
    assert (await refusal(do(shop.ctx, debt)))[0] == "rate_floats"
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    with pytest.raises(Invalid):
        await do(shop.ctx, debt, rate=Decimal("1.5"))
    assert (await refusal(do(shop.ctx, debt, effective_on=date(2027, 3, 2))))[0] == "effective_in_future"
