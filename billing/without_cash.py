"""What set-off and goodwill have in common: one debt is paid and no money comes in, so nothing may be left
over.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from billing import rows
from billing.bring_forward import load_current
from billing.command import Command, ReceiptRow
from billing.commit import commit_with_retry
from billing.queries import taken_ref
from billing.receipts import ReceiptView, WithoutCash, settle, source_of
from billing.rules.decide_receipt import receive
from billing.rules.decision import Refusal
from kernel import ids
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid


async def pay_without_cash(
    ctx: Ctx,
    drawdown_id: UUID,
    amount_minor: int,
    channel: WithoutCash,
    *,
    on: date,
    external_ref: str | None = None,
    days_back: int | None = None,
) -> ReceiptView:
    """Raises NotFound for a stranger's drawdown, Invalid unless the amount is above 0, and what was refused:
    `backdated_too_far` beyond `days_back`, `exceeds_owed` by how much.
    """
    if amount_minor <= 0:
        raise Invalid(errors=(FieldProblem("#/amount_minor", "not_positive"),))
    receipt_id = ids.uuid7()

    async def decide() -> Command:
        loaded = await load_current(ctx, drawdown_id, "receive", on=on)
        if days_back is not None and (ctx.today - on).days > days_back:
            return rows.refused(ctx, Refusal("backdated_too_far", {"days": days_back}))
        async with scope(ctx, read_only=True) as tx:
            if refusal := await taken_ref(tx, ctx, "receipt", external_ref):
                return rows.refused(ctx, refusal)
        settlement = receive(
            [loaded.drawdown],
            parties=loaded.drawdown.parties,
            receipt_id=receipt_id,
            amount_minor=amount_minor,
            on=on,
            today=ctx.today,
            named=loaded.id,
            source=source_of(channel),
        )
        if isinstance(settlement, Refusal):
            return rows.refused(ctx, settlement)
        if settlement.rest_minor:
            owed_minor = amount_minor - settlement.rest_minor
            return rows.refused(ctx, Refusal("exceeds_owed", {"owed_minor": owed_minor}))
        receipt = ReceiptRow(
            id=receipt_id,
            buyer_id=loaded.buyer_id,
            drawdown_id=loaded.id,
            external_ref=external_ref,
            channel=channel,
            currency=loaded.currency,
            amount_minor=amount_minor,
            status="posted",
            effective_on=on,
            booked_on=ctx.today,
            created_at=ctx.now,
        )
        return settle(ctx, receipt, [loaded], settlement)

    return (await commit_with_retry(ctx, decide)).result(ReceiptView)
