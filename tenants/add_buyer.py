"""Makes a business of the platform a buyer, with the person who owns the account."""

from __future__ import annotations

from typing import Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.idempotency import keep, once
from kernel.ids import encode, uuid7
from kernel.outbox import emit
from tenants import events
from tenants.errors import ExternalRefConflict
from tenants.queries import Buyer, PartyType, find_buyer, read_buyer
from tenants.rules import inputs

PERMISSION: Final = "buyers:write"


class AddBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """`external_ref` is the platform's own id of the buyer, unique for ever; `mobile` the owner's."""

    name: str
    party_type: PartyType
    owner_name: str
    mobile: str | None = None
    external_ref: str | None = None
    metadata: dict[str, str] = {}


async def add_buyer(ctx: Ctx, command: AddBuyer) -> Buyer:
    """Without a line yet. Raises Forbidden, Invalid, KeyReused, ExternalRefConflict."""
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            inputs.name(command.name),
            inputs.name(command.owner_name, "#/owner_name"),
            inputs.optional(command.mobile, "#/mobile"),
            inputs.optional(command.external_ref, "#/external_ref"),
            inputs.metadata(command.metadata),
        )
    )
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Buyer)
        buyer = await _insert(tx, ctx, command)
        await record(tx, ctx, events.BUYER_ADDED, "buyer", buyer.id, {"external_ref": buyer.external_ref})
        await emit(tx, ctx, events.BUYER_ADDED, buyer)
        await keep(tx, ctx, buyer)
    return buyer


async def _insert(tx: Tx, ctx: Ctx, command: AddBuyer) -> Buyer:
    buyer_id = uuid7()
    added = await tx.execute(
        "INSERT INTO tenants.buyer (tenant_id, id, external_ref, party_type, name, metadata, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, external_ref) DO NOTHING",
        ctx.tenant_id,
        buyer_id,
        command.external_ref,
        command.party_type,
        command.name,
        msgspec.json.encode(command.metadata).decode(),
        ctx.now,
    )
    if added == "INSERT 0 0" and command.external_ref is not None:
        existing = await find_buyer(tx, ctx.tenant_id, command.external_ref)
        raise ExternalRefConflict(external_ref=command.external_ref, existing_id=encode("buy", existing.id))
    await tx.execute(
        "INSERT INTO tenants.buyer_user (tenant_id, id, buyer_id, name, role, mobile, created_at) "
        "VALUES ($1, $2, $3, $4, 'owner', $5, $6)",
        ctx.tenant_id,
        uuid7(),
        buyer_id,
        command.owner_name,
        command.mobile,
        ctx.now,
    )
    return await read_buyer(tx, ctx.tenant_id, buyer_id)
