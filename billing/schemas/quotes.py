"""What an order would cost, and what closes a drawdown on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from billing.rules.quote import Payoff, Quote, QuotedInstalment
from billing.schemas.values import Amount, DrawdownId, Text
from kernel.context import Ctx
from products.rules.terms import MonthDay
from products.schemas import ProductId
from tenants.schemas import BuyerId


class NewQuote(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`captured_on`: today where it is left out. `instalments`, `due_day`: of those that the product
    offers. `buyer_id`: for whom, since a buyer's tier and party may change the terms.
    """

    product_id: ProductId
    buyer_id: BuyerId | None = None
    amount_minor: Amount
    captured_on: date | None = None
    instalments: int | None = None
    due_day: MonthDay | None = None
    category: Text | None = None
    campaign: Text | None = None


class QuoteBody(msgspec.Struct, kw_only=True):
    """If all is paid when due. Rates are fractions a year: `"0.060833"` is 6.08 %."""

    object: Literal["quote"] = "quote"
    livemode: bool
    product_id: ProductId
    principal_minor: int
    total_cost_minor: int
    irr_simple: str | None
    irr_compound: str | None
    schedule: tuple[QuotedInstalment, ...]


class PayoffBody(msgspec.Struct, kw_only=True):
    """What closes the drawdown on `on`, as a receipt with `advance`."""

    object: Literal["payoff"] = "payoff"
    livemode: bool
    drawdown_id: DrawdownId
    on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    total_minor: int


def quote_body(ctx: Ctx, product_id: UUID, quote: Quote) -> QuoteBody:
    return QuoteBody(
        livemode=ctx.mode == "live",
        product_id=ProductId(product_id),
        principal_minor=quote.principal_minor,
        total_cost_minor=quote.total_cost_minor,
        irr_simple=_rate(quote.irr_simple),
        irr_compound=_rate(quote.irr_compound),
        schedule=quote.schedule,
    )


def payoff_body(ctx: Ctx, drawdown_id: UUID, payoff: Payoff) -> PayoffBody:
    parts = payoff.parts
    return PayoffBody(
        livemode=ctx.mode == "live",
        drawdown_id=DrawdownId(drawdown_id),
        on=payoff.on,
        principal_minor=parts.principal,
        interest_minor=parts.interest,
        fee_minor=parts.fee,
        penalty_minor=parts.penalty,
        total_minor=payoff.total_minor,
    )


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.6f}"
