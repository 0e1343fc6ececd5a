"""Try rows of a file: all that would happen, and nothing stays."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.imports import take
from tenants.rules.counts import Counts
from tenants.rules.mapping import read_mapping
from tenants.rules.steps import Refused, Step
from tenants.trade import Outcome

PERMISSION: Final = "imports:write"


class TryRows(msgspec.Struct, frozen=True, kw_only=True):
    mapping: dict[str, Any]
    steps: tuple[Step, ...]
    receipts: tuple[Outcome, ...] = ()


class Tried(msgspec.Struct, frozen=True):
    counts: Counts
    refused: list[Refused]


async def try_rows(ctx: Ctx, command: TryRows) -> Tried:
    """Each piece by itself: what an earlier one would write is not there. Raises Forbidden, Invalid."""
    ctx.require(PERMISSION)
    mapping = read_mapping(command.mapping)
    counts = Counts()
    try:
        async with scope(ctx) as tx:
            refused = await take(tx, ctx, mapping, command.steps, command.receipts, counts)
            raise _TakenBack
    except _TakenBack:
        return Tried(counts, refused)


class _TakenBack(Exception):
    """Ends the transaction with a rollback."""
