"""Dates move; interest goes on, or a fee is due with the first of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.extend_due_dates import PERMISSION, ExtendDueDates, extend_due_dates
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "days": 15}
    return await extend_due_dates(ctx, ExtendDueDates(**(asked | changes)))


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION)


async def test_what_was_past_due_is_so_no_more(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 6))
    assert (await shop.drawdown(debt)).days_past_due == 5
    drawn = await do(shop.ctx, debt, fee_minor=500)
    assert drawn.days_past_due == 0
    due = [row[0] for row in await shop.rows("billing.instalment", "due_on")]
    assert sorted(due)[:2] == [date(2027, 4, 16), date(2027, 5, 16)]
    assert len(await emitted(shop.workspace, "drawdown.extended")) == 1
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt)))[0] == "on_capture_day"
    await shop.go(date(2027, 3, 2))
    assert (await refusal(do(shop.ctx, debt, from_no=9)))[0] == "nothing_to_extend"
    for changes in ({"days": 0}, {"days": 9_999}, {"fee_minor": -1}):
        with pytest.raises(Invalid):
            await do(shop.ctx, debt, **changes)
