"""Money that came."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import named
from app.cli.commands import command, group
from app.cli.failures import CommandError
from app.cli.member import Limit
from app.cli.values import Amount, AmountMinor, On, day, minor
from billing.history import allocations_of
from billing.queries import find_receipt, list_lines, list_receipts
from billing.record_receipt import Channel, RecordReceipt, record_receipt
from billing.reverse_receipt import ReverseReceipt, reverse_receipt
from billing.rules.events import ReversalReason
from billing.schemas.receipts import ReceiptBody, receipt_body
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound
from tenants.queries import Buyer

app = group("Money that came from buyers.")

Receipt = Annotated[str, typer.Argument(metavar="RECEIPT", help="Its id, rcp_…")]
COLUMNS = (
    "id",
    "effective_on",
    "buyer_id",
    "channel",
    "status",
    "amount_minor",
    "excess_minor",
    "external_ref",
)


@command(app, "record")
async def record(
    ctx: Ctx,
    buyer: Annotated[str, typer.Option(help="Id or external reference of who paid")],
    amount: Amount = None,
    amount_minor: AmountMinor = None,
    currency: Annotated[str | None, typer.Option(help="Needed where the buyer has lines in several")] = None,
    channel: Annotated[Channel, typer.Option(help="How it came")] = "bank_transfer",
    on: On = None,
    advance: Annotated[
        bool, typer.Option("--advance", help="The payer asked to pay what is not yet due")
    ] = False,
    drawdown: Annotated[str | None, typer.Option(metavar="drw_…", help="The payer named this one")] = None,
    external_ref: Annotated[
        str | None, typer.Option(help="The bank's reference; unique for ever, so a repeat is refused")
    ] = None,
) -> ReceiptBody:
    """Record money and share it out over what the buyer owes; the rest is credit balance."""
    payer = await named.buyer(ctx, buyer)
    money = currency or await _currency(ctx, payer)
    command = RecordReceipt(
        buyer_id=payer.id,
        currency=money,
        amount_minor=minor(amount, amount_minor, money),
        channel=channel,
        effective_on=day(on),
        external_ref=external_ref,
        advance=advance,
        drawdown_id=named.identified("drawdown", "drw", drawdown) if drawdown else None,
    )
    receipt = await record_receipt(ctx, command)
    return receipt_body(ctx, receipt, receipt.allocations)


@command(app, "reverse")
async def reverse(
    ctx: Ctx,
    receipt: Receipt,
    reason: Annotated[ReversalReason, typer.Option(help="bounced: it never came; our_mistake: we erred")],
) -> ReceiptBody:
    """Take a receipt back: what it paid is owed again."""
    command = ReverseReceipt(receipt_id=named.identified("receipt", "rcp", receipt), reason=reason)
    found = await reverse_receipt(ctx, command)
    return receipt_body(ctx, found, found.allocations)


@command(app, "list", columns=COLUMNS)
async def list_(
    ctx: Ctx,
    buyer: Annotated[str | None, typer.Option(help="Only this buyer's")] = None,
    limit: Limit = 100,
) -> list[ReceiptBody]:
    """Receipts, newest first."""
    buyer_id = (await named.buyer(ctx, buyer)).id if buyer else None
    async with scope(ctx, read_only=True) as tx:
        found = await list_receipts(tx, ctx, buyer_id=buyer_id, before=None, limit=limit)
        parts = await allocations_of(tx, ctx, [one.id for one in found])
    return [receipt_body(ctx, one, parts.get(one.id, ())) for one in found]


@command(app, "show")
async def show(ctx: Ctx, receipt: Receipt) -> ReceiptBody:
    """One receipt with what it pays: drawdown, instalment, component."""
    receipt_id = named.identified("receipt", "rcp", receipt)
    async with scope(ctx, read_only=True) as tx:
        found = await find_receipt(tx, ctx, receipt_id)
        if found is None:
            raise NotFound()
        parts = await allocations_of(tx, ctx, [receipt_id])
    return receipt_body(ctx, found, parts.get(receipt_id, ()))


async def _currency(ctx: Ctx, buyer: Buyer) -> str:
    """The one currency of the buyer's lines."""
    async with scope(ctx, read_only=True) as tx:
        lines = await list_lines(tx, ctx, buyer_id=buyer.id, before=None, limit=100)
    found = sorted({line.currency for line in lines})
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"{buyer.name} has lines in {', '.join(found)}", "name one with --currency")
    raise CommandError(f"{buyer.name} has no line", "grant one first: tradeline line grant")
