"""The ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.member import Limit
from app.cli.values import day
from billing.history import By, currency_of, list_entries, trial_balance
from billing.schemas.ledger import EntryBody, TrialBalanceBody, entry_body, trial_balance_body
from kernel.context import Ctx
from kernel.db.scope import scope

app = group("The ledger: double entry, by book.")


@command(app, "balance")
async def balance(
    ctx: Ctx,
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Through this day; today without")
    ] = None,
    by: Annotated[By, typer.Option(help="Which date counts")] = "effective",
) -> TrialBalanceBody:
    """The trial balance: every account's sums through a day."""
    through = day(on) or ctx.today
    async with scope(ctx, read_only=True) as tx:
        return trial_balance_body(ctx, through, by, await trial_balance(tx, ctx, through, by))


@command(
    app,
    "entries",
    columns=("effective_on", "booked_on", "kind", "debit_account", "credit_account", "amount_minor"),
)
async def entries(
    ctx: Ctx,
    drawdown: Annotated[str, typer.Argument(metavar="DRAWDOWN", help="Its id, drw_…")],
    limit: Limit = 1000,
) -> list[EntryBody]:
    """A drawdown's postings in the order in which they were booked."""
    drawdown_id = named.identified("drawdown", "drw", drawdown)
    async with scope(ctx, read_only=True) as tx:
        await currency_of(tx, ctx, drawdown_id)
        found = await list_entries(tx, ctx, drawdown_id, after=None, limit=limit)
    return [entry_body(ctx, entry) for entry in found]
