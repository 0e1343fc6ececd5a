"""Why an amount is what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, single
from app.cli.values import day
from billing.explanations import (
    explain_charge,
    explain_drawdown,
    explain_receipt,
    explain_statement_line,
)
from billing.schemas.explanations import ExplanationBody, explanation_body
from kernel.context import Ctx
from kernel.db.scope import scope

app = single()


@command(app, "explain")
async def explain(
    ctx: Ctx,
    explained: Annotated[str, typer.Argument(metavar="ID", help="drw_…, chg_…, rcp_… or sml_…")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="YYYY-MM-DD", help="Of a drawdown: any day; today without"),
    ] = None,
    instalment: Annotated[int | None, typer.Option(metavar="NO", help="Only of this one")] = None,
) -> ExplanationBody:
    """Why each amount is what it is; --json tells the whole tree."""
    async with scope(ctx, read_only=True) as tx:
        if explained.startswith("chg_"):
            found = await explain_charge(tx, ctx, named.identified("charge", "chg", explained))
        elif explained.startswith("rcp_"):
            found = await explain_receipt(tx, ctx, named.identified("receipt", "rcp", explained))
        elif explained.startswith("sml_"):
            line_id = named.identified("statement line", "sml", explained)
            found = await explain_statement_line(tx, ctx, line_id)
        else:
            drawdown_id = named.identified("drawdown", "drw", explained)
            found = await explain_drawdown(tx, ctx, drawdown_id, day(as_of))
    return explanation_body(ctx, explained, found.of(instalment))
