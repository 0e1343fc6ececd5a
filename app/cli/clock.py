"""A test tenant's clock."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands import command, group
from app.cli.output import working
from app.cli.values import day, days_ahead, instant
from billing.move_clock import MoveClock, move_clock
from billing.schemas.clock import ClockBody
from kernel.context import Ctx

app = group("A tenant's clock; a test tenant's can be moved forward.")


@command(app, "show")
async def show(ctx: Ctx) -> ClockBody:
    """The tenant's now and business date."""
    return ClockBody(livemode=ctx.mode == "live", now=ctx.now, business_on=ctx.today)


@command(app, "advance")
async def advance(
    ctx: Ctx,
    step: Annotated[str | None, typer.Argument(metavar="+35d", help="So many days")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="DATE|INSTANT", help="2027-04-30, or 2027-04-30T10:00:00+08:00")
    ] = None,
) -> ClockBody:
    """Move a test tenant's clock; every day end on the way runs."""
    if (step is None) == (to is None):
        raise typer.BadParameter("give a step as +35d, or --to 2027-04-30")
    if step is not None:
        target = ctx.today + days_ahead(step)
    else:
        assert to is not None
        found = instant(to) if "T" in to else day(to)
        assert found is not None
        target = found
    with working("days") as tell:
        moved = await move_clock(ctx, MoveClock(to=target, progress=lambda _: tell(1)))
    return ClockBody(
        livemode=False, now=moved.now, business_on=moved.business_on, days_ended=moved.days_ended
    )
