"""Chains a tenant's audit rows, so that nobody changes the past unseen (ARCHITECTURE §3 Audit).

A seal covers every audit row of the transactions between the seal before it and a watermark below which
none is still running: those rows are all there for good. Its hash is SHA-256 over the hash before it, its
own fields and each row, byte for byte. Honest limit: who can rewrite the whole chain from some seal on,
or cut off its end, is found only by comparing with a hash kept elsewhere.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope

FIRST: Final = bytes(32)
"""What the first seal's hash follows on."""

_PAGE: Final = 2000
_NOBODY: Final = UUID(int=0)


class Sealed(msgspec.Struct, frozen=True):
    """What a check of the whole chain found; `broken` says of each seal that does not hold what is wrong."""

    seals: int
    rows: int
    broken: tuple[str, ...]


class _Range(msgspec.Struct, frozen=True):
    """The rows of a seal, as they are now."""

    first_id: UUID
    last_id: UUID
    row_count: int
    hash: bytes


async def seal_audit(ctx: Ctx) -> int:
    """Seals what is ripe; how many rows that were. Two workers at once do not disturb each other."""
    async with scope(ctx) as tx:
        if not await tx.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('audit_seal ' || $1, 0))", str(ctx.tenant_id)
        ):
            return 0
        last = await tx.fetchrow(
            "SELECT no, below_xid, hash FROM kernel.audit_seal WHERE tenant_id = $1 ORDER BY no DESC LIMIT 1",
            ctx.tenant_id,
        )
        no, above, previous = (last["no"] + 1, last["below_xid"], last["hash"]) if last else (1, 0, FIRST)
        below = await tx.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())")
        found = await _range(tx, ctx.tenant_id, no, above, below, previous)
        if found.row_count:
            await tx.execute(
                "INSERT INTO kernel.audit_seal "
                "(tenant_id, no, first_id, last_id, row_count, below_xid, prev_hash, hash) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                ctx.tenant_id,
                no,
                found.first_id,
                found.last_id,
                found.row_count,
                below,
                previous,
                found.hash,
            )
    return found.row_count


async def verify_seals(tx: Tx, tenant_id: UUID) -> Sealed:
    """Computes every seal of the tenant anew from the rows that are there."""
    seals = await tx.fetch(
        "SELECT no, first_id, last_id, row_count, below_xid, prev_hash, hash FROM kernel.audit_seal "
        "WHERE tenant_id = $1 ORDER BY no",
        tenant_id,
    )
    rows, above, previous, broken = 0, 0, FIRST, []
    for expected_no, seal in enumerate(seals, start=1):
        found = await _range(tx, tenant_id, seal["no"], above, seal["below_xid"], previous)
        if wrong := _wrong(seal, expected_no, previous, found):
            broken.append(f"seal {seal['no']}: {wrong}")
        rows += found.row_count
        above, previous = seal["below_xid"], seal["hash"]
    return Sealed(len(seals), rows, tuple(broken))


def _wrong(seal: Any, expected_no: int, previous: bytes, found: _Range) -> str | None:
    if seal["no"] != expected_no:
        return f"seal {expected_no} is missing before it"
    if seal["prev_hash"] != previous:
        return "it does not follow on the one before"
    if seal["row_count"] != found.row_count:
        return f"it was made over {seal['row_count']} rows, there are {found.row_count}"
    if (seal["first_id"], seal["last_id"], seal["hash"]) != (found.first_id, found.last_id, found.hash):
        return "a row, or the seal itself, was changed"
    return None


async def _range(tx: Tx, tenant_id: UUID, no: int, above: int, below: int, previous: bytes) -> _Range:
    """The rows of transactions from `above` up to, but without, `below`, hashed in order of (xid, id)."""
    rows = hashlib.sha256()
    first_id = last_id = _NOBODY
    count, xid = 0, above
    while page := await tx.fetch(
        "SELECT id, xid, actor_kind, actor_id, action, object_kind, object_id, detail, request_id, "
        "recorded_at FROM kernel.audit WHERE tenant_id = $1 AND (xid, id) > ($2, $3) AND xid < $4 "
        "ORDER BY xid, id LIMIT $5",
        tenant_id,
        xid,
        last_id,
        below,
        _PAGE,
    ):
        for row in page:
            rows.update(msgspec.msgpack.encode(tuple(row)))
        if not count:
            first_id = page[0]["id"]
        count += len(page)
        xid, last_id = page[-1]["xid"], page[-1]["id"]
    own = (tenant_id, no, first_id, last_id, count, below, previous, rows.digest())
    return _Range(first_id, last_id, count, hashlib.sha256(msgspec.msgpack.encode(own)).digest())
