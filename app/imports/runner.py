"""Runs an import from where it stands to its end: read, map, take, tell.

While the database writes one piece, a thread maps the next. Each piece and the progress behind it are one
transaction (tenants/take_rows.py), so that whoever begins again goes on behind the last one taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from app.imports.errors import TooManyRefused
from app.imports.files import RowFile, hash_of, open_file
from app.imports.receipts import record_receipts
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import DomainError
from tenants.begin_import import BeginImport, begin_import
from tenants.end_import import EndImport, end_import
from tenants.imports import Format, ImportRun, Problem
from tenants.queries import read_tenant
from tenants.rules.mapping import Mapping, bind, read_mapping
from tenants.rules.rows import Mapper
from tenants.rules.steps import Step
from tenants.take_rows import TakeRows, take_rows

Tell = Callable[[int], None]
"""Hears how many rows more are dealt with."""
MOST_REFUSED: Final = 100_000
PIECE_ROWS: Final = 10_000
_READ_ROWS: Final = 5_000


async def import_file(
    ctx: Ctx, path: Path, given: dict[str, Any], form: Format, tell: Tell = lambda _: None
) -> ImportRun:
    """All of it: begun, or gone on with where a run of the same file and mapping stopped.

    Raises Invalid (the mapping, alone or against the columns), Forbidden, what the file's errors are;
    a file that breaks further down leaves a failed run.
    """
    mapping = read_mapping(given)
    file = await asyncio.to_thread(open_file, path, mapping, form)
    bind(mapping, file.columns)
    file_hash = await asyncio.to_thread(hash_of, path)
    begin = BeginImport(
        mapping=given,
        format=form,
        columns=file.columns,
        file_name=path.name,
        file_hash=file_hash,
        file_bytes=await asyncio.to_thread(lambda: path.stat().st_size),
    )
    return await run_import(ctx, await begin_import(ctx, begin), path, tell)


async def run_import(ctx: Ctx, run: ImportRun, path: Path, tell: Tell = lambda _: None) -> ImportRun:
    """Goes on behind `run.position`. Raises ImportMovedOn where another one is at it."""
    ctx = ctx.unkeyed()
    mapping = read_mapping(run.mapping)
    zone = await tenant_zone(ctx)
    tell(run.position)
    try:
        file = await asyncio.to_thread(open_file, path, mapping, run.format)
        pieces = steps_of(file, mapping, zone, run.position)
        coming = asyncio.create_task(asyncio.to_thread(next, pieces, None))
        while (piece := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, pieces, None))
            try:
                run = await _take(ctx, run, piece, tell)
                if run.counts.refused_rows > MOST_REFUSED:
                    raise TooManyRefused(most=MOST_REFUSED)
            except BaseException:
                await asyncio.gather(coming, return_exceptions=True)
                raise
    except DomainError as error:
        if not type(error).__module__.startswith("app.imports"):
            raise
        problem = Problem(error.code, error.params)
        return await end_import(ctx, EndImport(import_id=run.id, position=run.position, problem=problem))
    return await end_import(ctx, EndImport(import_id=run.id, position=run.position))


async def _take(ctx: Ctx, run: ImportRun, piece: list[Step], tell: Tell) -> ImportRun:
    receipts = await record_receipts(ctx, piece) if run.kind == "receipts" else ()
    taken = await take_rows(
        ctx, TakeRows(import_id=run.id, position=run.position, steps=tuple(piece), receipts=receipts)
    )
    tell(taken.position - run.position)
    return taken


async def tenant_zone(ctx: Ctx) -> str:
    async with scope(ctx, read_only=True) as tx:
        return (await read_tenant(tx, ctx.tenant_id)).timezone


def steps_of(file: RowFile, mapping: Mapping, zone: str, position: int) -> Iterator[list[Step]]:
    """The steps behind `position`, a piece at a time; the same from the same file, wherever one begins."""
    mapper = Mapper(mapping, file.columns, zone)
    piece: list[Step] = []
    passed = rows = 0
    for step in _all_steps(mapper, file):
        if passed < position:
            passed += step.rows
            continue
        piece.append(step)
        rows += step.rows
        if rows >= PIECE_ROWS or len(piece) >= PIECE_ROWS:
            yield piece
            piece, rows = [], 0
    if piece:
        yield piece


def _all_steps(mapper: Mapper, file: RowFile) -> Iterator[Step]:
    rows = file.rows()
    no = 1
    while part := list(islice(rows, _READ_ROWS)):
        yield from mapper.feed(no, part)
        no += len(part)
    yield from mapper.finish()
