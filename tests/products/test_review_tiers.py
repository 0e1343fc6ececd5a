"""A review of tiers: who moves and why, what is written, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from kernel.context import Actor, Ctx
from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.idempotency import KeyReused
from products import tier_judging
from products.buyer_tiers import BuyerTier, read_facts, settle_proposals, tiers_of, undecided
from products.draft_product import DraftProduct, draft_product
from products.errors import FactsMissing, FactsTooOld, NoTiers, ProductNotPublished, ReviewTooLong
from products.review_tiers import ReviewTiers, review_tiers
from products.tier_judging import Reviewed
from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.offers import SIXTY_DAYS, draft, offer, open_lender, publish
from tests.support.tenants import Workspace, open_workspace
from tests.support.tiers import BASIC, GOLD, TIERED, store_facts
from tests.support.traces import audited, emitted


async def new_buyer(workspace: Workspace) -> UUID:
    return (await add_buyer(workspace.ctx(), AddBuyer(name="某厂", party_type="company", owner_name="O"))).id


async def review(workspace: Workspace, product_id: UUID, ctx: Ctx | None = None, **more: Any) -> Reviewed:
    return await review_tiers(ctx or workspace.ctx(), ReviewTiers(product_id=product_id, **more))


async def tiers(workspace: Workspace, buyer_id: UUID) -> list[BuyerTier]:
    async with scope(workspace.ctx(), read_only=True) as tx:
        return await tiers_of(tx, workspace.ctx(), buyer_id)


async def count(workspace: Workspace, table: str) -> int:
    async with scope(workspace.ctx(), read_only=True) as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", workspace.id))


async def test_moves_each_buyer_and_says_why(tenant: Workspace) -> None:
    product = await offer(tenant, TIERED)
    gold, basic, none = [await new_buyer(tenant) for _ in range(3)]
    await store_facts(tenant, gold, **GOLD)
    await store_facts(tenant, basic, **BASIC)
    await store_facts(tenant, none)
    done = await review(tenant, product.id, reason="first review")
    assert (done.reviewed, done.moved, done.tiers) == (3, 2, {"gold": 1, "basic": 1, "": 1})
    assert (done.product_version, done.facts_as_of_on) == (1, tenant.opened_on)

    (found,) = await tiers(tenant, gold)
    (move,) = found.moves
    assert (found.product_id, found.tier, found.since_on) == (product.id, "gold", tenant.opened_on)
    assert (move.old_tier, move.new_tier, move.direction) == (None, "gold", "first")
    assert move.rule == TIERED["tiers"][0]["condition"]
    assert move.facts == {"days_since_last_order": 3, "purchases_minor_365d": 12_345_678}
    assert (move.limit_minor, move.maximum_limit_minor, move.limit_refusal) == (2_050_000, 5_000_000, None)
    assert (move.review_id, move.product_version, move.reason) == (done.id, 1, "first review")
    assert (move.actor_kind, move.actor_id) == ("member", tenant.opened.member_id)
    assert move.facts_as_of_on == tenant.opened_on
    ((basics,),) = [found.moves for found in await tiers(tenant, basic)]
    assert (basics.new_tier, basics.missing) == ("basic", ())
    assert await tiers(tenant, none) == []


async def test_leaves_traces(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    done = await review(tenant, product.id)
    (audit,) = await audited(tenant, "tiers.reviewed")
    assert audit | {"id": str(done.id), "moved": 1, "tiers": {"gold": 1}} == audit
    assert await emitted(tenant, "tiers.reviewed") == [audit]
    (event,) = await emitted(tenant, "buyer_tier.moved")
    assert event == {
        "id": str(done.moves[0].id), "review_id": str(done.id), "product_id": str(product.id),
        "product_version": 1, "buyer_id": str(buyer), "old_tier": None, "new_tier": "gold",
        "direction": "first", "limit_minor": 2_050_000,
    }  # fmt: skip


async def test_a_dry_run_tells_the_same_and_writes_nothing(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    told = await review(tenant, product.id, dry_run=True)
    assert (told.id, told.moved, told.moves[0].new_tier) == (None, 1, "gold")
    assert await tiers(tenant, buyer) == []
    for table in ("tier_review", "tier_move", "buyer_tier", "limit_proposal"):
        assert await count(tenant, f"products.{table}") == 0
    assert await audited(tenant, "tiers.reviewed") == []
    done = await review(tenant, product.id)
    assert (done.moved, done.moves[0].facts) == (told.moved, told.moves[0].facts)


async def test_up_down_out_and_back(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    story = []
    for facts in (BASIC, GOLD, BASIC, {}, BASIC):
        await store_facts(tenant, buyer, **facts)
        done = await review(tenant, product.id)
        story += [(move.direction, move.old_tier, move.new_tier, move.limit_minor) for move in done.moves]
    assert story == [
        ("first", None, "basic", 100_000),
        ("up", "basic", "gold", 2_050_000),
        ("down", "gold", "basic", 100_000),
        ("out", "basic", None, None),
        ("first", None, "basic", 100_000),
    ]
    (found,) = await tiers(tenant, buyer)
    assert [move.direction for move in found.moves] == ["first", "out", "down", "up", "first"]


async def test_without_a_change_nobody_moves(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    await review(tenant, product.id)
    again = await review(tenant, product.id)
    assert (again.reviewed, again.moved, again.moves) == (1, 0, ())
    assert await count(tenant, "products.tier_move") == 1
    assert await count(tenant, "products.tier_review") == 2


async def test_a_fact_that_is_not_known_is_told(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, purchases_minor_365d=20_000_000, orders_90d=1)
    (move,) = (await review(tenant, product.id)).moves
    assert (move.new_tier, move.missing) == ("basic", ("gold:days_since_last_order",))


async def test_only_facts_in_the_currency_of_the_product_count(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, currency="USD", **GOLD)
    with pytest.raises(FactsMissing):
        await review(tenant, product.id)


async def test_the_newest_move_waits_for_its_limit(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    for facts in (BASIC, GOLD):
        await store_facts(tenant, buyer, **facts)
        done = await review(tenant, product.id)
    ctx = tenant.ctx()
    async with scope(ctx) as tx:
        assert [move.id for move in await undecided(tx, ctx, product.id, after=None, limit=9)] == [
            done.moves[0].id
        ]
        assert await undecided(tx, ctx, product.id, after=buyer, limit=9) == []
        await settle_proposals(tx, ctx, product.id, [done.moves[0].id])
        assert await undecided(tx, ctx, product.id, after=None, limit=9) == []


async def test_refuses_without_tiers_facts_or_a_published_version(tenant: Workspace) -> None:
    lender = await open_lender(tenant)
    product = await draft(tenant, lender, TIERED)
    with pytest.raises(ProductNotPublished):
        await review(tenant, product.id)
    await publish(tenant, product)
    with pytest.raises(FactsMissing) as missing:
        await review(tenant, product.id)
    assert missing.value.params == {"currency": "CNY"}
    await store_facts(tenant, await new_buyer(tenant), **GOLD)
    with pytest.raises(FactsTooOld) as old:
        await review(tenant, product.id, tenant.ctx(tenant.opened_on + timedelta(8)))
    assert old.value.params == {"as_of_on": "2027-03-01", "days": 7}
    with pytest.raises(Invalid):
        await review(tenant, product.id, reason="")
    plain = await offer(tenant, SIXTY_DAYS, code="plain")
    with pytest.raises(NoTiers):
        await review(tenant, plain.id)
    assert await count(tenant, "products.tier_review") == 0


async def test_the_version_that_is_published_decides(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    stricter = TIERED | {"tiers": TIERED["tiers"][1:], "overrides": {}}
    product = await draft_product(tenant.ctx(), DraftProduct(product=product.id, document=stricter))
    assert (await review(tenant, product.id)).moves[0].new_tier == "gold"
    await publish(tenant, product)
    (move,) = (await review(tenant, product.id)).moves
    assert (move.old_tier, move.new_tier, move.direction) == ("gold", "basic", "up")


async def test_gives_up_in_time(tenant: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    monkeypatch.setattr(tier_judging, "LONGEST_SECONDS", -1)
    with pytest.raises(ReviewTooLong):
        await review(tenant, product.id)
    assert await count(tenant, "products.tier_move") == 0


async def test_needs_the_permission(tenant: Workspace) -> None:
    product = await offer(tenant, TIERED)
    with pytest.raises(Forbidden):
        await review(tenant, product.id, tenant.ctx(permissions=frozenset({"products:write"})))


async def test_a_strangers_product_and_buyer_are_not_there(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    await review(tenant, product.id)
    stranger = await open_workspace()
    with pytest.raises(NotFound):
        await review(stranger, product.id)
    assert await tiers(stranger, buyer) == []
    async with scope(stranger.ctx(), read_only=True) as tx:
        assert await read_facts(tx, stranger.ctx(), buyer) == []


async def test_one_key_one_review(tenant: Workspace) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    key = Actor("key", uuid4())
    first = await review(tenant, product.id, tenant.ctx(key="k", actor=key))
    assert await review(tenant, product.id, tenant.ctx(key="k", actor=key)) == first
    assert await count(tenant, "products.tier_review") == 1
    with pytest.raises(KeyReused):
        await review(tenant, product.id, tenant.ctx(key="k", request="another", actor=key))


@pytest.mark.parametrize("table", ["tier_move", "tier_review"])
async def test_what_was_decided_stays(tenant: Workspace, table: str) -> None:
    product, buyer = await offer(tenant, TIERED), await new_buyer(tenant)
    await store_facts(tenant, buyer, **GOLD)
    await review(tenant, product.id)
    with pytest.raises(asyncpg.PostgresError):
        async with scope(tenant.ctx()) as tx:
            await tx.execute(f"DELETE FROM products.{table} WHERE tenant_id = $1", tenant.id)
