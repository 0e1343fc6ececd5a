"""Record money that a buyer paid and share it out (DOMAIN §9)."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from billing import rows
from billing.bring_forward import catch_up, use_backdated
from billing.command import Command, ReceiptRow
from billing.commit import commit_with_retry
from billing.loaded import Loaded, not_ahead
from billing.queries import (
    buyer_books,
    last_credit_reference,
    load_drawdown,
    load_payable,
    taken_ref,
    with_events,
)
from billing.receipts import ReceiptView, settle
from billing.rules.accounts import Parties
from billing.rules.decide_receipt import receive
from billing.rules.decision import Refusal
from kernel import ids
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid, NotFound

PERMISSION: Final = "receipts:write"

Channel = Literal["bank_transfer", "auto_debit", "payment_page", "proof", "platform"]


class RecordReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """`advance`: the payer asked to pay early. `drawdown_id`: the payer named one. No day: today; else the
    value date."""

    buyer_id: UUID
    currency: str
    amount_minor: int
    channel: Channel
    effective_on: date | None = None
    external_ref: str | None = None
    advance: bool = False
    drawdown_id: UUID | None = None


async def record_receipt(ctx: Ctx, command: RecordReceipt) -> ReceiptView:
    """Refused: no amount; a stranger's buyer or drawdown; `external_ref` taken; a currency the buyer has no
    line in, or not the named drawdown's; in the future; a named drawdown that is not captured, or closed.

    What is not owed becomes credit balance.
    """
    ctx.require(PERMISSION)
    if command.amount_minor <= 0:
        raise Invalid(errors=(FieldProblem("#/amount_minor", "not_positive"),))
    receipt_id = ids.uuid7()
    on = command.effective_on or ctx.today
    await catch_up(ctx, command.buyer_id, command.currency)

    async def decide() -> Command:
        ground = await _ground(ctx, command, on)
        if isinstance(ground, Refusal):
            return rows.refused(ctx, ground)
        parties, payable = ground
        settlement = receive(
            [loaded.drawdown for loaded in payable],
            parties=parties,
            receipt_id=receipt_id,
            amount_minor=command.amount_minor,
            on=on,
            today=ctx.today,
            advance=command.advance,
            named=command.drawdown_id,
        )
        if isinstance(settlement, Refusal):
            return rows.refused(ctx, settlement)
        receipt = ReceiptRow(
            id=receipt_id,
            buyer_id=command.buyer_id,
            drawdown_id=command.drawdown_id,
            external_ref=command.external_ref,
            channel=command.channel,
            currency=command.currency,
            amount_minor=command.amount_minor,
            excess_minor=settlement.rest_minor,
            advance=command.advance,
            status="posted",
            effective_on=on,
            booked_on=ctx.today,
            created_at=ctx.now,
        )
        return settle(ctx, receipt, payable, settlement)

    committed = await commit_with_retry(ctx, decide)
    recorded = committed.result(ReceiptView)
    if (
        on < ctx.today
        and recorded.excess_minor
        and not (committed.replayed and await _credit_grew_since(ctx, recorded))
    ):
        await use_backdated(ctx, command.buyer_id, command.currency, on, recorded.excess_minor)
    return recorded


async def _credit_grew_since(ctx: Ctx, recorded: ReceiptView) -> bool:
    """A repeat finishes what an interrupted first copy left, from the receipt's own rest only."""
    assert recorded.buyer_id is not None
    async with scope(ctx, read_only=True) as tx:
        last = await last_credit_reference(tx, ctx, recorded.buyer_id, recorded.currency)
    return last != f"receipt:{recorded.id}"


async def _ground(ctx: Ctx, command: RecordReceipt, on: date) -> tuple[Parties, list[Loaded]] | Refusal:
    async with scope(ctx, read_only=True) as tx:
        named = await _own(tx, ctx, command)
        if refusal := await taken_ref(tx, ctx, "receipt", command.external_ref):
            return refusal
        books = await buyer_books(tx, ctx, command.buyer_id, command.currency)
        if books is None:
            return Refusal("no_line_in_currency", {"currency": command.currency})
        payable = await load_payable(tx, ctx, command.buyer_id, command.currency, on=on)
        if named and named.currency != command.currency:
            return Refusal("currency_mismatch", {"currency": named.currency})
        if named and named.id not in {loaded.id for loaded in payable}:
            payable = sorted([*payable, named], key=lambda loaded: loaded.id)
        not_ahead(ctx, payable)
        payable = [await with_events(tx, ctx, loaded, "receive", on=on) for loaded in payable]
    return books, payable


async def _own(tx: Tx, ctx: Ctx, command: RecordReceipt) -> Loaded | None:
    """The named drawdown of the command's buyer. Raises NotFound for either."""
    if not await tx.fetchval(
        "SELECT true FROM tenants.buyer WHERE tenant_id = $1 AND id = $2", ctx.tenant_id, command.buyer_id
    ):
        raise NotFound(what="buyer")
    if command.drawdown_id is None:
        return None
    named = await load_drawdown(tx, ctx, command.drawdown_id)
    if named is None or named.buyer_id != command.buyer_id:
        raise NotFound(what="drawdown")
    return named
