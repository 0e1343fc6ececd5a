"""A void releases what is held; what was captured or has expired is no longer there to release."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.void_order import PERMISSION
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, written
from tests.support.shop import Shop, open_shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


@pytest.fixture
async def held(shop: Shop) -> UUID:
    return (await shop.authorise(100_000, order_ref="PO-1")).id


async def test_the_whole(shop: Shop, held: UUID) -> None:
    drawn = await shop.void(held)
    assert (drawn.held_minor, drawn.outstanding_minor) == (0, 0)
    assert (drawn.projection.status, drawn.projection.voided_minor) == ("voided", 100_000)
    assert drawn.projection.next_event_on is None
    assert drawn == await shop.drawdown(held)
    assert await shop.line() == (0, 0)
    assert await shop.rows("billing.drawdown_use", "held_minor, outstanding_minor") == [(0, 0)]
    assert await shop.count("billing.journal") == 0
    told = {
        "drawdown_id": str(held),
        "buyer_id": str(shop.buyer_id),
        "merchant_id": str(shop.merchant_id),
        "currency": "CNY",
        "order_ref": "PO-1",
        "amount_minor": 100_000,
    }
    assert await emitted(shop.workspace, "drawdown.voided") == [told]
    assert await audited(shop.workspace, "drawdown.voided") == [told]
    await shop.verify()


async def test_a_part_and_then_the_rest(shop: Shop, held: UUID) -> None:
    drawn = await shop.void(held, 30_000)
    assert (drawn.projection.status, drawn.held_minor) == ("authorised", 70_000)
    await shop.capture(held, 50_000)
    drawn = await shop.void(held)
    assert (drawn.projection.status, drawn.projection.voided_minor) == ("captured", 50_000)
    assert await shop.line() == (0, 50_000)
    assert [event["amount_minor"] for event in await emitted(shop.workspace, "drawdown.voided")] == [
        30_000,
        20_000,
    ]
    await shop.verify()


async def test_more_than_is_left(shop: Shop, held: UUID) -> None:
    await shop.capture(held, 60_000)
    before = await written(shop)
    for amount in (40_001, 0, -1):
        told = await refusal(shop.void(held, amount))
        assert told == ("void_exceeds_authorised", {"authorised_minor": 40_000})
    assert await written(shop) == before


async def test_the_wrong_state_comes_before_the_amount(shop: Shop, held: UUID) -> None:
    await shop.void(held)
    told = await refusal(shop.void(held, 200_000))
    assert told == ("wrong_state", {"status": "voided", "move": "void"})


@pytest.mark.parametrize("day_end", [True, False])
async def test_what_has_expired(shop: Shop, held: UUID, day_end: bool) -> None:
    part = (await shop.authorise(50_000)).id
    await shop.capture(part, 20_000)
    await (shop.go if day_end else shop.jump)(date(2027, 3, 31))
    told = await refusal(shop.void(held))
    assert told == ("wrong_state", {"status": "expired", "move": "void"})
    assert await refusal(shop.void(part)) == ("void_exceeds_authorised", {"authorised_minor": 0})
    await shop.verify()


async def test_a_frozen_line_lets_go(shop: Shop, held: UUID) -> None:
    await shop.decide("freeze")
    await shop.void(held, 10_000)
    await shop.decide("close")
    await shop.void(held)
    assert await shop.line() == (0, 0)


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    theirs = (await other.authorise(1_000)).id
    for drawdown_id in (theirs, uuid4()):
        assert await refusal(shop.void(drawdown_id)) == ("not_found", {"what": "drawdown"})
    assert await other.line() == (1_000, 0)


async def test_once_under_a_key(shop: Shop, held: UUID) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.void(held, 10_000, ctx)

    await happens_once(shop, do)
    assert await shop.line() == (90_000, 0)


async def test_a_refusal_is_kept_under_its_key(shop: Shop, held: UUID) -> None:
    """All was captured; a refund does not bring the hold back, so only the kept answer can be the same."""

    async def do(ctx: Ctx) -> Any:
        return await shop.void(held, 100_000, ctx)

    await shop.capture(held, 1_000)
    told = await refusal(do(shop.keyed("k", "a")))
    await shop.void(held)
    assert await refusal(do(shop.keyed("k", "a"))) == told
    assert (await refusal(do(shop.keyed("k", "b"))))[0] == "key_reused"


async def test_who_may_not(shop: Shop, held: UUID) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.void(held, None, ctx)

    await needs(shop, PERMISSION, do)
