"""The published product as an order gets it: by the day (season, law) and by what is chosen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kernel.db.scope import scope
from kernel.errors import Invalid
from products.queries import Offered, known_offer, published
from products.rules.product import Choice
from tests.support.offers import offer
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db
PEAK: dict[str, Any] = {"name": "peak", "from_on": "2027-03-02", "to_on": "2027-03-31"}
CHOSEN: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10, "buyer_due_days": [20]},
    "repayment": {"form": "equal_instalment", "instalments": [3, 6]},
    "price": {"daily_rate": "0.0003"},
    "law": {"jurisdiction": "CN", "licence": "private"},
    "overrides": {"tier": {"gold": {"price": {"daily_rate": "0.0002"}}}},
    "seasons": [PEAK | {"override": {"past_due": {"grace_days": 9}}}],
}


async def offered(tenant: Workspace, product_id: Any, on: date, **choice: Any) -> Offered:
    ctx = tenant.ctx(on)
    async with scope(ctx, read_only=True) as tx:
        found = await published(tx, ctx, product_id, Choice(**choice))
    assert known_offer(ctx, product_id, Choice(**choice)) is found
    return found


async def test_by_day_and_choice(tenant: Workspace) -> None:
    product = await offer(tenant, CHOSEN)
    plain = (await offered(tenant, product.id, date(2027, 3, 1))).terms
    assert (plain.instalments, plain.due_day, plain.grace_days) == (3, 10, 0)
    assert (plain.law_row, plain.cap_annual_rate) == ("cn-private-4lpr", Decimal("0.12"))
    terms = (
        await offered(tenant, product.id, date(2027, 3, 2), instalments=6, due_day=20, tier="gold")
    ).terms
    assert (terms.instalments, terms.due_day, terms.grace_days) == (6, 20, 9)
    assert terms.daily_rate == Decimal("0.0002")
    assert (await offered(tenant, product.id, date(2027, 3, 1))).terms == plain


async def test_refuses_what_is_not_offered(tenant: Workspace) -> None:
    product = await offer(tenant, CHOSEN)
    await offered(tenant, product.id, date(2027, 3, 1))
    with pytest.raises(Invalid) as told:
        known_offer(tenant.ctx(date(2027, 3, 1)), product.id, Choice(instalments=4))
    assert [(one.pointer, one.code) for one in told.value.errors] == [
        ("#/instalments", "instalments_not_offered")
    ]
