"""Platforms with many lines: what decides anything through the use cases, the mass of buyers by COPY."""

from __future__ import annotations

import random
from typing import Any, Final
from uuid import UUID

import msgspec

from app.context import context_of_operator, context_of_system
from bench.stage import Stage
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.ids import uuid7
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.open_programme import OpenProgramme, open_programme
from products.publish_product import PublishProduct, publish_product
from products.queries import published
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.open_tenant import OpenTenant, open_tenant
from tenants.rules.roles import VOCABULARY

CURRENCY: Final = "CNY"
LIMIT_MINOR: Final = 10**15
"""No run comes near it: what is measured is success."""
DOCUMENT: Final[dict[str, Any]] = {
    "currency": CURRENCY,
    "due_dates": {"rule": "days_after", "days": 60},
    "price": {"daily_rate": "0.0005", "interest_free": {"rule": "days", "days": 40}},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0006"},
}


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """A test tenant (its clock stands still, so no day rolls in the middle of a run); `lines[i]` is of
    `buyers[i]`.
    """

    slug: str
    tenant_id: UUID
    secret: str
    programme_id: UUID
    product_id: UUID
    merchant_id: UUID
    terms_id: UUID
    lines: tuple[UUID, ...]
    buyers: tuple[UUID, ...]

    async def ctx(self) -> Ctx:
        """Tradeline itself, allowed everything."""
        return await context_of_system(self.slug, VOCABULARY)


async def open_platform(on: Stage, name: str, lines: int, document: dict[str, Any] = DOCUMENT) -> Platform:
    """A platform with a published product, a merchant and `lines` buyers with a line each."""
    opened = await open_tenant(
        context_of_operator("test", "Asia/Shanghai"),
        OpenTenant(
            slug=name, name=name, timezone="Asia/Shanghai", email="owner@example.com", owner_name="Owner"
        ),
    )
    ctx = await context_of_system(opened.slug, VOCABULARY)
    programme = await open_programme(
        ctx,
        OpenProgramme(
            lender_of_record="某某小额贷款有限公司",
            licence="microloan",
            tenant_entity="某某平台有限公司",
            currency=CURRENCY,
        ),
    )
    new = NewProduct(programme_id=programme.id, code="sixty-days", name_zh="六十天", name_en="Sixty days")
    product = await draft_product(ctx, DraftProduct(product=new, document=document))
    draft = product.versions[-1]
    publish = PublishProduct(product_id=product.id, version=draft.version, revision=draft.revision)
    await publish_product(ctx, publish)
    merchant = await add_merchant(ctx, AddMerchant(name="某某商户"))
    async with scope(ctx) as tx:
        offer = await published(tx, ctx, product.id)
    buyers = [uuid7() for _ in range(lines)]
    made = [uuid7() for _ in range(lines)]
    await _copy_lines(on, ctx, product.id, buyers, made)
    return Platform(
        slug=opened.slug,
        tenant_id=opened.tenant_id,
        secret=opened.secret,
        programme_id=programme.id,
        product_id=product.id,
        merchant_id=merchant.id,
        terms_id=offer.terms_id,
        lines=tuple(made),
        buyers=tuple(buyers),
    )


async def _copy_lines(on: Stage, ctx: Ctx, product_id: UUID, buyers: list[UUID], lines: list[UUID]) -> None:
    async with on.admin() as connection, connection.transaction():
        await connection.copy_records_to_table(
            "buyer",
            schema_name="tenants",
            columns=("tenant_id", "id", "party_type", "name", "created_at"),
            records=((ctx.tenant_id, buyer, "company", "某某厂", ctx.now) for buyer in buyers),
        )
        await connection.copy_records_to_table(
            "line",
            schema_name="billing",
            columns=(
                "tenant_id", "id", "buyer_id", "product_id", "kind", "currency", "limit_minor", "status",
                "created_at",
            ),
            records=(
                (ctx.tenant_id, line, buyer, product_id, "revolving", CURRENCY, LIMIT_MINOR, "active",
                 ctx.now)
                for line, buyer in zip(lines, buyers, strict=True)
            ),
        )  # fmt: skip


def amount_minor(chance: random.Random) -> int:
    """What an order may come to: 100 to 10,000."""
    return chance.randint(10_000, 1_000_000)
