"""What every use case of billing must do: refuse by a code, act once under a key, know no strangers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import pytest

from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import DomainError, Forbidden
from kernel.idempotency import KeyReused
from tenants.rules.roles import VOCABULARY
from tests.support.shop import Shop

T = TypeVar("T")
Doing = Callable[[Ctx], Awaitable[T]]

MONEY: Final = (
    "line", "limit_decision", "drawdown", "drawdown_use", "drawdown_event", "instalment", "charge", "receipt",
    "allocation", "refund", "journal", "entry", "buyer_balance",
    "line_cycle", "statement_number", "statement", "statement_line",
)  # fmt: skip


async def refusal(doing: Awaitable[object]) -> tuple[str, dict[str, Any]]:
    """Code and parameters of what must be refused."""
    with pytest.raises(DomainError) as told:
        await doing
    return told.value.code, dict(told.value.params)


async def written(shop: Shop) -> dict[str, str]:
    """All that the tenant has in the money tables, in audit and outbox: equal only if nothing was written."""
    found = {}
    async with scope(shop.ctx, read_only=True) as tx:
        for table in [f"billing.{name}" for name in MONEY] + ["kernel.audit", "kernel.outbox"]:
            found[table] = await tx.fetchval(
                f"""SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '')
                FROM {table} t WHERE tenant_id = $1""",
                shop.workspace.id,
            )
    return found


async def happens_once(shop: Shop, do: Doing[T]) -> T:
    """The repeat of a keyed request has the same answer and no effect; with another payload it is refused."""
    first = await do(shop.keyed("once", "this"))
    after = await written(shop)
    assert await do(shop.keyed("once", "this")) == first
    with pytest.raises(KeyReused):
        await do(shop.keyed("once", "that"))
    assert await written(shop) == after
    return first


async def stays_refused(shop: Shop, do: Doing[object], clear: Awaitable[object]) -> None:
    """A refusal is kept under its key though `clear` takes its reason away, as another key shows."""
    told = await refusal(do(shop.keyed("kept")))
    await clear
    before = await written(shop)
    assert await refusal(do(shop.keyed("kept"))) == told
    assert await written(shop) == before
    await do(shop.keyed("new"))


async def needs(shop: Shop, permission: str, do: Doing[object]) -> None:
    """Whoever has every permission but this one is refused, and nothing is written."""
    before = await written(shop)
    with pytest.raises(Forbidden) as told:
        await do(shop.workspace.ctx(shop.today, permissions=VOCABULARY - {permission}))
    assert told.value.params == {"permission": permission}
    assert await written(shop) == before
