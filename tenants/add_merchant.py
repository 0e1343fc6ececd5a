"""Makes a seller of the platform a merchant who can be paid."""

from __future__ import annotations

from typing import Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.idempotency import keep, once
from kernel.ids import encode, uuid7
from kernel.outbox import emit
from tenants import events
from tenants.errors import ExternalRefConflict
from tenants.queries import Merchant, find_merchant, read_merchant
from tenants.rules import inputs

PERMISSION: Final = "merchants:write"


class AddMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """`external_ref` is the platform's own id of the merchant, unique for ever."""

    name: str
    external_ref: str | None = None
    metadata: dict[str, str] = {}


async def add_merchant(ctx: Ctx, command: AddMerchant) -> Merchant:
    """Raises Forbidden, Invalid, KeyReused, ExternalRefConflict."""
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            inputs.name(command.name),
            inputs.optional(command.external_ref, "#/external_ref"),
            inputs.metadata(command.metadata),
        )
    )
    merchant_id = uuid7()
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Merchant)
        added = await tx.execute(
            "INSERT INTO tenants.merchant (tenant_id, id, external_ref, name, metadata, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, external_ref) DO NOTHING",
            ctx.tenant_id,
            merchant_id,
            command.external_ref,
            command.name,
            msgspec.json.encode(command.metadata).decode(),
            ctx.now,
        )
        if added == "INSERT 0 0" and command.external_ref is not None:
            existing = await find_merchant(tx, ctx.tenant_id, command.external_ref)
            raise ExternalRefConflict(
                external_ref=command.external_ref, existing_id=encode("mer", existing.id)
            )
        merchant = await read_merchant(tx, ctx.tenant_id, merchant_id)
        await record(tx, ctx, events.MERCHANT_ADDED, "merchant", merchant.id, {"name": merchant.name})
        await emit(tx, ctx, events.MERCHANT_ADDED, merchant)
        await keep(tx, ctx, merchant)
    return merchant
