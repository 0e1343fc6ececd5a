"""Tries a file: everything but the writing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from app.imports.files import open_file
from app.imports.receipts import try_receipts
from app.imports.runner import steps_of, tenant_zone
from kernel.context import Ctx
from tenants.imports import Format
from tenants.rules.counts import Counts, Tally
from tenants.rules.mapping import bind, read_mapping
from tenants.rules.steps import Refused
from tenants.try_rows import TryRows, try_rows

MOST_SHOWN: Final = 1_000


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` are what would be; `refused` the first thousand rows."""

    columns: tuple[str, ...]
    counts: Counts
    refused: list[Refused]


async def try_file(
    ctx: Ctx, path: Path, given: dict[str, Any], form: Format, tell: Callable[[int], None] = lambda _: None
) -> DryRun:
    """Raises as `import_file`, also for a file that breaks further down."""
    mapping = read_mapping(given)
    file = await asyncio.to_thread(open_file, path, mapping, form)
    bind(mapping, file.columns)
    total, refused = Counts(), list[Refused]()
    pieces = steps_of(file, mapping, await tenant_zone(ctx), 0)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        receipts = await try_receipts(ctx, piece) if mapping.kind == "receipts" else ()
        tried = await try_rows(ctx.unkeyed(), TryRows(mapping=given, steps=tuple(piece), receipts=receipts))
        _add(total, tried.counts)
        refused += tried.refused[: MOST_SHOWN - len(refused)]
        tell(tried.counts.rows)
    return DryRun(columns=file.columns, counts=total, refused=refused)


def _add(total: Counts, more: Counts) -> None:
    total.rows += more.rows
    total.refused_rows += more.refused_rows
    for mine, theirs in (
        (total.recorded, more.recorded),
        (total.repeated, more.repeated),
        (total.left_out, more.left_out),
    ):
        for name, tally in theirs.items():
            mine.setdefault(name, Tally()).add(tally.objects, tally.rows, tally.amount_minor)
