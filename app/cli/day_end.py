"""Day end."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
import typer

from app.cli.commands import across, group
from app.cli.failures import CommandError
from app.cli.output import further, working
from app.cli.session import context, slugs
from app.cli.values import day
from billing.run_day import RunDay, run_day
from kernel.errors import DomainError

app = group("Day end: what the schedule brought is written down, day by day until today.")


class Ended(msgspec.Struct):
    tenant: str
    through_on: date | None = None
    days: int = 0
    advanced: int = 0
    credit_uses: int = 0
    error: str | None = None


class DayEnds(msgspec.Struct):
    data: list[Ended]

    @property
    def failed(self) -> bool:
        return any(one.error for one in self.data)


@across(app, "run")
async def run(
    tenant: str | None,
    on: Annotated[
        str | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help="Refuse tenants whose business date is another"),
    ] = None,
) -> DayEnds:
    """End every day not yet ended, of one tenant or of all; one tenant's failure stops no other."""
    ended = []
    for slug in [tenant] if tenant else await slugs():
        try:
            ended.append(await _run(slug, day(on)))
        except (DomainError, CommandError) as error:
            ended.append(Ended(tenant=slug, error=str(getattr(error, "code", error))))
    return DayEnds(data=ended)


async def _run(slug: str, on: date | None) -> Ended:
    ctx = await context(slug, None)
    if on is not None and on != ctx.today:
        raise CommandError(
            f"the business date is {ctx.today}", "a test tenant's moves by: tradeline clock advance"
        )
    with working(f"{slug}: drawdowns advanced") as tell:
        done = await run_day(ctx, RunDay(progress=further(tell)))
    return Ended(
        tenant=slug,
        through_on=done.through_on,
        days=done.days,
        advanced=done.advanced,
        credit_uses=done.credit_uses,
    )
