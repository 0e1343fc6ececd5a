"""Writes a product's draft: the first version of a new one, the next of another, or the draft that stands."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, NotFound
from kernel.idempotency import keep, once
from kernel.ids import encode, uuid7
from kernel.outbox import emit
from products import events
from products.errors import ProductExists, ProgrammeClosed
from products.queries import Product, Programme, find_product, read_product, read_programme
from products.rules.product import validate
from tenants.rules import inputs

PERMISSION: Final = "products:write"


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is the tenant's own short name of it, small letters and hyphens, unique for ever."""

    programme_id: UUID
    code: str
    name_zh: str
    name_en: str


class DraftProduct(msgspec.Struct, frozen=True, kw_only=True):
    """`document`: the settings of products/rules/product.py. `product`: a new one, or the id of another."""

    product: NewProduct | UUID
    document: dict[str, Any]


async def draft_product(ctx: Ctx, command: DraftProduct) -> Product:
    """A draft can be written over until it is published; who wrote it last cannot publish it.

    Raises Forbidden, Invalid (every problem of the document at once), KeyReused, NotFound, ProductExists,
    ProgrammeClosed.
    """
    ctx.require(PERMISSION)
    new = command.product if isinstance(command.product, NewProduct) else None
    if new:
        inputs.refuse(
            (
                FieldProblem("#/code", "not_a_slug") if inputs.slug(new.code) else None,
                inputs.name(new.name_zh, "#/name_zh"),
                inputs.name(new.name_en, "#/name_en"),
            )
        )
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Product)
        if isinstance(command.product, NewProduct):
            product_id = await _insert(tx, ctx, command.product, command.document)
        else:
            product_id = await _lock(tx, ctx, command.product, command.document)
        await _write(tx, ctx, product_id, command.document)
        product = await read_product(tx, ctx.tenant_id, product_id)
        version = product.versions[-1]
        told: dict[str, Any] = {"id": product.id, "version": version.version, "revision": version.revision}
        written = told | {"document": version.document}
        await record(tx, ctx, events.PRODUCT_DRAFTED, "product", product.id, written)
        await emit(tx, ctx, events.PRODUCT_DRAFTED, told)
        await keep(tx, ctx, product)
    return product


async def _insert(tx: Tx, ctx: Ctx, new: NewProduct, document: dict[str, Any]) -> UUID:
    _refuse(ctx, await read_programme(tx, ctx.tenant_id, new.programme_id), document)
    product_id = uuid7()
    added = await tx.execute(
        "INSERT INTO products.product (tenant_id, id, programme_id, code, name_zh, name_en, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, code) DO NOTHING",
        ctx.tenant_id,
        product_id,
        new.programme_id,
        new.code,
        new.name_zh,
        new.name_en,
        ctx.now,
    )
    if added == "INSERT 0 0":
        existing = await find_product(tx, ctx.tenant_id, new.code)
        raise ProductExists(code=new.code, existing_id=encode("prd", existing.id))
    return product_id


async def _lock(tx: Tx, ctx: Ctx, product_id: UUID, document: dict[str, Any]) -> UUID:
    """Two who draft or publish the same product wait for each other."""
    programme_id = await tx.fetchval(
        "SELECT programme_id FROM products.product WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
        ctx.tenant_id,
        product_id,
    )
    if programme_id is None:
        raise NotFound()
    _refuse(ctx, await read_programme(tx, ctx.tenant_id, programme_id), document)
    return product_id


def _refuse(ctx: Ctx, programme: Programme, document: dict[str, Any]) -> None:
    if programme.status == "closed":
        raise ProgrammeClosed()
    inputs.refuse(
        FieldProblem(f"#/document{found.pointer[1:]}", found.code, found.params)
        for found in validate(document, currency=programme.currency, on=ctx.today)
    )


async def _write(tx: Tx, ctx: Ctx, product_id: UUID, document: dict[str, Any]) -> None:
    """Into the draft that stands, else into the next version."""
    values = (
        ctx.tenant_id,
        product_id,
        msgspec.json.encode(document).decode(),
        ctx.actor.kind,
        ctx.actor.id,
    )
    written = await tx.execute(
        "UPDATE products.product_version SET document = $3, drafted_by_kind = $4, drafted_by = $5, "
        "revision = revision + 1 WHERE tenant_id = $1 AND product_id = $2 AND status = 'draft'",
        *values,
    )
    if written == "UPDATE 0":
        await tx.execute(
            "INSERT INTO products.product_version (tenant_id, product_id, version, document, status, "
            "drafted_by_kind, drafted_by, created_at) SELECT $1, $2, coalesce(max(version), 0) + 1, $3, "
            "'draft', $4, $5, $6 FROM products.product_version WHERE tenant_id = $1 AND product_id = $2",
            *values,
            ctx.now,
        )
