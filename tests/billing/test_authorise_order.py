"""An authorisation holds its amount on the line, or tells why not, in the documented order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.authorise_order import PERMISSION
from kernel import ids
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, stays_refused, written
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

BOUNDED = {**SIXTY_DAYS, "limits": {"drawdown_minimum_minor": 5_000, "drawdown_maximum_minor": 90_000}}


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(limit_minor=100_000)


async def test_holds_the_amount(shop: Shop) -> None:
    drawn = await shop.authorise(30_000, order_ref="PO-1", external_ref="order-1")
    assert (drawn.held_minor, drawn.outstanding_minor, drawn.days_past_due) == (30_000, 0, 0)
    assert (drawn.projection.status, drawn.projection.expires_on) == ("authorised", date(2027, 3, 31))
    assert drawn.projection.next_event_on == date(2027, 3, 31)
    assert drawn == await shop.drawdown(drawn.id)
    assert await shop.line() == (30_000, 0)
    columns = "line_id, held_minor, outstanding_minor"
    assert await shop.rows("billing.drawdown_use", columns) == [(shop.line_id, 30_000, 0)]
    columns = "seq, kind, effective_on, booked_on, actor_kind, actor_id"
    assert await shop.rows("billing.drawdown_event", columns) == [
        (1, "authorised", shop.today, shop.today, "member", shop.workspace.opened.member_id)
    ]
    told = {
        "drawdown_id": str(drawn.id),
        "buyer_id": str(shop.buyer_id),
        "merchant_id": str(shop.merchant_id),
        "currency": "CNY",
        "order_ref": "PO-1",
        "amount_minor": 30_000,
    }
    assert await emitted(shop.workspace, "drawdown.authorised") == [told]
    assert await audited(shop.workspace, "drawdown.authorised") == [told]
    await shop.verify()


async def test_posts_nothing_for_nothing_is_owed_yet(shop: Shop) -> None:
    await shop.authorise(30_000)
    for table in ("billing.journal", "billing.entry", "billing.instalment", "billing.charge"):
        assert await shop.count(table) == 0


async def test_the_last_of_the_line_and_no_more(shop: Shop) -> None:
    await shop.authorise(40_000)
    assert await refusal(shop.authorise(60_001)) == (
        "limit_exceeded",
        {"available_minor": 60_000, "requested_minor": 60_001},
    )
    await shop.authorise(60_000)
    assert await shop.line() == (100_000, 0)


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    for line_id in (other.line_id, uuid4()):
        assert await refusal(shop.authorise(1, line_id=line_id)) == ("not_found", {"what": "line"})
    for merchant_id in (other.merchant_id, uuid4()):
        told = await refusal(shop.authorise(1, merchant_id=merchant_id))
        assert told == ("not_found", {"what": "merchant"})
    assert await other.line() == (0, 0)


async def test_a_stranger_stays_one_to_a_process_that_knows_its_own(shop: Shop) -> None:
    """Lines and merchants are remembered by tenant: what another has just used is not mine."""
    other = await open_shop()
    await other.authorise(1)
    await shop.authorise(1)
    assert await refusal(shop.authorise(1, line_id=other.line_id)) == ("not_found", {"what": "line"})
    told = await refusal(shop.authorise(1, merchant_id=other.merchant_id))
    assert told == ("not_found", {"what": "merchant"})


async def test_a_reference_is_one_drawdown_for_ever(shop: Shop) -> None:
    drawn = await shop.authorise(1_000, external_ref="order-1")
    conflict = {"external_ref": "order-1", "existing_id": ids.encode("drw", drawn.id)}
    assert await refusal(shop.authorise(2_000, external_ref="order-1")) == ("external_ref_conflict", conflict)
    assert await shop.line() == (1_000, 0)
    other = await open_shop()
    assert (await other.authorise(1_000, external_ref="order-1")).id != drawn.id


async def test_a_reference_sent_five_times_at_once(shop: Shop) -> None:
    told = await together(*(shop.authorise(1_000, external_ref="order-1") for _ in range(5)))
    assert len([one for one in told if not isinstance(one, BaseException)]) == 1
    refused = [one for one in told if isinstance(one, BaseException)]
    assert {getattr(one, "code", repr(one)) for one in refused} == {"external_ref_conflict"}
    assert await shop.line() == (1_000, 0)


async def test_another_currency(shop: Shop) -> None:
    told = await refusal(shop.authorise(1_000, currency="USD"))
    assert told == ("currency_mismatch", {"currency": "CNY"})


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (4_999, ("drawdown_below_minimum", {"minimum_minor": 5_000})),
        (0, ("drawdown_below_minimum", {"minimum_minor": 5_000})),
        (-5_000, ("drawdown_below_minimum", {"minimum_minor": 5_000})),
        (90_001, ("drawdown_above_maximum", {"maximum_minor": 90_000})),
    ],
)
async def test_the_products_bounds(database: None, amount: int, told: tuple[str, dict[str, int]]) -> None:
    shop = await open_shop(BOUNDED)
    assert await refusal(shop.authorise(amount)) == told
    assert await shop.line() == (0, 0)


async def test_at_the_products_bounds(database: None) -> None:
    shop = await open_shop(BOUNDED)
    await shop.authorise(5_000)
    await shop.authorise(90_000)
    assert await shop.line() == (95_000, 0)


async def test_a_frozen_line_and_a_closed_one(shop: Shop) -> None:
    await shop.decide("freeze")
    assert (await refusal(shop.authorise(1)))[0] == "line_frozen"
    await shop.decide("close")
    assert (await refusal(shop.authorise(1)))[0] == "line_closed"


async def test_refusals_in_their_order(database: None) -> None:
    """Everything is wrong at once; what is told first is put right, one after the other."""
    shop = await open_shop(BOUNDED, limit_minor=10_000)
    await shop.authorise(5_000, external_ref="taken")
    await shop.decide("freeze")
    wrong: dict[str, Any] = {
        "line_id": uuid4(), "merchant_id": uuid4(), "external_ref": "taken", "currency": "USD",
        "amount_minor": 4_999,
    }  # fmt: skip
    right: dict[str, Any] = {
        "line_id": shop.line_id, "merchant_id": shop.merchant_id, "external_ref": "free", "currency": "CNY",
        "amount_minor": 50_000,
    }  # fmt: skip
    heard = []
    for name, value in right.items():
        code, params = await refusal(shop.authorise(**wrong))
        heard.append(params.get("what", code))
        wrong[name] = value
    heard.append((await refusal(shop.authorise(**wrong)))[0])
    await shop.decide("unfreeze")
    heard.append((await refusal(shop.authorise(**wrong)))[0])
    assert heard == [
        "line", "merchant", "external_ref_conflict", "currency_mismatch", "drawdown_below_minimum",
        "line_frozen", "limit_exceeded",
    ]  # fmt: skip


async def test_once_under_a_key(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.authorise(30_000, ctx)

    drawn = await happens_once(shop, do)
    assert drawn.held_minor == 30_000
    assert await shop.line() == (30_000, 0)


async def test_a_reference_and_a_key_together(shop: Shop) -> None:
    """The repeat finds its own drawdown under the reference: it hears of its success."""

    async def do(ctx: Ctx) -> Any:
        return await shop.authorise(30_000, ctx, external_ref="order-1")

    await happens_once(shop, do)


async def test_a_refusal_is_kept_under_its_key(shop: Shop) -> None:
    async def too_much(ctx: Ctx) -> Any:
        return await shop.authorise(100_001, ctx)

    await stays_refused(shop, too_much, shop.decide("raise", 200_000))


async def test_a_decided_refusal_is_kept_under_its_key(shop: Shop) -> None:
    async def foreign(ctx: Ctx) -> Any:
        return await shop.authorise(1_000, ctx, currency="USD")

    told = await refusal(foreign(shop.keyed("k", "a")))
    assert await refusal(foreign(shop.keyed("k", "a"))) == told
    assert (await refusal(foreign(shop.keyed("k", "b"))))[0] == "key_reused"


async def test_who_may_not(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.authorise(1_000, ctx)

    await needs(shop, PERMISSION, do)


async def test_what_is_refused_writes_nothing(shop: Shop) -> None:
    before = await written(shop)
    await refusal(shop.authorise(100_001))
    await refusal(shop.authorise(1_000, currency="USD"))
    assert await written(shop) == before


async def test_an_expired_hold_makes_room_though_no_day_has_ended(shop: Shop) -> None:
    held = await shop.authorise(100_000)
    await shop.jump(shop.today + timedelta(29))
    assert (await refusal(shop.authorise(1)))[0] == "limit_exceeded"
    await shop.jump(shop.today + timedelta(1))
    await shop.authorise(100_000)
    assert (await shop.drawdown(held.id)).projection.status == "expired"
    assert len(await emitted(shop.workspace, "drawdown.expired")) == 1
    await shop.verify()
