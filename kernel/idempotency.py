"""A plain use case done once however often it is asked (CONVENTIONS §1.2); money use cases have it in
billing.commit.

    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(BuyerAdded)
        ...
        await keep(tx, ctx, added)

The row is written in the transaction of the effect: neither can be without the other.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, TypeVar

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import DomainError

T = TypeVar("T")

replayed: Final[ContextVar[bool]] = ContextVar("replayed", default=False)
"""Whether this request was answered by what its key already stood for: `Idempotent-Replayed: true`."""


class KeyReused(DomainError):
    """The idempotency key came before with another request."""

    code = "key_reused"
    status = 422


class Stored(msgspec.Struct, frozen=True):
    """What the first request with this key came to; `detail` is JSON."""

    outcome: str
    detail: str

    def result(self, kind: type[T]) -> T:
        return msgspec.json.decode(self.detail, type=kind)


async def once(tx: Tx, ctx: Ctx) -> Stored | None:
    """The stored outcome of `ctx.key`; None where it is new, or where there is no key. Raises KeyReused.

    Copies of one request wait for each other here, until the first one's transaction ends.
    """
    if ctx.key is None:
        return None
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{ctx.tenant_id}{ctx.family}{ctx.key.key}"
    )
    row = await tx.fetchrow(
        "SELECT fingerprint, outcome, detail FROM kernel.idempotency "
        "WHERE tenant_id = $1 AND family = $2 AND key = $3",
        ctx.tenant_id,
        ctx.family,
        ctx.key.key,
    )
    if row is None:
        return None
    if row["fingerprint"] != ctx.key.fingerprint:
        raise KeyReused()
    replayed.set(True)
    return Stored(row["outcome"], row["detail"])


async def keep(tx: Tx, ctx: Ctx, result: object) -> None:
    """Stores the result under `ctx.key`, where there is one."""
    if ctx.key is None:
        return
    await tx.execute(
        "INSERT INTO kernel.idempotency (tenant_id, family, key, fingerprint, outcome, detail) "
        "VALUES ($1, $2, $3, $4, 'ok', $5)",
        ctx.tenant_id,
        ctx.family,
        ctx.key.key,
        ctx.key.fingerprint,
        msgspec.json.encode(result).decode(),
    )
