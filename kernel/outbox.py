"""What happened, told to whoever listens: written with the deed, delivered after it by a job."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.ids import uuid7


async def emit(tx: Tx, ctx: Ctx, topic: str, payload: object) -> None:
    """Writes an event; `topic` is past tense and dotted (`buyer.added`), `payload` what msgspec encodes."""
    await tx.execute(
        "INSERT INTO kernel.outbox (tenant_id, id, topic, payload) VALUES ($1, $2, $3, $4)",
        ctx.tenant_id,
        uuid7(),
        topic,
        msgspec.json.encode(payload).decode(),
    )


async def emit_all(tx: Tx, ctx: Ctx, topic: str, payloads: Sequence[object]) -> None:
    """One event each, in one statement."""
    if payloads:
        await tx.execute(
            "INSERT INTO kernel.outbox (tenant_id, id, topic, payload) "
            "SELECT $1, e.id, $2, e.payload FROM unnest($3::uuid[], $4::jsonb[]) e (id, payload)",
            ctx.tenant_id,
            topic,
            [uuid7() for _ in payloads],
            [msgspec.json.encode(payload).decode() for payload in payloads],
        )
