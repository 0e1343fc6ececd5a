"""The buyer's instalments fall due on another day of the month, of those that the product offers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.change_due_day import PERMISSION, ChangeDueDay, change_due_day
from billing.restructure_debt import RestructureDebt, restructure_debt
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal
from tests.billing.sold import FOUR_MONTHS, sold
from tests.support.shop import Shop, open_shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db

BILLED = FOUR_MONTHS | {
    "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10, "buyer_due_days": [5, 20, "last"]}
}


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "due_day": 20}
    return await change_due_day(ctx, ChangeDueDay(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    """Captured on 1 March 2027, billed on 1 April: due on the 10th of April, May, June and July."""
    shop = await open_shop(BILLED)
    debt = await shop.draw(100_000)
    await shop.go(shop.today + timedelta(1))
    return shop, debt


async def test_as_every_command(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await needs(shop, PERMISSION, lambda ctx: do(ctx, debt))
    await happens_once(shop, lambda ctx: do(ctx, debt))
    other = await open_shop(BILLED)
    assert await refusal(do(other.ctx, debt)) == ("not_found", {"what": "drawdown"})
    held = (await shop.authorise(1_000)).id
    assert (await refusal(do(shop.ctx, held)))[0] == "wrong_state"
    await shop.verify()


async def test_each_coming_instalment_moves_and_bears_interest_until_then(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 15))
    await shop.pay(25_000 + 1_300 + 63)
    drawn = await do(shop.ctx, debt, due_day=5)
    due = [row.due_on for row in drawn.projection.instalments]
    assert due == [date(2027, 4, 10), date(2027, 6, 5), date(2027, 7, 5), date(2027, 8, 5)]
    await shop.go(date(2027, 6, 5))
    assert (await shop.instalments(debt))[1] == (date(2027, 6, 5), 25_000, 1_375, 0)
    assert len(await emitted(shop.workspace, "drawdown.due_day_changed")) == 1
    await shop.verify()


async def test_the_last_of_a_month_on_working_days(database: None) -> None:
    """31 July 2027 is a Saturday: Friday the 30th, for August would be another month."""
    dates = BILLED["due_dates"] | {"shift": "modified_following", "calendar": "weekends"}
    shop = await open_shop(BILLED | {"due_dates": dates})
    debt = await shop.draw(100_000)
    await shop.go(shop.today + timedelta(1))
    drawn = await do(shop.ctx, debt, due_day="last")
    rows = [(row.nominal_on, row.due_on) for row in drawn.projection.instalments]
    assert rows[0] == (date(2027, 4, 30), date(2027, 4, 30))
    assert rows[3] == (date(2027, 7, 31), date(2027, 7, 30))
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, await shop.draw(1_000))))[0] == "on_capture_day"
    assert await refusal(do(shop.ctx, debt, due_day=15)) == (
        "due_day_not_offered",
        {"offered": "5, 20, last, 10"},
    )
    assert (await refusal(do(shop.ctx, debt, due_day=10)))[0] == "nothing_to_move"
    weekly: dict[str, Any] = {"form": "equal_principal", "instalments": 2, "period_unit": "week"}
    await restructure_debt(shop.ctx, RestructureDebt(drawdown_id=debt, **weekly))
    assert (await refusal(do(shop.ctx, debt)))[0] == "due_day_not_possible"


async def test_only_where_a_month_has_a_due_day(database: None) -> None:
    shop, debt = await sold()
    await shop.go(shop.today + timedelta(1))
    assert (await refusal(do(shop.ctx, debt)))[0] == "due_day_not_possible"
