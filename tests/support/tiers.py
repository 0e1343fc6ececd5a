"""A product with tiers, and facts of buyers written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from kernel.db.scope import scope
from products.rules.facts import FACTS
from tests.support.offers import SIXTY_DAYS
from tests.support.tenants import Workspace

TIERED: Final[dict[str, Any]] = SIXTY_DAYS | {
    "limits": {"step_minor": 10_000, "line_minimum_minor": 50_000},
    "tiers": [
        {
            "code": "gold",
            "name_zh": "金牌",
            "name_en": "Gold",
            "condition": "purchases_minor_365d >= 10000000 && days_since_last_order <= 30",
            "initial_limit": "purchases_minor_365d / 12 * 2",
            "maximum_limit_minor": 5_000_000,
        },
        {
            "code": "basic",
            "name_zh": "普通",
            "name_en": "Basic",
            "condition": "orders_90d >= 1",
            "initial_limit": 100_000,
            "maximum_limit_minor": 300_000,
        },
    ],
    "overrides": {"tier": {"gold": {"price": {"daily_rate": "0.0004"}}}},
}
GOLD: Final[dict[str, Any]] = {
    "purchases_minor_365d": 12_345_678,
    "days_since_last_order": 3,
    "orders_90d": 9,
}
BASIC: Final[dict[str, Any]] = {"orders_90d": 1}


async def store_facts(
    workspace: Workspace, buyer_id: UUID, on: date | None = None, currency: str = "CNY", **facts: Any
) -> None:
    """As reports would: what is not named is 0, or not known where it may be."""
    ctx = workspace.ctx(on)
    values = {name: None if fact.null_en else 0 for name, fact in FACTS.items()} | facts
    names = ["tenant_id", "buyer_id", "currency", "as_of_on", "computed_at", *values]
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    async with scope(ctx) as tx:
        await tx.execute(
            f"INSERT INTO products.buyer_facts ({', '.join(names)}) VALUES ({places}) "
            f"ON CONFLICT (tenant_id, buyer_id, currency) DO UPDATE SET {changes}",
            workspace.id, buyer_id, currency, ctx.today, ctx.now, *values.values(),
        )  # fmt: skip
