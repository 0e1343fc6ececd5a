"""Routes that ask ahead: what an order would cost, what closes a drawdown."""

from __future__ import annotations

from datetime import date

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from billing import quotes
from billing.quotes import QuoteOrder, QuotePayoff
from billing.schemas.quotes import NewQuote, PayoffBody, QuoteBody, payoff_body, quote_body
from billing.schemas.values import DrawdownId
from kernel.web.request import ApiRequest, needs
from products.rules.product import Choice


@post(
    "/quotes",
    opt=needs(quotes.PERMISSION),
    operation_id="create_quote",
    tags=["Quotes"],
    status_code=200,
)
async def create_quote(request: ApiRequest, data: JSONBody[NewQuote]) -> QuoteBody:
    """The schedule, total cost and both yearly rates of an amount, if paid when due. Nothing is stored."""
    command = QuoteOrder(
        product_id=data.product_id.uuid,
        buyer_id=None if data.buyer_id is None else data.buyer_id.uuid,
        amount_minor=data.amount_minor,
        captured_on=data.captured_on,
        choice=Choice(
            instalments=data.instalments,
            due_day=data.due_day,
            category=data.category,
            campaign=data.campaign,
        ),
    )
    return quote_body(request.ctx, command.product_id, await quotes.quote_order(request.ctx, command))


@get(
    "/drawdowns/{drawdown_id:str}/payoff",
    opt=needs(quotes.PERMISSION),
    operation_id="get_payoff",
    tags=["Quotes"],
)
async def get_payoff(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], on: FromQuery[date | None] = None
) -> PayoffBody:
    """What closes a drawdown today, or on a day within the next 30."""
    command = QuotePayoff(drawdown_id=drawdown_id.uuid, on=on)
    return payoff_body(request.ctx, command.drawdown_id, await quotes.quote_payoff(request.ctx, command))
