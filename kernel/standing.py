"""How a tenant stands right now: its mode, zone, business date and clock, readable before any scope is open.

Doors and workers make a `Ctx` from it; app/keys.py keeps it for at most a second.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

import msgspec

from kernel import clock
from kernel.context import Mode
from kernel.db.engine import Tx

_SELECT: Final = """
    SELECT t.id, t.mode, t.timezone, t.cut_off, t.locale, t.config_version, t.created_at,
        d.business_on, d.clock_at
    FROM kernel.tenant t JOIN kernel.tenant_day d ON d.tenant_id = t.id
    WHERE t.status = 'open'
"""


class Standing(msgspec.Struct, frozen=True):
    """`clock_at` is a test tenant's own now; a live tenant's is the real time."""

    id: UUID
    mode: Mode
    timezone: str
    cut_off: time
    locale: str
    config_version: int
    created_at: datetime
    business_on: date
    clock_at: datetime | None

    def now(self, real_now: datetime) -> datetime:
        return self.clock_at or real_now

    def today(self, real_now: datetime) -> date:
        """The business date: a test tenant's moves with its clock only, a live one's keeps up with its zone.

        A live tenant's stored date may lag: whoever sees `today > business_on` rolls it first.
        """
        if self.mode == "test":
            return self.business_on
        return max(self.business_on, clock.business_date(real_now, self.timezone, self.cut_off))


async def read_standings(tx: Tx, ids: Collection[UUID]) -> list[Standing]:
    """The open tenants among `ids`, with or without a scope."""
    return [Standing(**row) for row in await tx.fetch(f"{_SELECT} AND t.id = ANY($1)", list(ids))]


async def list_standings(tx: Tx) -> list[Standing]:
    """All open tenants, with or without a scope."""
    return [Standing(**row) for row in await tx.fetch(_SELECT)]
