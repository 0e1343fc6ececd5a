"""Receipts of a file through billing, one by one; the reference makes a repetition harmless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args
from uuid import UUID

from billing.queries import Receipt, receipts_of_refs
from billing.record_receipt import Channel, RecordReceipt, record_receipt
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import DomainError, FieldProblem
from tenants.queries import buyers_of_refs
from tenants.rules import inputs
from tenants.rules.parties import ReceiptItem
from tenants.rules.steps import Step, Taken
from tenants.trade import Outcome

_CHANNELS: Final = get_args(Channel)


async def record_receipts(ctx: Ctx, steps: Sequence[Step]) -> tuple[Outcome, ...]:
    """What each receipt among the steps came to, in their order. Each is a transaction of its own: after a
    kill those that were recorded are repetitions."""
    items = _items(steps)
    buyers, there = await _known(ctx, items)
    told = []
    for item in items:
        outcome = _judged(ctx, item, buyers, there)
        told.append(outcome or await _record(ctx, item, buyers[item.buyer_ref]))
    return tuple(told)


async def try_receipts(ctx: Ctx, steps: Sequence[Step]) -> tuple[Outcome, ...]:
    """What can be foreseen of each without recording it."""
    items = _items(steps)
    buyers, there = await _known(ctx, items)
    return tuple(
        _judged(ctx, item, buyers, there) or Outcome(item.external_ref, "recorded") for item in items
    )


def _items(steps: Sequence[Step]) -> list[ReceiptItem]:
    return [step.item for step in steps if isinstance(step, Taken) and isinstance(step.item, ReceiptItem)]


async def _known(ctx: Ctx, items: Sequence[ReceiptItem]) -> tuple[dict[str, UUID], dict[str, Receipt]]:
    async with scope(ctx, read_only=True) as tx:
        buyers = await buyers_of_refs(tx, ctx.tenant_id, _texts([item.buyer_ref for item in items]))
        there = await receipts_of_refs(tx, ctx, _texts([item.external_ref for item in items]))
    return buyers, there


def _texts(values: Sequence[str]) -> list[str]:
    """PostgreSQL takes no NUL; what has one is refused by its form."""
    return [value for value in values if "\x00" not in value]


def _judged(
    ctx: Ctx, item: ReceiptItem, buyers: dict[str, UUID], there: dict[str, Receipt]
) -> Outcome | None:
    """A refusal or a repetition; None for what is to be recorded."""
    ref = item.external_ref
    problem = inputs.name(ref, "#/external_ref") or inputs.name(item.buyer_ref, "#/buyer_ref")
    if problem is None and item.buyer_ref not in buyers:
        problem = FieldProblem("#/buyer_ref", "unknown_buyer", {"given": item.buyer_ref})
    if problem is None and item.channel not in _CHANNELS:
        problem = FieldProblem("#/channel", "unknown_value", {"given": item.channel[:80]})
    if problem is None and item.amount_minor <= 0:
        problem = FieldProblem("#/amount_minor", "not_positive")
    if problem is None and item.effective_on is not None and item.effective_on > ctx.today:
        problem = FieldProblem("#/effective_on", "effective_in_future", {"today": ctx.today.isoformat()})
    if problem is not None:
        return Outcome(ref, "refused", problem=problem)
    if (stored := there.get(ref)) is None:
        return None
    alike = (
        stored.buyer_id == buyers[item.buyer_ref]
        and (stored.currency, stored.amount_minor) == (item.currency, item.amount_minor)
        and item.effective_on in (None, stored.effective_on)
    )
    if alike:
        return Outcome(ref, "repeated", stored.id)
    problem = FieldProblem("#/external_ref", "recorded_otherwise", {"external_ref": ref})
    return Outcome(ref, "refused", problem=problem)


async def _record(ctx: Ctx, item: ReceiptItem, buyer_id: UUID) -> Outcome:
    channel: Any = item.channel
    command = RecordReceipt(
        buyer_id=buyer_id,
        currency=item.currency,
        amount_minor=item.amount_minor,
        channel=channel,
        effective_on=item.effective_on,
        external_ref=item.external_ref,
    )
    try:
        receipt = await record_receipt(ctx, command)
    except DomainError as error:
        if error.retryable:
            raise
        problem = error.errors[0] if error.errors else _same_words(error)
        return Outcome(item.external_ref, "refused", problem=problem)
    return Outcome(item.external_ref, "recorded", receipt.id)


def _same_words(error: DomainError) -> FieldProblem:
    """A refusal of the whole receipt, at its row."""
    return FieldProblem("#", error.code, error.params)
