"""A debt to try commands after the sale on: 1,000.00 on four equal principals at 12 % a year, captured
today.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, written
from tests.support.shop import Shop, open_shop

FOUR_MONTHS: Final[dict[str, Any]] = {
    "currency": "CNY",
    "due_dates": {"rule": "periods"},
    "repayment": {"form": "equal_principal", "instalments": 4},
    "price": {"annual_rate": "0.12", "day_count": "30/360"},
    "past_due": {"penalty_daily_rate": "0.0005"},
    "refund": {"method": "from_refund"},
}
Do = Callable[[Ctx, UUID], Awaitable[Any]]


async def sold() -> tuple[Shop, UUID]:
    """Captured on 1 March 2027: 250.00 + 10.00 on 1 April, and so on."""
    shop = await open_shop(FOUR_MONTHS)
    return shop, await shop.draw(100_000)


async def check_as_every_command(do: Do, permission: str, prepare: Do | None = None) -> None:
    """Once under a key; a stranger is like nobody; not before a capture; only who may; the book is right."""
    shop, debt = await sold()
    await shop.go(shop.today + timedelta(1))
    if prepare is not None:
        await prepare(shop.ctx, debt)

    async def here(ctx: Ctx) -> Any:
        return await do(ctx, debt)

    await needs(shop, permission, here)
    await happens_once(shop, here)
    await shop.verify()
    other, theirs = await sold()
    before = await written(other)
    for drawdown_id in (theirs, uuid4()):
        assert await refusal(do(shop.ctx, drawdown_id)) == ("not_found", {"what": "drawdown"})
    assert await written(other) == before
    held = (await shop.authorise(1_000)).id
    assert (await refusal(do(shop.ctx, held)))[0] == "wrong_state"
