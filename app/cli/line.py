"""Credit lines and the decisions on their limits."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.member import Limit
from app.cli.values import Amount, AmountMinor, minor
from billing.decide_limit import DecideLimit, decide_limit, view
from billing.queries import list_lines
from billing.rules.limit import Kind
from billing.schemas.lines import LineBody, line_body
from kernel.context import Ctx
from kernel.db.scope import scope
from products.queries import published

app = group("Credit lines. A limit changes by a decision only, each with its reason.")

Line = Annotated[str, typer.Argument(metavar="LINE", help="Its id, lin_…")]
Reason = Annotated[str, typer.Option(help="Kept with the decision, and told to the buyer")]
COLUMNS = ("id", "buyer_id", "status", "limit_minor", "held_minor", "outstanding_minor", "available_minor")


@command(app, "grant")
async def grant(
    ctx: Ctx,
    buyer: Annotated[str, typer.Option(help="Id or external reference")],
    product: Annotated[str, typer.Option(help="Code or id of a published product")],
    reason: Reason,
    amount: Amount = None,
    amount_minor: AmountMinor = None,
) -> LineBody:
    """Open a line for a buyer on a product, with its first limit."""
    product_id, buyer_id = (await named.product(ctx, product)).id, (await named.buyer(ctx, buyer)).id
    async with scope(ctx, read_only=True) as tx:
        currency = (await published(tx, ctx, product_id)).currency
    command = DecideLimit(
        buyer_id=buyer_id,
        product_id=product_id,
        kind="grant",
        limit_minor=minor(amount, amount_minor, currency),
        reason=reason,
    )
    return line_body(ctx, await decide_limit(ctx, command))


@command(app, "raise")
async def raise_(
    ctx: Ctx, line: Line, reason: Reason, amount: Amount = None, amount_minor: AmountMinor = None
) -> LineBody:
    """Raise a line's limit to this amount."""
    return await _limit(ctx, line, "raise", reason, amount, amount_minor)


@command(app, "cut")
async def cut(
    ctx: Ctx, line: Line, reason: Reason, amount: Amount = None, amount_minor: AmountMinor = None
) -> LineBody:
    """Cut a line's limit to this amount; what is used beyond it stays owed as agreed."""
    return await _limit(ctx, line, "cut", reason, amount, amount_minor)


@command(app, "freeze")
async def freeze(ctx: Ctx, line: Line, reason: Reason) -> LineBody:
    """Let no new order through; what is authorised stays honoured."""
    return await _status(ctx, line, "freeze", reason)


@command(app, "unfreeze")
async def unfreeze(ctx: Ctx, line: Line, reason: Reason) -> LineBody:
    """Let new orders through again."""
    return await _status(ctx, line, "unfreeze", reason)


@command(app, "close")
async def close(ctx: Ctx, line: Line, reason: Reason) -> LineBody:
    """Close a line for good."""
    return await _status(ctx, line, "close", reason)


@command(app, "list", columns=COLUMNS)
async def list_(
    ctx: Ctx,
    buyer: Annotated[str | None, typer.Option(help="Only this buyer's")] = None,
    limit: Limit = 100,
) -> list[LineBody]:
    """Lines, newest first."""
    buyer_id = (await named.buyer(ctx, buyer)).id if buyer else None
    async with scope(ctx, read_only=True) as tx:
        found = await list_lines(tx, ctx, buyer_id=buyer_id, before=None, limit=limit)
    return [line_body(ctx, view(line)) for line in found]


@command(app, "show")
async def show(ctx: Ctx, line: Line) -> LineBody:
    """One line with its three amounts and what is available."""
    return line_body(ctx, view(await named.line(ctx, line)))


async def _limit(
    ctx: Ctx, line: str, kind: Kind, reason: str, amount: str | None, amount_minor: int | None
) -> LineBody:
    found = await named.line(ctx, line)
    limit_minor = minor(amount, amount_minor, found.currency)
    command = DecideLimit(
        buyer_id=found.buyer_id,
        product_id=found.product_id,
        kind=kind,
        limit_minor=limit_minor,
        reason=reason,
    )
    return line_body(ctx, await decide_limit(ctx, command))


async def _status(ctx: Ctx, line: str, kind: Kind, reason: str) -> LineBody:
    found = await named.line(ctx, line)
    command = DecideLimit(buyer_id=found.buyer_id, product_id=found.product_id, kind=kind, reason=reason)
    return line_body(ctx, await decide_limit(ctx, command))
