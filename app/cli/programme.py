"""Programmes."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands import command, group
from app.cli.member import Limit
from kernel.context import Ctx
from kernel.db.scope import scope
from products.open_programme import OpenProgramme, open_programme
from products.queries import list_programmes
from products.schemas import ProgrammeView, programme_view

app = group("Programmes: which lender gives credit, and in whose books.")


@command(app, "open")
async def open_(
    ctx: Ctx,
    lender: Annotated[str, typer.Option(help="The lender of record, a legal entity")],
    tenant_entity: Annotated[str, typer.Option("--entity", help="The platform's own legal entity")],
    currency: Annotated[str, typer.Option(help="ISO 4217, as CNY")],
    licence: Annotated[str | None, typer.Option(help="The lender's licence; a loan needs one")] = None,
    legal_form: Annotated[str, typer.Option(help="loan")] = "loan",
) -> ProgrammeView:
    """Open a programme with the books of its two legal entities."""
    command = OpenProgramme(
        lender_of_record=lender,
        licence=licence,
        tenant_entity=tenant_entity,
        currency=currency,
        legal_form=legal_form,
    )
    return programme_view(ctx, await open_programme(ctx, command))


@command(app, "list", columns=("id", "lender_of_record", "licence", "legal_form", "currency", "status"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[ProgrammeView]:
    """Programmes in the order of their opening."""
    async with scope(ctx, read_only=True) as tx:
        return [programme_view(ctx, one) for one in await list_programmes(tx, ctx.tenant_id, limit=limit)]
