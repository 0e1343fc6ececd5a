"""Day end, day by day (DOMAIN §14): cut statements, write down what the schedule brought, use credit.

The work grows with what changes that day: rows carry the next date on which anything happens to them, and
rows with
nothing due are not touched. Resumable by nature: a row that is done has a later date, so a second run finds
the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from billing.bring_forward import advance_rows, day_ended_through, use_credit
from billing.cycles import begin_cycles, cut_lines
from billing.events import DAY_ENDED
from kernel.audit import record
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.outbox import emit

CHUNK: Final = 500
LINES: Final = 192
AT_ONCE: Final = 3
"""Chunks under way together: while one is decided here, others are written there."""


class DayEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Through which day it ran; how many days that were, drawdowns advanced, payments from credit
    balances, statements cut."""

    through_on: date
    days: int
    advanced: int
    credit_uses: int
    statements: int = 0


async def end_days(ctx: Ctx, tell: Callable[[int], None]) -> DayEnd:
    """Every day not yet ended, in order, until the tenant's business date; `tell` hears how many rows were
    advanced."""
    async with scope(ctx, read_only=True) as tx:
        ended = await day_ended_through(tx, ctx)
        day = await _first_day(tx, ctx) if ended is None else ended + timedelta(1)
    await begin_cycles(ctx)
    days, advanced, credit_uses, statements = 0, 0, 0, 0
    while day <= ctx.today:
        await _start(ctx, day)
        cut, moved = await _cut_all(ctx, day)
        moved += await _advance_all(ctx, day, partial(_told, tell, advanced + moved))
        used = await _use_credit(ctx, day)
        await _finish(ctx, day, advanced=moved, credit_uses=used, statements=cut)
        days, advanced, credit_uses, day = days + 1, advanced + moved, credit_uses + used, day + timedelta(1)
        statements += cut
    return DayEnd(
        through_on=ctx.today, days=days, advanced=advanced, credit_uses=credit_uses, statements=statements
    )


def _told(tell: Callable[[int], None], before: int, done: int) -> None:
    tell(before + done)


async def _first_day(tx: Tx, ctx: Ctx) -> date:
    """The first day on which anything happens; before it there is nothing to end."""
    found: date | None = await tx.fetchval(
        """SELECT least(
            (SELECT min(next_event_on) FROM billing.drawdown
                WHERE tenant_id = $1 AND next_event_on IS NOT NULL),
            (SELECT min(next_cut_on) FROM billing.line_cycle
                WHERE tenant_id = $1 AND next_cut_on IS NOT NULL))""",
        ctx.tenant_id,
    )
    return min(found or ctx.today, ctx.today)


async def _advance_all(ctx: Ctx, day: date, tell: Callable[[int], None]) -> int:
    """All rows whose next date has come, chunk by chunk; a chunk's rows leave the list as they are
    written."""
    done = 0
    while True:
        async with scope(ctx, read_only=True) as tx:
            found = await tx.fetch(
                """SELECT id FROM billing.drawdown WHERE tenant_id = $1 AND next_event_on <= $2
                ORDER BY next_event_on, id LIMIT $3""",
                ctx.tenant_id, day, CHUNK * AT_ONCE,
            )  # fmt: skip
        if not found:
            return done
        ids = [row["id"] for row in found]
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
        done += sum(await asyncio.gather(*(advance_rows(ctx, chunk, day) for chunk in chunks)))
        tell(done)


async def _cut_all(ctx: Ctx, day: date) -> tuple[int, int]:
    """All lines whose bill day it is; how many statements were cut, and how many of the lines' drawdowns had
    to be advanced first: what is past due is charged by the cut.
    """
    cut, moved = 0, 0
    while True:
        async with scope(ctx, read_only=True) as tx:
            found = await tx.fetch(
                """SELECT line_id FROM billing.line_cycle WHERE tenant_id = $1 AND next_cut_on <= $2
                ORDER BY next_cut_on, line_id LIMIT $3""",
                ctx.tenant_id, day, LINES * AT_ONCE,
            )  # fmt: skip
        if not found:
            return cut, moved
        ids = [row["line_id"] for row in found]
        chunks = [ids[start : start + LINES] for start in range(0, len(ids), LINES)]
        for done in await asyncio.gather(*(_cut(ctx, chunk, day) for chunk in chunks)):
            cut, moved = cut + done[0], moved + done[1]


async def _cut(ctx: Ctx, line_ids: list[UUID], day: date) -> tuple[int, int]:
    async with scope(ctx, read_only=True) as tx:
        waiting = await tx.fetch(
            """SELECT d.id FROM billing.drawdown_use u
            JOIN billing.drawdown d ON d.tenant_id = u.tenant_id AND d.id = u.drawdown_id
            WHERE u.tenant_id = $1 AND u.line_id = ANY ($2) AND d.next_event_on <= $3""",
            ctx.tenant_id, line_ids, day,
        )  # fmt: skip
    moved = await advance_rows(ctx, [row["id"] for row in waiting], day)
    return await cut_lines(ctx, line_ids, day), moved


async def _use_credit(ctx: Ctx, day: date) -> int:
    """Credit balances whose buyer owes something due by the day."""
    async with scope(ctx, read_only=True) as tx:
        found = await tx.fetch(
            """SELECT b.buyer_id, b.currency FROM billing.buyer_balance b
            WHERE b.tenant_id = $1 AND b.credit_minor > 0 AND EXISTS (
                SELECT FROM billing.drawdown d WHERE d.tenant_id = b.tenant_id AND d.buyer_id = b.buyer_id
                AND d.currency = b.currency AND d.status = 'captured' AND d.oldest_unpaid_due_on <= $2)
            ORDER BY b.buyer_id, b.currency""",
            ctx.tenant_id, day,
        )  # fmt: skip
    used = 0
    for row in found:
        used += await use_credit(ctx, row["buyer_id"], row["currency"], day) > 0
    return used


async def _start(ctx: Ctx, day: date) -> None:
    async with scope(ctx) as tx:
        await tx.execute(
            """INSERT INTO billing.day_end (tenant_id, business_on, started_at) VALUES ($1, $2, $3)
            ON CONFLICT DO NOTHING""",
            ctx.tenant_id, day, ctx.now,
        )  # fmt: skip


async def _finish(ctx: Ctx, day: date, *, advanced: int, credit_uses: int, statements: int) -> None:
    """The counts are of this run: what an interrupted run had done before is not counted again."""
    async with scope(ctx) as tx:
        finished = await tx.execute(
            """UPDATE billing.day_end SET finished_at = $3, advanced = advanced + $4, credit_uses =
            credit_uses + $5, statements = statements + $6
            WHERE tenant_id = $1 AND business_on = $2 AND finished_at IS NULL""",
            ctx.tenant_id, day, ctx.now, advanced, credit_uses, statements,
        )  # fmt: skip
        if finished == "UPDATE 1":
            facts = {"business_on": str(day), "advanced": advanced, "credit_uses": credit_uses}
            facts["statements"] = statements
            await record(tx, ctx, DAY_ENDED, "tenant", ctx.tenant_id, facts)
            await emit(tx, ctx, DAY_ENDED, facts)
