"""Corrects what is known of a buyer. Its `external_ref` stays for ever."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from kernel.audit import record
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.outbox import emit
from tenants import events
from tenants.errors import VersionMismatch
from tenants.queries import Buyer, PartyType, read_buyer
from tenants.rules import inputs

PERMISSION: Final = "buyers:write"


class UpdateBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """What is not given stays; `metadata` is replaced whole. `version`: that of the buyer seen (If-Match)."""

    buyer_id: UUID
    version: int
    name: str | UnsetType = UNSET
    party_type: PartyType | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET


async def update_buyer(ctx: Ctx, command: UpdateBuyer) -> Buyer:
    """Raises Forbidden, Invalid, NotFound, VersionMismatch."""
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            None if command.name is UNSET else inputs.name(command.name),
            None if command.metadata is UNSET else inputs.metadata(command.metadata),
        )
    )
    async with scope(ctx) as tx:
        before = await read_buyer(tx, ctx.tenant_id, command.buyer_id)
        metadata = before.metadata if command.metadata is UNSET else command.metadata
        done = await tx.execute(
            "UPDATE tenants.buyer SET name = $4, party_type = $5, metadata = $6, version = version + 1 "
            "WHERE tenant_id = $1 AND id = $2 AND version = $3",
            ctx.tenant_id,
            before.id,
            command.version,
            before.name if command.name is UNSET else command.name,
            before.party_type if command.party_type is UNSET else command.party_type,
            msgspec.json.encode(metadata).decode(),
        )
        buyer = await read_buyer(tx, ctx.tenant_id, before.id)
        if done == "UPDATE 0":
            raise VersionMismatch(version=buyer.version)
        if buyer.party_type != before.party_type:
            await touch_config(tx, ctx)
        await record(tx, ctx, events.BUYER_UPDATED, "buyer", buyer.id, {"before": before, "after": buyer})
        await emit(tx, ctx, events.BUYER_UPDATED, buyer)
    return buyer
