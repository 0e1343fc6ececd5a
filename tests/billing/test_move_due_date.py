"""One due date moves later, its interest does not."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.move_due_date import PERMISSION, MoveDueDate, move_due_date
from billing.open_dispute import OpenDispute, open_dispute
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import FOUR_MONTHS, check_as_every_command, sold
from tests.support.shop import Shop, open_shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db

WEEKENDS_FREE = {"rule": "periods", "shift": "following", "calendar": "weekends"}


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "instalment_no": 1, "due_on": date(2027, 4, 6)}
    return await move_due_date(ctx, MoveDueDate(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_no_interest_and_no_penalty_for_the_days_between(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 3, 20))
    await do(shop.ctx, debt)
    await shop.go(date(2027, 4, 6))
    assert (await shop.instalments(debt))[0] == (date(2027, 4, 6), 25_000, 1_000, 0)
    assert (await shop.drawdown(debt)).days_past_due == 0
    await shop.go(date(2027, 4, 8))
    assert (await shop.drawdown(debt)).days_past_due == 2
    assert await shop.owed(debt) == 100_000 + 1_000 + 175 + 25
    assert len(await emitted(shop.workspace, "drawdown.due_date_changed")) == 1
    await shop.verify()


async def test_in_grace_the_nights_before_are_forgotten(database: None) -> None:
    """Due 1 April with 5 days of grace, moved on the 4th to the 6th: on the 13th 7 nights of 12.5 fen."""
    past_due = {"penalty_daily_rate": "0.0005", "grace_days": 5}
    shop = await open_shop(FOUR_MONTHS | {"past_due": past_due})
    debt = await shop.draw(100_000)
    await shop.go(date(2027, 4, 4))
    await do(shop.ctx, debt)
    await shop.go(date(2027, 4, 13))
    assert await shop.owed(debt) == 100_000 + 1_000 + 300 + 88
    await shop.verify()


async def test_to_a_working_day_with_grace_until_one(database: None) -> None:
    """Saturday 10 April 2027 is Monday the 12th; its 5 days of grace end on Saturday the 17th, so on the
    19th.
    """
    document = FOUR_MONTHS | {"due_dates": WEEKENDS_FREE, "past_due": {"grace_days": 5}}
    shop = await open_shop(document)
    debt = await shop.draw(100_000)
    await shop.go(date(2027, 3, 2))
    drawn = await do(shop.ctx, debt, due_on=date(2027, 4, 10))
    row = drawn.projection.instalments[0]
    assert (row.nominal_on, row.due_on, row.past_due_on) == (
        date(2027, 4, 1),
        date(2027, 4, 12),
        date(2027, 4, 20),
    )
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt)))[0] == "on_capture_day"
    await shop.go(date(2027, 3, 2))
    assert (await refusal(do(shop.ctx, debt, instalment_no=9)))[0] == "instalment_not_found"
    for due_on in (date(2027, 4, 1), date(2028, 4, 2)):
        assert await refusal(do(shop.ctx, debt, due_on=due_on)) == (
            "due_date_out_of_range",
            {"due_on": "2027-04-01", "last_on": "2028-04-01"},
        )
    opened = OpenDispute(drawdown_id=debt, dispute_id=UUID(int=7), amount_minor=30_000)
    await open_dispute(shop.ctx, opened)
    assert (await refusal(do(shop.ctx, debt, instalment_no=104)))[0] == "due_date_not_movable"
    await shop.go(date(2027, 4, 2))
    assert (await refusal(do(shop.ctx, debt)))[0] == "due_date_not_movable"
