"""Publishing: by a second member, just what was looked at, frozen for good, offered within a second."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from kernel.context import Actor
from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid, NotFound
from products import queries
from products.draft_product import DraftProduct, draft_product
from products.errors import (
    DraftChanged,
    ProductNotPublished,
    ProductPublished,
    ProgrammeClosed,
    SecondMemberNeeded,
)
from products.publish_product import PublishProduct, publish_product
from products.queries import Offered, Product, known_offer, published, read_product
from products.rules.terms import terms_id
from tests.support.offers import SIXTY_DAYS, draft, offer, open_lender, publish
from tests.support.tenants import Workspace, open_workspace

pytestmark = pytest.mark.db
NINETY_DAYS = SIXTY_DAYS | {"due_dates": {"days": 90}}


async def drafted(tenant: Workspace) -> Product:
    return await draft(tenant, await open_lender(tenant))


async def offered(tenant: Workspace, product: Product) -> Offered:
    async with scope(tenant.ctx(), read_only=True) as tx:
        return await published(tx, tenant.ctx(), product.id)


def last(product: Product) -> PublishProduct:
    version = product.versions[-1]
    return PublishProduct(product_id=product.id, version=version.version, revision=version.revision)


async def test_publishes_for_new_drawdowns(tenant: Workspace) -> None:
    second = Actor("member", uuid4())
    product = await publish_product(tenant.ctx(actor=second), last(await drafted(tenant)))
    (version,) = product.versions
    assert (version.status, version.published_by) == ("published", second.id)
    assert version.published_at == tenant.ctx().now
    found = await offered(tenant, product)
    assert (found.version, found.programme_id, found.currency) == (1, product.programme_id, "CNY")
    assert (found.terms.term_days, found.terms.free_days, found.terms.grace_days) == (60, 40, 3)
    assert found.terms_id == terms_id(found.terms)


async def test_who_drafted_does_not_publish(tenant: Workspace) -> None:
    product = await drafted(tenant)
    with pytest.raises(SecondMemberNeeded):
        await publish_product(tenant.ctx(), last(product))
    key = Actor("key", tenant.opened.key_id)
    assert (await publish_product(tenant.ctx(actor=key), last(product))).versions[0].status == "published"


async def test_refuses_a_draft_written_over_meanwhile(tenant: Workspace) -> None:
    product = await drafted(tenant)
    await draft_product(tenant.ctx(), DraftProduct(product=product.id, document=NINETY_DAYS))
    with pytest.raises(DraftChanged) as refused:
        await publish(tenant, product)
    assert refused.value.params == {"revision": 2}


async def test_refuses_what_is_published_already(tenant: Workspace) -> None:
    product = await publish(tenant, await drafted(tenant))
    with pytest.raises(ProductPublished):
        await publish(tenant, product)


async def test_refuses_a_document_that_no_longer_holds(tenant: Workspace) -> None:
    product = await drafted(tenant)
    async with scope(tenant.ctx()) as tx:
        await tx.execute(
            "UPDATE products.product_version SET document = '{}' WHERE tenant_id = $1", tenant.id
        )
    with pytest.raises(Invalid) as refused:
        await publish(tenant, product)
    assert "#/document/currency" in {found.pointer for found in refused.value.errors}


async def test_refuses_under_a_closed_programme(tenant: Workspace) -> None:
    product = await drafted(tenant)
    async with scope(tenant.ctx()) as tx:
        await tx.execute("UPDATE products.programme SET status = 'closed' WHERE tenant_id = $1", tenant.id)
    with pytest.raises(ProgrammeClosed):
        await publish(tenant, product)


async def test_strangers_are_not_found(tenant: Workspace) -> None:
    product = await drafted(tenant)
    stranger = await open_workspace()
    with pytest.raises(NotFound):
        await publish(stranger, product)
    with pytest.raises(NotFound):
        await publish_product(tenant.ctx(), PublishProduct(product_id=product.id, version=2, revision=1))
    async with scope(stranger.ctx(), read_only=True) as tx:
        with pytest.raises(NotFound):
            await published(tx, stranger.ctx(), product.id)


async def test_needs_the_permission(tenant: Workspace) -> None:
    product = await drafted(tenant)
    with pytest.raises(Forbidden):
        await publish_product(tenant.ctx(permissions=frozenset()), last(product))


async def test_repeated_under_one_key_it_publishes_once(tenant: Workspace) -> None:
    command = last(await drafted(tenant))
    key = Actor("key", tenant.opened.key_id)
    first = await publish_product(tenant.ctx(key="k", actor=key), command)
    assert await publish_product(tenant.ctx(key="k", actor=key), command) == first


async def test_what_is_published_is_frozen(tenant: Workspace) -> None:
    product = await publish(tenant, await drafted(tenant))
    with pytest.raises(asyncpg.PostgresError):
        async with scope(tenant.ctx()) as tx:
            await tx.execute(
                "UPDATE products.product_version SET document = '{}' WHERE tenant_id = $1", tenant.id
            )
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await read_product(tx, tenant.id, product.id) == product


async def test_an_unpublished_product_offers_nothing(tenant: Workspace) -> None:
    product = await drafted(tenant)
    with pytest.raises(ProductNotPublished):
        await offered(tenant, product)


async def test_the_process_that_publishes_offers_it_at_once(tenant: Workspace) -> None:
    product = await offer(tenant)
    assert (await offered(tenant, product)).version == 1
    product = await draft_product(tenant.ctx(), DraftProduct(product=product.id, document=NINETY_DAYS))
    assert (await offered(tenant, product)).version == 1
    await publish(tenant, product)
    assert (await offered(tenant, product)).terms.term_days == 90


async def test_another_process_follows_within_a_second(
    tenant: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It kept the old offer; only the raised config_version tells it, and it looks twice a second."""
    nanoseconds = 10**12
    monkeypatch.setattr(queries, "monotonic_ns", lambda: nanoseconds)
    monkeypatch.setattr("products.publish_product.forget_offer", lambda ctx, product_id: None)
    product = await offer(tenant)
    before = await offered(tenant, product)
    changed = DraftProduct(product=product.id, document=NINETY_DAYS)
    await publish(tenant, await draft_product(tenant.ctx(), changed))
    nanoseconds += 499_999_999
    assert await offered(tenant, product) is before
    assert known_offer(tenant.ctx(), product.id) is before
    nanoseconds += 500_000_001
    assert known_offer(tenant.ctx(), product.id) is None
    after = await offered(tenant, product)
    assert (after.version, after.terms.term_days) == (2, 90)
    nanoseconds += 10**9
    assert await offered(tenant, product) is after


async def test_one_caller_renews_an_offer_while_the_others_go_on(
    tenant: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nanoseconds = 10**12
    monkeypatch.setattr(queries, "monotonic_ns", lambda: nanoseconds)
    ctx, product = tenant.ctx(), await offer(tenant)
    kept = await offered(tenant, product)
    nanoseconds += 500_000_000
    assert known_offer(ctx, product.id) is None
    assert known_offer(ctx, product.id) is kept
    nanoseconds += 499_999_999
    assert known_offer(ctx, product.id) is kept
    assert await offered(tenant, product) is kept
    nanoseconds += 500_000_000
    assert known_offer(ctx, product.id) is None
    assert known_offer(ctx, product.id) is kept
