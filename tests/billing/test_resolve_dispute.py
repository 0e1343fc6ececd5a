"""Lost, the amount is due again; won, it waits for the refund of the goods."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from billing.open_dispute import OpenDispute, open_dispute
from billing.resolve_dispute import PERMISSION, ResolveDispute, resolve_dispute
from kernel.context import Ctx
from tests.billing.checks import refusal
from tests.billing.sold import check_as_every_command, sold
from tests.support.shop import Shop

pytestmark = pytest.mark.db


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "dispute_id": UUID(int=77), "verdict": "lost"}
    return await resolve_dispute(ctx, ResolveDispute(**(asked | changes)))


async def disputed(ctx: Ctx, debt: UUID) -> Any:
    opened = OpenDispute(drawdown_id=debt, dispute_id=UUID(int=77), amount_minor=40_000)
    return await open_dispute(ctx, opened)


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    return await sold()


async def test_as_every_command(database: None) -> None:
    await check_as_every_command(do, PERMISSION, disputed)


async def dispute(shop: Shop, debt: UUID) -> None:
    await open_dispute(shop.ctx, OpenDispute(drawdown_id=debt, dispute_id=UUID(int=77), amount_minor=40_000))


async def test_lost(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await dispute(shop, debt)
    await shop.go(date(2027, 3, 21))
    await do(shop.ctx, debt)
    await shop.go(date(2027, 4, 1))
    assert await shop.owed(debt) == 100_000 + 733
    await shop.verify()


async def test_won(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await dispute(shop, debt)
    await do(shop.ctx, debt, verdict="won")
    await shop.refund(debt, 40_000)
    assert await shop.line() == (0, 60_000)
    assert not await shop.rows(
        "billing.instalment", "no", "disputed AND settled_on IS NULL AND principal_minor > 0"
    )
    await shop.verify()


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    assert (await refusal(do(shop.ctx, debt)))[0] == "dispute_not_open"
