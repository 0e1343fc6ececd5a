"""What a review of tiers proposed becomes limit decisions, each once, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from app import tier_limits
from app.tier_limits import LimitsDecided, decide_limits
from kernel.errors import Forbidden
from products.review_tiers import ReviewTiers, review_tiers
from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.shop import Shop, open_shop
from tests.support.tiers import BASIC, GOLD, TIERED, store_facts

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TIERED, limit_minor=200_000)


async def moved(shop: Shop, **facts: Any) -> LimitsDecided:
    """The shop's buyer by a review on these facts, its limit decided."""
    await store_facts(shop.workspace, shop.buyer_id, shop.today, **facts)
    await review_tiers(shop.ctx, ReviewTiers(product_id=shop.product_id, reason="monthly review"))
    return await decide_limits(shop.ctx, shop.product_id)


async def limits(shop: Shop) -> list[tuple[Any, ...]]:
    return await shop.rows("billing.line", "limit_minor", "buyer_id = $2", shop.buyer_id)


async def reasons(shop: Shop) -> list[tuple[Any, ...]]:
    """Without the review's own id at the end."""
    columns, where = "kind, limit_after_minor, reason", "kind <> 'grant'"
    found = await shop.rows("billing.limit_decision", columns, where)
    assert all(" (trv_" in reason for _, _, reason in found)
    return [(kind, limit, reason.rpartition(" (trv_")[0]) for kind, limit, reason in found]


async def test_raises_and_cuts_and_says_why(shop: Shop) -> None:
    assert (await moved(shop, **GOLD)).decided == {"raise": 1}
    assert await limits(shop) == [(2_050_000,)]
    assert (await moved(shop, **BASIC)).decided == {"cut": 1}
    assert await limits(shop) == [(300_000,)]
    assert (await moved(shop)).decided == {"cut": 1}
    assert await limits(shop) == [(0,)]
    on = f"monthly review of {shop.today}, version 1"
    assert await reasons(shop) == [
        ("raise", 2_050_000, f"tier none to gold: {on}"),
        ("cut", 300_000, f"tier gold to basic: {on}"),
        ("cut", 0, f"tier basic to none: {on}"),
    ]


async def test_grants_a_first_line_to_each(shop: Shop) -> None:
    new = [
        (await add_buyer(shop.ctx, AddBuyer(name="某厂", party_type="company", owner_name="O"))).id
        for _ in range(5)
    ]
    for buyer_id in new:
        await store_facts(shop.workspace, buyer_id, **BASIC)
    assert (await moved(shop)).decided == {"grant": 5}
    found = await shop.rows("billing.line", "limit_minor, status", "buyer_id = ANY ($2)", new)
    assert found == [(100_000, "active")] * 5


async def test_a_limit_that_fits_stays(shop: Shop) -> None:
    assert (await moved(shop, **BASIC)).decided == {"unchanged": 1}
    assert await limits(shop) == [(200_000,)]
    assert await shop.count("products.limit_proposal") == 0


async def test_repeated_it_decides_nothing_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_limits, "settle_proposals", _broken_off)
    with pytest.raises(InterruptedError):
        await moved(shop, **GOLD)
    monkeypatch.undo()
    assert await limits(shop) == [(2_050_000,)]
    assert (await decide_limits(shop.ctx, shop.product_id)).decided == {"unchanged": 1}
    assert (await decide_limits(shop.ctx, shop.product_id)).decided == {}
    assert len(await reasons(shop)) == 1


async def _broken_off(*_: object) -> None:
    raise InterruptedError


async def test_of_two_moves_the_newest_counts(shop: Shop) -> None:
    await store_facts(shop.workspace, shop.buyer_id, **GOLD)
    await review_tiers(shop.ctx, ReviewTiers(product_id=shop.product_id))
    assert (await moved(shop, **BASIC)).decided == {"unchanged": 1}


async def test_without_the_permission_nothing_is_decided(shop: Shop) -> None:
    await store_facts(shop.workspace, shop.buyer_id, **GOLD)
    await review_tiers(shop.ctx, ReviewTiers(product_id=shop.product_id))
    told = await decide_limits(shop.workspace.ctx(permissions=frozenset({"tiers:write"})), shop.product_id)
    assert (told.decided, [one.code for one in told.refused]) == ({"refused": 1}, [Forbidden.code])
    assert await limits(shop) == [(200_000,)]
    assert await shop.count("products.limit_proposal") == 1
