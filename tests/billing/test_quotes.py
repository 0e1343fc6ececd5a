"""Asked ahead: an order's cost, and what closes a drawdown on a day; then it comes to exactly that."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.quotes import FARTHEST_DAYS, PERMISSION, QuoteOrder, QuotePayoff, quote_order, quote_payoff
from billing.rules.values import Parts
from kernel.context import Ctx
from kernel.errors import Invalid
from tests.billing.checks import needs, refusal, written
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    """DOMAIN §7, example 1."""
    return await open_shop()


async def payoff(shop: Shop, drawdown_id: UUID, on: date | None = None) -> tuple[date, Parts, int]:
    told = await quote_payoff(shop.ctx, QuotePayoff(drawdown_id=drawdown_id, on=on))
    return told.on, told.parts, told.total_minor


async def test_an_order(shop: Shop) -> None:
    before = await written(shop)
    told = await quote_order(shop.ctx, QuoteOrder(product_id=shop.product_id, amount_minor=1_000_000))
    (row,) = told.schedule
    assert (row.due_on, row.principal_minor, row.interest_minor, row.total_minor) == (
        date(2027, 4, 30),
        1_000_000,
        10_000,
        1_010_000,
    )
    assert told.total_cost_minor == 10_000
    rates = [round(rate, 4) for rate in (told.irr_simple, told.irr_compound) if rate is not None]
    assert rates == [Decimal("0.0608"), Decimal("0.0624")]
    assert await written(shop) == before


async def test_an_order_of_another_day(shop: Shop) -> None:
    command = QuoteOrder(product_id=shop.product_id, amount_minor=1, captured_on=date(2027, 5, 1))
    assert (await quote_order(shop.ctx, command)).schedule[0].due_on == date(2027, 6, 30)


async def test_an_order_due_on_a_working_day(database: None) -> None:
    """As it is captured then: 1 May 2027 is a Saturday."""
    dates = {"days": 61, "shift": "following", "calendar": "weekends"}
    shop = await open_shop({**SIXTY_DAYS, "due_dates": dates})
    told = await quote_order(shop.ctx, QuoteOrder(product_id=shop.product_id, amount_minor=1_000_000))
    (row,) = told.schedule
    assert (row.nominal_on, row.due_on) == (date(2027, 5, 1), date(2027, 5, 3))


@pytest.mark.parametrize("amount", [0, -1])
async def test_no_amount(shop: Shop, amount: int) -> None:
    with pytest.raises(Invalid) as told:
        await quote_order(shop.ctx, QuoteOrder(product_id=uuid4(), amount_minor=amount))
    assert [(one.pointer, one.code) for one in told.value.errors] == [("#/amount_minor", "not_positive")]


@pytest.mark.parametrize("days", [FARTHEST_DAYS + 1, -FARTHEST_DAYS - 1])
async def test_a_capture_too_far_away(shop: Shop, days: int) -> None:
    captured_on = shop.today + timedelta(days)
    with pytest.raises(Invalid) as told:
        await quote_order(
            shop.ctx, QuoteOrder(product_id=shop.product_id, amount_minor=1, captured_on=captured_on)
        )
    assert [(one.pointer, one.code) for one in told.value.errors] == [("#/captured_on", "out_of_range")]


async def test_a_payoff_is_what_then_closes_it(shop: Shop) -> None:
    """Asked on day 36 for day 50; paid then to the cent, early and by request."""
    drawn = await shop.draw(1_000_000)
    await shop.go(date(2027, 4, 6))
    on = date(2027, 4, 20)
    assert await payoff(shop, drawn, on) == (on, Parts(interest=5_000, principal=1_000_000), 1_005_000)
    await shop.go(on)
    receipt = await shop.pay(1_005_000, advance=True, drawdown_id=drawn)
    assert receipt.excess_minor == 0
    assert (await shop.drawdown(drawn)).projection.status == "closed"
    assert await payoff(shop, drawn) == (on, Parts(), 0)


async def test_a_payoff_of_what_is_past_due(shop: Shop) -> None:
    """Day 65, whether day end ran or not: interest 100.00, penalty 30.00."""
    drawn = await shop.draw(1_000_000)
    await shop.jump(date(2027, 5, 5))
    owed = Parts(penalty=3_000, interest=10_000, principal=1_000_000)
    assert await payoff(shop, drawn) == (date(2027, 5, 5), owed, 1_013_000)


async def test_a_payoff_of_what_is_only_held(shop: Shop) -> None:
    held = (await shop.authorise(1_000)).id
    assert await payoff(shop, held) == (shop.today, Parts(), 0)


@pytest.mark.parametrize("days", [-1, 31])
async def test_a_payoff_outside_the_quoted_days(shop: Shop, days: int) -> None:
    drawn = await shop.draw(1_000)
    with pytest.raises(Invalid) as told:
        await payoff(shop, drawn, shop.today + timedelta(days))
    (problem,) = told.value.errors
    assert (problem.pointer, problem.code) == ("#/on", "outside_quoted_days")
    assert problem.params == {"first_on": "2027-03-01", "last_on": "2027-03-31"}
    await payoff(shop, drawn, shop.today + timedelta(30))


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    theirs = await other.draw(1_000)
    for drawdown_id in (theirs, uuid4()):
        assert await refusal(payoff(shop, drawdown_id)) == ("not_found", {"what": "drawdown"})
    for product_id in (other.product_id, uuid4()):
        asked = quote_order(shop.ctx, QuoteOrder(product_id=product_id, amount_minor=1))
        assert await refusal(asked) == ("not_found", {})


async def test_who_may_not(shop: Shop) -> None:
    drawn = await shop.draw(1_000)

    async def order(ctx: Ctx) -> Any:
        return await quote_order(ctx, QuoteOrder(product_id=shop.product_id, amount_minor=1))

    async def close(ctx: Ctx) -> Any:
        return await quote_payoff(ctx, QuotePayoff(drawdown_id=drawn))

    await needs(shop, PERMISSION, order)
    await needs(shop, PERMISSION, close)
