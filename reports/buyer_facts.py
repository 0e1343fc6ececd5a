"""Computes every fact of every buyer of a tenant in one statement, into products.buyer_facts.

What each fact is: products/rules/facts.py. 100,000 buyers with 5,000,000 order lines: docs/performance.md.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.outbox import emit
from reports import events
from reports.errors import DayNotEnded
from reports.facts_query import COMPUTE

PERMISSION: Final = "facts:write"

_PLAN: Final = ("SET LOCAL enable_nestloop = off", "SET LOCAL work_mem = '128MB'")
"""Sets are joined with sets: row by row is never right here, whatever a planner without statistics of a
fresh import believes.
"""


class ComputeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """As of the business date."""


class FactsComputed(msgspec.Struct, frozen=True, kw_only=True):
    """`rows`: one a buyer and currency."""

    as_of_on: date
    rows: int


async def compute_facts(ctx: Ctx, command: ComputeFacts) -> FactsComputed:
    """Written over those of earlier days. Raises Forbidden, DayNotEnded."""
    ctx.require(PERMISSION)
    async with scope(ctx) as tx:
        waiting = await tx.fetchval(
            "SELECT EXISTS (SELECT 1 FROM billing.drawdown WHERE tenant_id = $1 AND next_event_on <= $2)",
            ctx.tenant_id,
            ctx.today,
        )
        if waiting:
            raise DayNotEnded(on=str(ctx.today))
        told = {"as_of_on": str(ctx.today)}
        await record(tx, ctx, events.BUYER_FACTS_COMPUTED, "tenant", ctx.tenant_id, told)
        await emit(tx, ctx, events.BUYER_FACTS_COMPUTED, told)
        for setting in _PLAN:
            await tx.execute(setting)
        done = await tx.execute(COMPUTE, ctx.tenant_id, ctx.today, ctx.now)
    return FactsComputed(as_of_on=ctx.today, rows=int(done.rpartition(" ")[2]))
