"""A tenant's business date as the database keeps it (DOMAIN §2): read it, roll it forward."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import NotFound


class TenantDay(msgspec.Struct, frozen=True):
    """No booking on or before `closed_through`. `clock_at`: a test tenant's own now, None for a live one."""

    business_on: date
    closed_through: date | None
    clock_at: datetime | None


async def read_day(tx: Tx, tenant_id: UUID) -> TenantDay:
    """The tenant's stored day; a live one lags behind the calendar until it is rolled. Raises NotFound."""
    row = await tx.fetchrow(
        "SELECT business_on, closed_through, clock_at FROM kernel.tenant_day WHERE tenant_id = $1", tenant_id
    )
    if row is None:
        raise NotFound()
    return TenantDay(row["business_on"], row["closed_through"], row["clock_at"])


async def roll_business_date(ctx: Ctx, to: date) -> bool:
    """Moves the tenant's business date forward to `to`; False where it was there already, or further.

    One short transaction of its own, for it waits for the money commits of the old day (ARCHITECTURE §3
    step 2). Whoever needs the new day calls it first; day end may follow later.
    """
    async with scope(ctx) as tx:
        done = await tx.execute(
            "UPDATE kernel.tenant_day SET business_on = $2 WHERE tenant_id = $1 AND business_on < $2",
            ctx.tenant_id,
            to,
        )
        await _tell(tx, ctx)
    return done == "UPDATE 1"


async def set_clock(ctx: Ctx, to: datetime) -> None:
    """Moves a test tenant's clock forward to `to`, never back; its business date is rolled apart."""
    async with scope(ctx) as tx:
        await tx.execute(
            "UPDATE kernel.tenant_day SET clock_at = $2 WHERE tenant_id = $1 AND clock_at < $2",
            ctx.tenant_id,
            to,
        )
        await _tell(tx, ctx)


async def _tell(tx: Tx, ctx: Ctx) -> None:
    """Processes that keep the tenant's day see the new one at once (app/keys.py)."""
    await tx.execute("SELECT pg_notify('config', $1)", str(ctx.tenant_id))
