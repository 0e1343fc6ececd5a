"""A programme and a product for tests, through the real use cases."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from kernel.context import Actor
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.open_programme import OpenProgramme, open_programme
from products.publish_product import PublishProduct, publish_product
from products.queries import Product, Programme
from tests.support.tenants import Workspace

SIXTY_DAYS: Final[dict[str, Any]] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 60},
    "price": {"daily_rate": "0.0005", "interest_free": {"rule": "days", "days": 40}},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0006"},
}
"""Example 1 of DOMAIN §7."""


async def open_lender(workspace: Workspace, *, currency: str = "CNY", one_book: bool = False) -> Programme:
    """Lender and tenant are two companies, so there are two books; `one_book`: they are the same."""
    lender = "某某小额贷款有限公司"
    command = OpenProgramme(
        lender_of_record=lender,
        licence="microloan",
        tenant_entity=lender if one_book else "某某纺织平台有限公司",
        currency=currency,
    )
    return await open_programme(workspace.ctx(), command)


async def draft(
    workspace: Workspace,
    programme: Programme,
    document: dict[str, Any] = SIXTY_DAYS,
    *,
    code: str = "sixty-days",
) -> Product:
    """By the owner of the workspace."""
    new = NewProduct(programme_id=programme.id, code=code, name_zh="六十天", name_en="Sixty days")
    return await draft_product(workspace.ctx(), DraftProduct(product=new, document=document))


async def publish(workspace: Workspace, product: Product) -> Product:
    """The product's last version, by another member than the owner."""
    last = product.versions[-1]
    command = PublishProduct(product_id=product.id, version=last.version, revision=last.revision)
    return await publish_product(workspace.ctx(actor=Actor("member", uuid4())), command)


async def offer(
    workspace: Workspace,
    document: dict[str, Any] = SIXTY_DAYS,
    *,
    code: str = "sixty-days",
    one_book: bool = False,
) -> Product:
    """A published product of a programme of its own."""
    lender = await open_lender(workspace, currency=document["currency"], one_book=one_book)
    return await publish(workspace, await draft(workspace, lender, document, code=code))
