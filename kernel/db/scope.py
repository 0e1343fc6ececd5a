"""The one door to the database: a transaction in which exactly one tenant's rows exist (ARCHITECTURE §4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from kernel.context import Ctx
from kernel.db.engine import ACQUIRE_SECONDS, ENGINE, Transaction, Tx
from kernel.db.failures import translated
from kernel.db.token import scope_token


def scope_is_open() -> bool:
    """Whether the running task is inside a scope."""
    return ENGINE.current_transaction.get() is not None


@asynccontextmanager
async def scope(ctx: Ctx, *, read_only: bool = False) -> AsyncIterator[Tx]:
    """A transaction of `ctx`'s tenant, good for `ctx.lease_seconds`; Piccolo queries inside join it.

    It commits at the end and rolls back on any exception. Raises Unavailable (database away; after a lost
    COMMIT the outcome is unknown), Stale (deadlock, serialization), ValueError for a scope inside a
    scope. One task only: no `asyncio.gather` and no new task inside.
    """
    if scope_is_open():
        raise ValueError("a scope is open already: pass its tx on")
    mode = " READ ONLY" if read_only else ""
    opening = f"BEGIN{mode}; SET LOCAL app.ctx = '{scope_token(ctx.tenant_id, ctx.lease_seconds)}'"
    with translated():
        async with Transaction(ENGINE, opening) as transaction:
            yield cast("Tx", transaction.connection)


@asynccontextmanager
async def unscoped() -> AsyncIterator[Tx]:
    """A connection without a tenant, for the look-up functions (`find_*`, `claim_*`): policies refuse it."""
    if scope_is_open():
        raise ValueError("a scope is open: look up before it")
    with translated():
        async with ENGINE.open_pool().acquire(timeout=ACQUIRE_SECONDS) as connection:
            yield cast("Tx", connection)
