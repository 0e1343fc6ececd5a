"""Drafts: written, written over, begun anew after publishing; a document's problems told all at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kernel.context import Actor
from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.ids import encode
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.errors import ProductExists, ProgrammeClosed
from products.queries import list_products, read_product
from tests.support.offers import SIXTY_DAYS, draft, open_lender, publish
from tests.support.tenants import Workspace, open_workspace

pytestmark = pytest.mark.db


async def test_a_new_product_has_one_draft(tenant: Workspace) -> None:
    product = await draft(tenant, await open_lender(tenant))
    (version,) = product.versions
    assert (version.version, version.revision, version.status) == (1, 1, "draft")
    assert (version.drafted_by_kind, version.drafted_by) == ("member", tenant.opened.member_id)
    assert version.document == SIXTY_DAYS
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await read_product(tx, tenant.id, product.id) == product
        assert await list_products(tx, tenant.id, limit=10) == [product]


async def test_a_draft_is_written_over(tenant: Workspace) -> None:
    product = await draft(tenant, await open_lender(tenant))
    other = Actor("member", uuid4())
    longer = SIXTY_DAYS | {"due_dates": {"days": 90}}
    product = await draft_product(tenant.ctx(actor=other), DraftProduct(product=product.id, document=longer))
    (version,) = product.versions
    assert (version.version, version.revision, version.drafted_by) == (1, 2, other.id)
    assert version.document == longer


async def test_after_publishing_a_draft_is_the_next_version(tenant: Workspace) -> None:
    product = await publish(tenant, await draft(tenant, await open_lender(tenant)))
    longer = SIXTY_DAYS | {"due_dates": {"days": 90}}
    product = await draft_product(tenant.ctx(), DraftProduct(product=product.id, document=longer))
    assert [(v.version, v.status) for v in product.versions] == [(1, "published"), (2, "draft")]
    assert product.versions[0].document == SIXTY_DAYS


async def test_tells_all_problems_at_their_places(tenant: Workspace) -> None:
    bad: dict[str, Any] = {
        "currency": "CNY",
        "due_dates": {"rule": "lunar", "days": -1},
        "price": {"daily_rate": 0.0005},
        "colour": "red",
    }
    with pytest.raises(Invalid) as refused:
        await draft(tenant, await open_lender(tenant), bad)
    assert {(found.pointer, found.code) for found in refused.value.errors} == {
        ("#/document/due_dates/rule", "unknown_value"),
        ("#/document/due_dates/days", "out_of_range"),
        ("#/document/price/daily_rate", "not_a_rate"),
        ("#/document/colour", "unknown_field"),
    }
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await list_products(tx, tenant.id, limit=10) == []


async def test_refuses_the_currency_of_another_programme(tenant: Workspace) -> None:
    with pytest.raises(Invalid) as refused:
        await draft(tenant, await open_lender(tenant, currency="USD"))
    assert [(f.pointer, f.code) for f in refused.value.errors] == [
        ("#/document/currency", "currency_mismatch")
    ]


async def test_refuses_bad_names(tenant: Workspace) -> None:
    new = NewProduct(programme_id=uuid4(), code="Sixty Days", name_zh="", name_en="a\nb")
    with pytest.raises(Invalid) as refused:
        await draft_product(tenant.ctx(), DraftProduct(product=new, document=SIXTY_DAYS))
    assert [found.pointer for found in refused.value.errors] == ["#/code", "#/name_zh", "#/name_en"]


async def test_a_code_is_taken_once(tenant: Workspace) -> None:
    programme = await open_lender(tenant)
    product = await draft(tenant, programme)
    with pytest.raises(ProductExists) as refused:
        await draft(tenant, programme)
    assert refused.value.params == {"code": "sixty-days", "existing_id": encode("prd", product.id)}


async def test_a_closed_programme_takes_no_product(tenant: Workspace) -> None:
    programme = await open_lender(tenant)
    async with scope(tenant.ctx()) as tx:
        await tx.execute("UPDATE products.programme SET status = 'closed' WHERE tenant_id = $1", tenant.id)
    with pytest.raises(ProgrammeClosed):
        await draft(tenant, programme)


async def test_strangers_are_not_found(tenant: Workspace) -> None:
    programme = await open_lender(tenant)
    product = await draft(tenant, programme)
    stranger = await open_workspace()
    with pytest.raises(NotFound):
        await draft(stranger, programme)
    with pytest.raises(NotFound):
        await draft_product(stranger.ctx(), DraftProduct(product=product.id, document=SIXTY_DAYS))
    with pytest.raises(NotFound):
        await draft_product(tenant.ctx(), DraftProduct(product=uuid4(), document=SIXTY_DAYS))


async def test_needs_the_permission(tenant: Workspace) -> None:
    ctx = tenant.ctx(permissions=frozenset({"products:read"}))
    with pytest.raises(Forbidden):
        await draft_product(ctx, DraftProduct(product=uuid4(), document=SIXTY_DAYS))


async def test_repeated_under_one_key_it_writes_once(tenant: Workspace) -> None:
    product = await draft(tenant, await open_lender(tenant))
    command = DraftProduct(product=product.id, document=SIXTY_DAYS)
    first = await draft_product(tenant.ctx(key="k"), command)
    assert await draft_product(tenant.ctx(key="k"), command) == first
    assert first.versions[-1].revision == 2
