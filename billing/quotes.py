"""Asked ahead, by the very rules that charge: what an order would cost, and what closes a drawdown on a
day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from billing.bring_forward import load_current
from billing.rules.events import DueDate
from billing.rules.quote import Payoff, Quote, payoff, quote
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import FieldProblem, Invalid
from products.buyer_tiers import choice_of
from products.calendars import capture_dates
from products.queries import published
from products.rules.product import PLAIN, Choice

PERMISSION: Final = "drawdowns:read"
QUOTED_DAYS: Final = 30
"""A payoff is quoted for any day within so many days (DOMAIN §9)."""
FARTHEST_DAYS: Final = 3660
"""How far from today the capture of a quoted order may lie, either way."""


class QuoteOrder(msgspec.Struct, frozen=True, kw_only=True):
    """No day: captured today. `choice`: instalments, due day and the like, of those that the product
    offers. `buyer_id`: for whom, since tier and party may change the terms.
    """

    product_id: UUID
    buyer_id: UUID | None = None
    amount_minor: int
    captured_on: date | None = None
    choice: Choice = PLAIN


class QuotePayoff(msgspec.Struct, frozen=True, kw_only=True):
    """No day: today."""

    drawdown_id: UUID
    on: date | None = None


async def quote_order(ctx: Ctx, command: QuoteOrder) -> Quote:
    """Schedule, total cost and both rates. Raises NotFound (a stranger's product or buyer), Invalid."""
    ctx.require(PERMISSION)
    if command.amount_minor <= 0:
        raise Invalid(errors=(FieldProblem("#/amount_minor", "not_positive"),))
    captured_on = command.captured_on or ctx.today
    if abs((captured_on - ctx.today).days) > FARTHEST_DAYS:
        expected = f"{FARTHEST_DAYS} days from today at most"
        raise Invalid(errors=(FieldProblem("#/captured_on", "out_of_range", {"expected": expected}),))
    async with scope(ctx, read_only=True) as tx:
        choice = command.choice
        if command.buyer_id is not None:
            choice = await choice_of(tx, ctx, command.product_id, command.buyer_id, choice)
        offer = await published(tx, ctx, command.product_id, choice)
    dates = tuple(DueDate(*row) for row in capture_dates(offer.terms, captured_on, captured_on))
    return quote(offer.terms, command.amount_minor, captured_on, dates=dates)


async def quote_payoff(ctx: Ctx, command: QuotePayoff) -> Payoff:
    """By component. Raises NotFound (a stranger's drawdown), Invalid for a day past or too far ahead."""
    ctx.require(PERMISSION)
    on = command.on or ctx.today
    if not ctx.today <= on <= ctx.today + timedelta(QUOTED_DAYS):
        last_on = str(ctx.today + timedelta(QUOTED_DAYS))
        raise Invalid(
            errors=(
                FieldProblem("#/on", "outside_quoted_days", {"first_on": str(ctx.today), "last_on": last_on}),
            )
        )
    loaded = await load_current(ctx, command.drawdown_id)
    return payoff(loaded.terms, loaded.state, on)
