"""Hands the outbox's events on to a consumer inside this process, in order, at least once each.

A consumer bears repetition: an event's id is the same each time. What leaves the process (webhooks, mail) has
a consumer of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from kernel import metrics
from kernel.db.scope import unscoped

LEASE_SECONDS: Final = 30


class Event(msgspec.Struct, frozen=True):
    """`payload` is JSON; (xid, id) is the event's place in the one order over all tenants."""

    tenant_id: UUID
    id: UUID
    topic: str
    payload: str
    xid: int
    created_at: datetime


Handle = Callable[[Sequence[Event]], Awaitable[None]]


async def hand_on(consumer: str, handle: Handle, most: int = 500) -> int:
    """Gives the next up to `most` events to `handle` and moves the consumer's place behind them; how many.

    None while another worker is at it. Where `handle` raises, the place stays and the events come again after
    the lease.
    """
    async with unscoped() as tx:
        rows = await tx.fetch("SELECT * FROM kernel.claim_outbox($1, $2, $3)", consumer, most, LEASE_SECONDS)
    events = [Event(**row) for row in rows]
    if not events:
        return 0
    await handle(events)
    async with unscoped() as tx:
        await tx.execute(
            "UPDATE kernel.outbox_cursor SET after_xid = $2, after_id = $3, lease_until = NULL "
            "WHERE consumer = $1 AND (after_xid, after_id) < ($2, $3)",
            consumer,
            events[-1].xid,
            events[-1].id,
        )
    metrics.outbox_events.labels(consumer).inc(len(events))
    return len(events)
