"""Publishes a draft: from now on new drawdowns are made under it, and it never changes again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, NotFound
from kernel.idempotency import keep, once
from kernel.outbox import emit
from products import events
from products.errors import DraftChanged, ProductPublished, ProgrammeClosed, SecondMemberNeeded
from products.queries import Product, Version, forget_offer, read_product, read_programme
from products.rules.product import validate
from tenants.rules import inputs

PERMISSION: Final = "products:write"


class PublishProduct(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is that of the draft the publisher has looked at: one written over meanwhile is refused."""

    product_id: UUID
    version: int
    revision: int


async def publish_product(ctx: Ctx, command: PublishProduct) -> Product:
    """Of two members one drafts and the other publishes; a key of the tenant itself stands for no member.

    Raises Forbidden, KeyReused, NotFound, ProductPublished, DraftChanged, SecondMemberNeeded,
    ProgrammeClosed, Invalid (a document that an older version of the rules or of the law let pass).
    """
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Product)
        await tx.execute(
            "SELECT 1 FROM products.product WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
            ctx.tenant_id,
            command.product_id,
        )
        product = await read_product(tx, ctx.tenant_id, command.product_id)
        draft = _publishable(ctx, product, command)
        programme = await read_programme(tx, ctx.tenant_id, product.programme_id)
        if programme.status == "closed":
            raise ProgrammeClosed()
        inputs.refuse(
            FieldProblem(f"#/document{found.pointer[1:]}", found.code, found.params)
            for found in validate(draft.document, currency=programme.currency, on=ctx.today)
        )
        await tx.execute(
            "UPDATE products.product_version "
            "SET status = 'published', published_at = $4, published_by_kind = $5, published_by = $6 "
            "WHERE tenant_id = $1 AND product_id = $2 AND version = $3",
            ctx.tenant_id,
            product.id,
            draft.version,
            ctx.now,
            ctx.actor.kind,
            ctx.actor.id,
        )
        product = await read_product(tx, ctx.tenant_id, product.id)
        await touch_config(tx, ctx)
        told = {"id": product.id, "version": draft.version, "document": draft.document}
        await record(tx, ctx, events.PRODUCT_PUBLISHED, "product", product.id, told)
        await emit(tx, ctx, events.PRODUCT_PUBLISHED, told)
        await keep(tx, ctx, product)
    forget_offer(ctx, product.id)
    return product


def _publishable(ctx: Ctx, product: Product, command: PublishProduct) -> Version:
    draft = next((version for version in product.versions if version.version == command.version), None)
    if draft is None:
        raise NotFound()
    if draft.status == "published":
        raise ProductPublished(version=draft.version)
    if draft.revision != command.revision:
        raise DraftChanged(revision=draft.revision)
    if ctx.actor.kind == draft.drafted_by_kind == "member" and ctx.actor.id == draft.drafted_by:
        raise SecondMemberNeeded()
    return draft
