"""Convert what is not yet due to instalments (账单分期): it becomes a drawdown of its own (DOMAIN §10)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing import known, rows
from billing.bring_forward import load_current
from billing.command import Command
from billing.commit import commit_with_retry
from billing.events import DRAWDOWN_CONVERTED
from billing.loaded import DrawdownView, Loaded, view
from billing.rules.decide_conversion import convert
from billing.rules.decision import Refusal
from billing.rules.events import DueDate
from billing.rules.values import State
from kernel import ids
from kernel.context import Ctx
from kernel.db.scope import scope
from products.buyer_tiers import choice_of
from products.calendars import capture_dates
from products.queries import Offered, published
from products.rules.product import PLAIN, Choice

PERMISSION: Final = "debts:write"


class ConvertToInstalments(msgspec.Struct, frozen=True, kw_only=True):
    """No instalments named: all of them. No product: that of the drawdown, in its version of today.

    `choice`: of what that product offers. What it will cost: quote the amount under it (quotes.py).
    """

    drawdown_id: UUID
    instalment_nos: tuple[int, ...] | None = None
    product_id: UUID | None = None
    choice: Choice = PLAIN


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """`conversion` owes what left `drawdown`, in minor units; the line is used as before."""

    amount_minor: int
    drawdown: DrawdownView
    conversion: DrawdownView


async def convert_to_instalments(ctx: Ctx, command: ConvertToInstalments) -> Converted:
    """Refused, in this order: a stranger's drawdown or product; instalments or a due day that are not
    offered; another programme; wrong state; something past due; written off; charges capitalised; no such
    instalment; one whose due date is over, which has nothing open, is in dispute or may still close free of
    interest; nothing open; below or above the product's bounds; a cost above the law's cap; by the database:
    line closed or frozen.
    """
    ctx.require(PERMISSION)
    conversion_id = ids.uuid7()

    async def decide() -> Command:
        loaded = await load_current(ctx, command.drawdown_id, "convert", on=ctx.today)
        product_id = command.product_id or loaded.product_id
        offer = await _offered(ctx, product_id, loaded.buyer_id, command.choice)
        if offer.programme_id != loaded.programme_id:
            return rows.refused(ctx, Refusal("another_programme"))
        told = convert(
            loaded.drawdown,
            conversion_id=conversion_id,
            terms=offer.terms,
            dates=tuple(DueDate(*row) for row in capture_dates(offer.terms, ctx.today, ctx.today)),
            nos=command.instalment_nos,
            today=ctx.today,
        )
        if isinstance(told, Refusal):
            return rows.refused(ctx, told)
        new = _conversion(ctx, conversion_id, loaded, offer, told.into.after)
        draft = rows.Draft()
        rows.moved_on(ctx, draft, loaded, told.out)
        rows.opened(ctx, draft, new, told.into, offer.terms_id, patient=False)
        rows.told(
            ctx, draft, DRAWDOWN_CONVERTED, loaded, conversion_id=conversion_id,
            amount_minor=told.amount_minor, effective_on=ctx.today,
        )  # fmt: skip
        result = Converted(
            amount_minor=told.amount_minor,
            drawdown=view(loaded, told.out.after),
            conversion=view(new, told.into.after),
        )
        return rows.command(ctx, draft, result)

    return (await commit_with_retry(ctx, decide)).result(Converted)


def _conversion(ctx: Ctx, conversion_id: UUID, source: Loaded, offer: Offered, state: State) -> Loaded:
    """On the line of its source; it keeps order and merchant, so that goods can come back to whom they came
    from.
    """
    return Loaded(
        id=conversion_id,
        version=0,
        line_id=source.line_id,
        programme_id=offer.programme_id,
        product_id=offer.product_id,
        buyer_id=source.buyer_id,
        merchant_id=source.merchant_id,
        currency=source.currency,
        order_ref=source.order_ref,
        external_ref=None,
        authorised_on=ctx.today,
        terms=offer.terms,
        state=state,
    )


async def _offered(ctx: Ctx, product_id: UUID, buyer_id: UUID, choice: Choice) -> Offered:
    """With its terms stored, so that a drawdown may refer to them."""
    async with scope(ctx) as tx:
        choice = await choice_of(tx, ctx, product_id, buyer_id, choice)
        offer = await published(tx, ctx, product_id, choice)
        await known.store_terms(tx, ctx, offer.terms_id, offer.terms)
    known.remember_terms(ctx, offer.terms_id)
    return offer
