"""Statements: what a line's debt did in a cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.line import Line
from app.cli.member import Limit
from app.cli.values import day
from app.cli.written import Written, written
from billing.preview_statement import PreviewStatement, preview_statement
from billing.schemas.statements import StatementView, statement_view
from billing.statements import find_statement, lines_of, list_statements
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound
from reports.api import Locale
from reports.paper import pdf
from reports.statement_paper import statement_page

app = group("Statements of lines, cut on bill days; and a preview of the next one.")

COLUMNS = (
    "number", "id", "line_id", "cut_on", "opening_minor", "charged_minor", "paid_minor", "closing_minor",
    "overdue_minor", "due_minor",
)  # fmt: skip


@command(app, "list", columns=COLUMNS)
async def list_(
    ctx: Ctx,
    line: Annotated[str | None, typer.Option(help="Only of this line, lin_…")] = None,
    buyer: Annotated[str | None, typer.Option(help="Only of this buyer: id or external reference")] = None,
    cut_from: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Cut on that day or later")
    ] = None,
    cut_to: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Cut on that day or earlier")
    ] = None,
    limit: Limit = 100,
) -> list[StatementView]:
    """Statements, newest first."""
    line_id = (await named.line(ctx, line)).id if line else None
    buyer_id = (await named.buyer(ctx, buyer)).id if buyer else None
    async with scope(ctx, read_only=True) as tx:
        found = await list_statements(
            tx, ctx, line_id=line_id, buyer_id=buyer_id, cut_from=day(cut_from), cut_to=day(cut_to),
            before=None, limit=limit,
        )  # fmt: skip
    return [statement_view(ctx, one, None) for one in found]


@command(app, "show")
async def show(
    ctx: Ctx, statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="Its id, stm_…")]
) -> StatementView:
    """One statement with its lines."""
    statement_id = named.identified("statement", "stm", statement)
    async with scope(ctx, read_only=True) as tx:
        found = await find_statement(tx, ctx, statement_id)
        if found is None:
            raise NotFound()
        return statement_view(ctx, found, await lines_of(tx, ctx, statement_id))


@command(app, "paper")
async def paper(
    ctx: Ctx,
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="Its id, stm_…")],
    out: Annotated[Path, typer.Option(help="Where to; .html gives the page, anything else a PDF")],
    locale: Annotated[Locale, typer.Option(help="Its language")] = "en",
) -> Written:
    """A statement for people, as a PDF or a page."""
    statement_id = named.identified("statement", "stm", statement)
    async with scope(ctx, read_only=True) as tx:
        html = await statement_page(tx, ctx, statement_id, locale)
    return written(out, html.encode() if out.suffix == ".html" else await pdf(html))


@command(app, "preview")
async def preview(ctx: Ctx, line: Line) -> StatementView:
    """A line's next statement, if nothing more happens."""
    command_ = PreviewStatement(line_id=named.identified("line", "lin", line))
    found = await preview_statement(ctx, command_)
    return statement_view(ctx, found.statement, found.lines)
