"""Makes an API key of the tenant or of a member; the secret is in the answer and nowhere else."""

from __future__ import annotations

from datetime import datetime
from secrets import randbits
from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.clock import real_now
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import Forbidden
from kernel.idempotency import keep, once
from kernel.ids import uuid7
from kernel.outbox import emit
from tenants import events
from tenants.queries import ApiKey, read_key, read_member
from tenants.rules import inputs
from tenants.rules.keys import key_hash, key_hint, new_key
from tenants.rules.roles import EVERYTHING, permissions_of_key

PERMISSION: Final = "keys:write"


class IssueKey(msgspec.Struct, frozen=True, kw_only=True):
    """`scopes`: permissions, or `*` alone. `expires_at`: real time, also in a test tenant.

    `replaces`: a key whose idempotency keys the new one goes on with; it stays valid until it is revoked.
    A member's keys share the member's.
    """

    name: str
    scopes: tuple[str, ...] = (EVERYTHING,)
    member_id: UUID | None = None
    expires_at: datetime | None = None
    replaces: UUID | None = None


class KeyIssued(msgspec.Struct, frozen=True):
    """`secret` is None when the request is repeated: it was shown the first time."""

    key: ApiKey
    secret: str | None


async def issue_key(ctx: Ctx, command: IssueKey) -> KeyIssued:
    """Nobody makes a key that may do more than they may. Raises Forbidden, Invalid, KeyReused, NotFound."""
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            inputs.name(command.name),
            inputs.scopes(command.scopes),
            inputs.future(command.expires_at, real_now(), "#/expires_at"),
        )
    )
    secret = new_key(ctx.mode, randbits(256), restricted=command.scopes != (EVERYTHING,))
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(KeyIssued)
        roles = None
        if command.member_id is not None:
            roles = (await read_member(tx, ctx.tenant_id, command.member_id)).roles
        if beyond := permissions_of_key(command.scopes, roles) - ctx.permissions:
            raise Forbidden(permission=min(beyond))
        key_id = await _insert(tx, ctx, command, secret)
        key = await read_key(tx, ctx.tenant_id, key_id)
        await record(tx, ctx, events.KEY_ISSUED, "key", key.id, key)
        await emit(tx, ctx, events.KEY_ISSUED, key)
        await keep(tx, ctx, KeyIssued(key, None))
    return KeyIssued(key, secret)


async def _insert(tx: Tx, ctx: Ctx, command: IssueKey, secret: str) -> UUID:
    key_id = uuid7()
    family = command.member_id or key_id
    if command.replaces is not None:
        family = (await read_key(tx, ctx.tenant_id, command.replaces)).family
    await tx.execute(
        "INSERT INTO tenants.api_key "
        "(tenant_id, id, family, hash, hint, name, member_id, scopes, expires_at, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ctx.tenant_id,
        key_id,
        family,
        key_hash(secret),
        key_hint(secret),
        command.name,
        command.member_id,
        command.scopes,
        command.expires_at,
        real_now(),
    )
    return key_id
