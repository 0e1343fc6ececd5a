"""Orders on credit."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.member import Limit
from app.cli.values import Amount, AmountMinor, On, day, minor, minor_or_none
from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.capture_order import CaptureOrder, capture_order
from billing.history import currency_of, list_charges, read_drawdown, read_schedule, today_view
from billing.queries import list_drawdowns
from billing.refund_order import RefundOrder, refund_order
from billing.rules.values import Status
from billing.schemas.drawdowns import (
    ChargeBody,
    DrawdownBody,
    RefundBody,
    charge_body,
    drawdown_body,
    refund_body,
)
from billing.schemas.schedules import ScheduleBody, schedule_body
from billing.void_order import VoidOrder, void_order
from kernel.context import Ctx
from kernel.db.scope import scope

app = group("Orders on credit: authorised at the order, captured at shipment.")

Drawdown = Annotated[str, typer.Argument(metavar="DRAWDOWN", help="Its id, drw_…")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Any day; today without")]
ExternalRef = Annotated[
    str | None, typer.Option(help="Your own id of it; unique for ever, so a repeat is refused")
]
COLUMNS = (
    "id",
    "status",
    "authorised_on",
    "held_minor",
    "outstanding_minor",
    "oldest_unpaid_due_on",
    "days_past_due",
)
MOST_CHARGES = 1000


@command(app, "authorise")
async def authorise(
    ctx: Ctx,
    line: Annotated[str, typer.Option(metavar="lin_…", help="The line that pays")],
    merchant: Annotated[str, typer.Option(help="Id or external reference of the seller")],
    amount: Amount = None,
    amount_minor: AmountMinor = None,
    order_ref: Annotated[str | None, typer.Option(help="The platform's order")] = None,
    external_ref: ExternalRef = None,
) -> DrawdownBody:
    """Hold an order's amount on a line."""
    found = await named.line(ctx, line)
    command = AuthoriseOrder(
        line_id=found.id,
        merchant_id=(await named.merchant(ctx, merchant)).id,
        amount_minor=minor(amount, amount_minor, found.currency),
        currency=found.currency,
        order_ref=order_ref,
        external_ref=external_ref,
    )
    return drawdown_body(ctx, await authorise_order(ctx, command))


@command(app, "capture")
async def capture(
    ctx: Ctx, drawdown: Drawdown, amount: Amount = None, amount_minor: AmountMinor = None, on: On = None
) -> DrawdownBody:
    """Capture at shipment: the debt begins. Without amount: all that is left."""
    drawdown_id, currency = await _find(ctx, drawdown)
    command = CaptureOrder(
        drawdown_id=drawdown_id,
        amount_minor=minor_or_none(amount, amount_minor, currency),
        effective_on=day(on),
    )
    return drawdown_body(ctx, await capture_order(ctx, command))


@command(app, "void")
async def void(
    ctx: Ctx, drawdown: Drawdown, amount: Amount = None, amount_minor: AmountMinor = None
) -> DrawdownBody:
    """Release what is held. Without amount: all that is left."""
    drawdown_id, currency = await _find(ctx, drawdown)
    command = VoidOrder(drawdown_id=drawdown_id, amount_minor=minor_or_none(amount, amount_minor, currency))
    return drawdown_body(ctx, await void_order(ctx, command))


@command(app, "refund")
async def refund(
    ctx: Ctx,
    drawdown: Drawdown,
    amount: Amount = None,
    amount_minor: AmountMinor = None,
    capture_no: Annotated[
        int | None, typer.Option(min=1, help="Needed where there are several captures")
    ] = None,
    on: On = None,
    external_ref: ExternalRef = None,
) -> RefundBody:
    """Goods came back: the buyer owes less."""
    drawdown_id, currency = await _find(ctx, drawdown)
    command = RefundOrder(
        drawdown_id=drawdown_id,
        amount_minor=minor(amount, amount_minor, currency),
        capture_no=capture_no,
        external_ref=external_ref,
        effective_on=day(on),
    )
    return refund_body(ctx, await refund_order(ctx, command))


@command(app, "list", columns=COLUMNS)
async def list_(
    ctx: Ctx,
    buyer: Annotated[str | None, typer.Option(help="Only this buyer's")] = None,
    status: Annotated[Status | None, typer.Option(help="As the last event or day end stored it")] = None,
    limit: Limit = 100,
) -> list[DrawdownBody]:
    """Drawdowns as they stand today, newest first."""
    buyer_id = (await named.buyer(ctx, buyer)).id if buyer else None
    async with scope(ctx, read_only=True) as tx:
        found = await list_drawdowns(
            tx, ctx, buyer_id=buyer_id, status=status, external_ref=None, before=None, limit=limit
        )
    return [drawdown_body(ctx, today_view(ctx, one)) for one in found]


@command(app, "show")
async def show(
    ctx: Ctx,
    drawdown: Drawdown,
    as_of: AsOf = None,
) -> DrawdownBody:
    """One drawdown as it stands today, or on another day if nothing more happens."""
    drawdown_id = named.identified("drawdown", "drw", drawdown)
    async with scope(ctx, read_only=True) as tx:
        return drawdown_body(ctx, await read_drawdown(tx, ctx, drawdown_id, day(as_of)))


@command(app, "schedule")
async def schedule(ctx: Ctx, drawdown: Drawdown, as_of: AsOf = None) -> ScheduleBody:
    """What each instalment asks for when it falls due if nothing more happens, as seen today or on a day."""
    drawdown_id = named.identified("drawdown", "drw", drawdown)
    async with scope(ctx, read_only=True) as tx:
        return schedule_body(ctx, await read_schedule(tx, ctx, drawdown_id, day(as_of)))


@command(app, "charges", columns=("effective_on", "kind", "amount_minor", "instalment_no", "id"))
async def charges(ctx: Ctx, drawdown: Drawdown) -> list[ChargeBody]:
    """What was charged or given back, oldest first; --json tells the numbers that each follows from."""
    drawdown_id, currency = await _find(ctx, drawdown)
    async with scope(ctx, read_only=True) as tx:
        found = await list_charges(tx, ctx, drawdown_id, after=None, limit=MOST_CHARGES)
    return [charge_body(ctx, drawdown_id, currency, one) for one in found]


async def _find(ctx: Ctx, drawdown: str) -> tuple[UUID, str]:
    """Its id and currency."""
    drawdown_id = named.identified("drawdown", "drw", drawdown)
    async with scope(ctx, read_only=True) as tx:
        return drawdown_id, await currency_of(tx, ctx, drawdown_id)
