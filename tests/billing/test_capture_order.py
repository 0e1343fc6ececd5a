"""A capture begins the debt: its schedule, its postings, and all that refuses it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.capture_order import PERMISSION
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, stays_refused
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

WITH_FEE = {**SIXTY_DAYS, "price": {**SIXTY_DAYS["price"], "merchant_fee_rate": "0.012"}}
WHOLE_ONLY = {**SIXTY_DAYS, "authorisation": {"partial_capture": False}}
ON_WORKING_DAYS = {**SIXTY_DAYS, "due_dates": {"days": 61, "shift": "following", "calendar": "weekends"}}
DUE = date(2027, 4, 30)
"""60 days after 1 March."""


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


async def held(shop: Shop, amount_minor: int = 100_000) -> UUID:
    return (await shop.authorise(amount_minor)).id


async def test_the_debt_begins(shop: Shop) -> None:
    drawdown_id = await held(shop)
    drawn = await shop.capture(drawdown_id, 60_000)
    assert (drawn.held_minor, drawn.outstanding_minor) == (40_000, 60_000)
    assert drawn.projection.status == "captured"
    assert drawn.projection.oldest_unpaid_due_on == DUE
    assert drawn == await shop.drawdown(drawdown_id)
    assert await shop.line() == (40_000, 60_000)
    columns = "line_id, held_minor, outstanding_minor"
    assert await shop.rows("billing.drawdown_use", columns) == [(shop.line_id, 40_000, 60_000)]
    columns = "no, start_on, nominal_on, due_on, past_due_on, principal_minor, interest_minor, settled_on"
    assert await shop.rows("billing.instalment", columns) == [
        (1, shop.today, DUE, DUE, date(2027, 5, 4), 60_000, 0, None)
    ]
    assert await shop.postings() == [("buyer_principal", "merchant_payable", 60_000)]
    columns = "reference, kind, effective_on, booked_on"
    assert await shop.rows("billing.journal", columns) == [
        (f"drawdown:{drawdown_id}:2.1", "capture", shop.today, shop.today)
    ]
    told = {
        "drawdown_id": str(drawdown_id),
        "buyer_id": str(shop.buyer_id),
        "merchant_id": str(shop.merchant_id),
        "currency": "CNY",
        "order_ref": None,
        "capture_no": 1,
        "amount_minor": 60_000,
        "effective_on": "2027-03-01",
    }
    assert await emitted(shop.workspace, "drawdown.captured") == [told]
    assert await audited(shop.workspace, "drawdown.captured") == [told]
    await shop.verify()


async def test_the_parties_and_the_book_of_a_posting(shop: Shop) -> None:
    drawdown_id = await held(shop)
    await shop.capture(drawdown_id)
    columns = "debit_party, credit_party, currency, drawdown_id"
    assert await shop.rows("billing.entry", columns) == [
        (shop.buyer_id, shop.merchant_id, "CNY", drawdown_id)
    ]
    ((lender_book,),) = await shop.rows("products.programme", "lender_book")
    assert await shop.rows("billing.entry", "book") == [(lender_book,)]


async def test_the_merchants_fee_stands_in_two_books(database: None) -> None:
    """1.2 % of ¥1,000.00; what one book owes the other is the same in both."""
    shop = await open_shop(WITH_FEE)
    await shop.capture(await held(shop))
    assert await shop.postings() == [
        ("buyer_principal", "merchant_payable", 100_000),
        ("merchant_payable", "due_to_tenant", 1_200),
        ("due_from_lender", "merchant_fee_income", 1_200),
    ]
    ((lender, tenant),) = await shop.rows("products.programme", "lender_book, tenant_book")
    assert sorted(await shop.rows("billing.entry", "no, book")) == [(1, lender), (2, lender), (3, tenant)]
    await shop.verify()


async def test_the_merchants_fee_in_one_book(database: None) -> None:
    shop = await open_shop(WITH_FEE, one_book=True)
    await shop.capture(await held(shop))
    assert await shop.postings() == [
        ("buyer_principal", "merchant_payable", 100_000),
        ("merchant_payable", "merchant_fee_income", 1_200),
    ]
    assert len(set(await shop.rows("billing.entry", "book"))) == 1
    await shop.verify()


async def test_without_an_amount_all_that_is_left(shop: Shop) -> None:
    drawdown_id = await held(shop)
    await shop.capture(drawdown_id, 10_000)
    await shop.void(drawdown_id, 20_000)
    drawn = await shop.capture(drawdown_id)
    assert (drawn.held_minor, drawn.outstanding_minor) == (0, 80_000)
    assert [event["amount_minor"] for event in await emitted(shop.workspace, "drawdown.captured")] == [
        10_000,
        70_000,
    ]


async def test_goods_shipped_some_days_ago(shop: Shop) -> None:
    drawdown_id = await held(shop)
    await shop.go(date(2027, 3, 6))
    drawn = await shop.capture(drawdown_id, effective_on=date(2027, 3, 2))
    assert drawn.projection.oldest_unpaid_due_on == date(2027, 5, 1)
    assert await shop.rows("billing.journal", "effective_on, booked_on") == [
        (date(2027, 3, 2), date(2027, 3, 6))
    ]
    assert await shop.rows("billing.drawdown_event", "effective_on, booked_on", "seq = 2") == [
        (date(2027, 3, 2), date(2027, 3, 6))
    ]
    await shop.verify()


async def test_a_live_authorisation_is_honoured(shop: Shop) -> None:
    """Though the line froze, was cut to nothing and closed meanwhile (DOMAIN §6)."""
    drawdown_id = await held(shop)
    await shop.decide("freeze")
    await shop.capture(drawdown_id, 10_000)
    await shop.decide("cut", 0)
    await shop.capture(drawdown_id, 20_000)
    await shop.decide("close")
    await shop.capture(drawdown_id)
    assert await shop.line() == (0, 100_000)
    await shop.verify()


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    theirs = await held(other)
    for drawdown_id in (theirs, uuid4()):
        assert await refusal(shop.capture(drawdown_id)) == ("not_found", {"what": "drawdown"})
    assert await other.line() == (100_000, 0)


async def test_refusals_in_their_order(shop: Shop) -> None:
    """One drawdown, day after day; each capture is wrong in everything that comes after, too."""
    await shop.go(date(2027, 3, 2))
    drawdown_id = await held(shop)
    told = await refusal(shop.capture(drawdown_id, 200_000, effective_on=date(2027, 3, 3)))
    assert told == ("effective_in_future", {"today": "2027-03-02"})
    await shop.go(date(2027, 3, 9))
    told = await refusal(shop.capture(drawdown_id, 200_000, effective_on=date(2027, 3, 1)))
    assert told == ("backdated_too_far", {"days": 7})
    told = await refusal(shop.capture(await held(shop), 200_000, effective_on=date(2027, 3, 8)))
    assert told == ("before_authorisation", {"authorised_on": "2027-03-09"})
    told = await refusal(shop.capture(drawdown_id, 100_001))
    assert told == ("capture_exceeds_authorised", {"authorised_minor": 100_000})
    for amount in (0, -1):
        assert (await refusal(shop.capture(drawdown_id, amount)))[0] == "capture_exceeds_authorised"
    await shop.void(drawdown_id)
    told = await refusal(shop.capture(drawdown_id, 200_000))
    assert told == ("wrong_state", {"status": "voided", "move": "capture"})


async def test_a_part_where_the_product_allows_none(database: None) -> None:
    shop = await open_shop(WHOLE_ONLY)
    drawdown_id = await held(shop)
    told = await refusal(shop.capture(drawdown_id, 99_999))
    assert told == ("partial_capture_not_allowed", {"authorised_minor": 100_000})
    assert (await refusal(shop.capture(drawdown_id, 100_001)))[0] == "capture_exceeds_authorised"
    await shop.capture(drawdown_id, 100_000)


@pytest.mark.parametrize("day_end", [True, False])
async def test_the_last_day_and_the_one_after(shop: Shop, day_end: bool) -> None:
    """30 days held: the authorisation of 1 March is over at the opening of the 31st, day end or not."""
    drawdown_id, other_id = await held(shop), await held(shop)
    move = shop.go if day_end else shop.jump
    await move(date(2027, 3, 30))
    await shop.capture(drawdown_id, 10_000)
    await move(date(2027, 3, 31))
    told = await refusal(shop.capture(drawdown_id, 10_000))
    assert told == ("authorisation_expired", {"expires_on": "2027-03-31"})
    told = await refusal(shop.capture(other_id))
    assert told == ("wrong_state", {"status": "expired", "move": "capture"})
    shipped = await shop.capture(drawdown_id, 10_000, effective_on=date(2027, 3, 30))
    assert shipped.outstanding_minor == 20_000
    await shop.verify()


async def test_once_under_a_key(shop: Shop) -> None:
    drawdown_id = await held(shop)

    async def do(ctx: Ctx) -> Any:
        return await shop.capture(drawdown_id, 60_000, ctx)

    await happens_once(shop, do)
    assert await shop.line() == (40_000, 60_000)


async def test_the_repeat_of_a_whole_capture(shop: Shop) -> None:
    """Nothing is left to capture: decided anew it would be refused, but it hears of its success."""
    drawdown_id = await held(shop)

    async def do(ctx: Ctx) -> Any:
        return await shop.capture(drawdown_id, None, ctx)

    await happens_once(shop, do)


async def test_a_refusal_is_kept_under_its_key(shop: Shop) -> None:
    drawdown_id = await held(shop)

    async def do(ctx: Ctx) -> Any:
        return await shop.capture(drawdown_id, None, ctx, effective_on=date(2027, 3, 2))

    await stays_refused(shop, do, shop.go(date(2027, 3, 2)))


async def test_who_may_not(shop: Shop) -> None:
    drawdown_id = await held(shop)

    async def do(ctx: Ctx) -> Any:
        return await shop.capture(drawdown_id, None, ctx)

    await needs(shop, PERMISSION, do)


async def test_captures_at_once_take_no_more_than_is_held(shop: Shop) -> None:
    """Three each of which would fit alone: two fit together; who came too late may ask again."""
    drawdown_id = await held(shop)
    told = await together(*(shop.capture(drawdown_id, 40_000) for _ in range(3)))
    refused = [one for one in told if isinstance(one, BaseException)]
    assert {getattr(one, "code", repr(one)) for one in refused} <= {"capture_exceeds_authorised", "stale"}
    done = len(told) - len(refused)
    assert 1 <= done <= 2
    assert await shop.line() == (100_000 - 40_000 * done, 40_000 * done)
    await shop.verify()


async def test_at_the_opening_of_the_due_date_of_an_old_shipment(database: None) -> None:
    """Shipped so long ago that it is due at once: interest is charged for the nights until then."""
    document = {
        "currency": "CNY",
        "due_dates": {"rule": "days_after", "days": 5},
        "price": {"daily_rate": "0.001"},
    }
    shop = await open_shop(document)
    drawdown_id = await held(shop)
    await shop.go(shop.today + timedelta(7))
    await shop.capture(drawdown_id, effective_on=date(2027, 3, 1))
    assert await shop.postings() == [
        ("buyer_principal", "merchant_payable", 100_000),
        ("buyer_interest", "interest_income", 500),
    ]
    assert await shop.rows("billing.journal", "kind, effective_on") == [
        ("capture", date(2027, 3, 1)),
        ("interest_due", date(2027, 3, 6)),
    ]
    assert await shop.owed(drawdown_id) == 100_500
    await shop.verify()


async def test_a_due_date_is_a_working_day_and_interest_ends_before(database: None) -> None:
    """61 days after 1 March 2027 is Saturday 1 May; due Monday 3 May, interest to 1 May, grace to 6 May."""
    shop = await open_shop(ON_WORKING_DAYS)
    await shop.capture(await held(shop), 60_000)
    (row,) = await shop.rows("billing.instalment", "nominal_on, due_on, past_due_on")
    assert row == (date(2027, 5, 1), date(2027, 5, 3), date(2027, 5, 7))
