"""Imports: a platform's file of orders, returns, buyers, merchants, receipts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.member import Limit
from app.cli.written import Written, written
from app.imports.dry_run import try_file
from app.imports.error_file import error_file, words
from app.imports.files import format_of, open_file
from app.imports.mapping_files import load_mapping
from app.imports.runner import import_file
from app.progress import Stages
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.ids import encode
from tenants.imports import Format, ImportRun, Status, list_imports, list_refusals, read_import
from tenants.rules.cells import plain
from tenants.rules.counts import Counts
from tenants.rules.mapping import Kind, bind, read_mapping

app = group("Imports: a platform's orders, returns, buyers, merchants, receipts from a file.")

File = Annotated[Path, typer.Argument(help="CSV, NDJSON or Parquet, by the ending of its name")]
MappingName = Annotated[
    str, typer.Option("--mapping", metavar="NAME", help="A JSON file, or a ready one: online_retail")
]
Form = Annotated[Format | None, typer.Option("--format", help="Where the name does not tell it")]


class ImportView(msgspec.Struct, kw_only=True):
    """`rows` of the file are accounted for: recorded, repeated, left out or refused."""

    id: str
    kind: Kind
    status: Status
    file_name: str
    rows: int
    counts: Counts
    problem: str | None
    created_at: datetime
    ended_at: datetime | None


class TriedView(msgspec.Struct, kw_only=True):
    """What would be; the first refused rows with what is wrong."""

    counts: Counts
    refused: list[dict[str, Any]]


class CheckedView(msgspec.Struct, kw_only=True):
    kind: Kind
    columns: list[str]


@command(app, "run")
async def run(
    ctx: Ctx, file: File, mapping: MappingName, form: Form = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Everything but the writing")] = False,
) -> ImportView | TriedView:  # fmt: skip
    """Take a file in, or go on with where it stopped. What stands already is repeated, never doubled."""
    given, kind = load_mapping(mapping), form or format_of(file.name)
    with Stages().stage(f"{'trying' if dry_run else 'importing'} {file.name}, rows") as tell:
        if not dry_run:
            return _view(await import_file(ctx, file, given, kind, tell), ctx.locale)
        tried = await try_file(ctx, file, given, kind, tell)
    return TriedView(
        counts=tried.counts,
        refused=[
            {"row": one.row[0], "column": one.column, "code": one.code, "cells": [*map(plain, one.row[1])]}
            for one in tried.refused
        ],
    )


@command(app, "check")
async def check(ctx: Ctx, file: File, mapping: MappingName, form: Form = None) -> CheckedView:
    """Does a mapping fit a file's columns? Reads no row."""
    read = read_mapping(load_mapping(mapping))
    opened = open_file(file, read, form or format_of(file.name))
    bind(read, opened.columns)
    return CheckedView(kind=read.kind, columns=list(opened.columns))


@command(app, "list", columns=("id", "kind", "status", "file_name", "rows", "created_at"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[ImportView]:
    """Imports, newest first."""
    async with scope(ctx, read_only=True) as tx:
        return [_view(one, ctx.locale) for one in await list_imports(tx, ctx.tenant_id, limit=limit)]


@command(app, "show")
async def show(
    ctx: Ctx, import_: Annotated[str, typer.Argument(metavar="IMPORT", help="Its id, imp_…")]
) -> ImportView:
    """How far one has come, and what its rows came to."""
    async with scope(ctx, read_only=True) as tx:
        found = await read_import(tx, ctx.tenant_id, named.identified("import", "imp", import_))
    return _view(found, ctx.locale)


@command(app, "errors")
async def errors(
    ctx: Ctx,
    import_: Annotated[str, typer.Argument(metavar="IMPORT", help="Its id, imp_…")],
    out: Annotated[Path, typer.Option(help="Where to: a CSV that table programs open")],
) -> Written:
    """The refused rows as they came, each with what is wrong: correct them there, and import that file."""
    import_id = named.identified("import", "imp", import_)
    async with scope(ctx, read_only=True) as tx:
        found = await read_import(tx, ctx.tenant_id, import_id)
        rows = await list_refusals(tx, ctx.tenant_id, import_id, limit=found.counts.refused_rows)
    return written(out, "".join(error_file(found.columns, rows, ctx.locale)).encode())


def _view(run: ImportRun, locale: str) -> ImportView:
    return ImportView(
        id=encode("imp", run.id),
        kind=run.kind,
        status=run.status,
        file_name=run.file_name,
        rows=run.position,
        counts=run.counts,
        problem=words(run.problem, locale) if run.problem else None,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )
