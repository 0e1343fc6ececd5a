"""A limit changes by a decision and in no other way; what each writes, and what refuses it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from billing.decide_limit import PERMISSION
from kernel.context import Ctx
from tests.billing.checks import happens_once, needs, refusal, stays_refused, written
from tests.support.offers import draft, offer, open_lender
from tests.support.shop import Shop, open_shop
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(limit_minor=100_000)


async def test_a_grant_opens_a_line(shop: Shop) -> None:
    second = await offer(shop.workspace, code="second")
    line = await shop.decide("grant", 50_000, product_id=second.id, reason="good customer")
    assert (line.status, line.limit_minor, line.available_minor) == ("active", 50_000, 50_000)
    columns = "buyer_id, product_id, kind, currency, limit_minor, held_minor, outstanding_minor, status"
    assert await shop.rows("billing.line", columns, "id = $2", line.id) == [
        (shop.buyer_id, second.id, "revolving", "CNY", 50_000, 0, 0, "active")
    ]
    columns = (
        "kind, limit_before_minor, limit_after_minor, status_before, status_after, reason, actor_kind,"
        " actor_id, effective_on, booked_on"
    )
    owner = shop.workspace.opened.member_id
    assert await shop.rows("billing.limit_decision", columns, "line_id = $2", line.id) == [
        (
            "grant", 0, 50_000, None, "active", "good customer", "member", owner, shop.today, shop.today,
        )
    ]  # fmt: skip
    told = {
        "line_id": str(line.id),
        "buyer_id": str(shop.buyer_id),
        "kind": "grant",
        "limit_before_minor": 0,
        "limit_after_minor": 50_000,
        "currency": "CNY",
        "status": "active",
        "reason": "good customer",
    }
    assert (await emitted(shop.workspace, "line.opened"))[-1] == told
    assert (await audited(shop.workspace, "line.opened"))[-1] == told


async def test_a_line_through_its_life(shop: Shop) -> None:
    await shop.authorise(30_000)
    seen = []
    for kind, limit in (
        ("raise", 120_000), ("freeze", None), ("raise", 130_000), ("cut", 90_000), ("unfreeze", None),
        ("close", None),
    ):  # fmt: skip
        line = await shop.decide(kind, limit)  # type: ignore[arg-type]
        seen.append((line.status, line.limit_minor, line.available_minor))
    assert seen == [
        ("active", 120_000, 90_000),
        ("frozen", 120_000, 0),
        ("frozen", 130_000, 0),
        ("frozen", 90_000, 0),
        ("active", 90_000, 60_000),
        ("closed", 90_000, 0),
    ]
    columns = "kind, limit_before_minor, limit_after_minor, status_before, status_after"
    assert await shop.rows("billing.limit_decision", columns, "true ORDER BY id") == [
        ("grant", 0, 100_000, None, "active"),
        ("raise", 100_000, 120_000, "active", "active"),
        ("freeze", 120_000, 120_000, "active", "frozen"),
        ("raise", 120_000, 130_000, "frozen", "frozen"),
        ("cut", 130_000, 90_000, "frozen", "frozen"),
        ("unfreeze", 90_000, 90_000, "frozen", "active"),
        ("close", 90_000, 90_000, "active", "closed"),
    ]
    assert [event["kind"] for event in await emitted(shop.workspace, "line.changed")] == [
        "raise", "freeze", "raise", "cut", "unfreeze", "close",
    ]  # fmt: skip
    assert await shop.count("billing.journal") == 0


async def test_a_cut_below_what_is_used(shop: Shop) -> None:
    """Nothing falls due earlier; nothing new fits until enough is paid."""
    drawn = await shop.draw(60_000)
    due = await shop.instalments(drawn)
    line = await shop.decide("cut", 20_000)
    assert (line.outstanding_minor, line.available_minor) == (60_000, 0)
    assert await shop.rows("billing.line", "over_limit") == [(True,)]
    assert await shop.instalments(drawn) == due
    assert (await refusal(shop.authorise(1)))[1] == {"available_minor": 0, "requested_minor": 1}
    await shop.pay(50_000, advance=True)
    assert await shop.rows("billing.line", "over_limit") == [(False,)]
    await shop.authorise(10_000)
    await shop.verify()


async def test_after_a_closed_line_another(shop: Shop) -> None:
    await shop.decide("close")
    line = await shop.decide("grant", 7_000)
    assert line.id != shop.line_id
    assert (await shop.authorise(7_000, line_id=line.id)).held_minor == 7_000


@pytest.mark.parametrize(
    ("before", "kind", "limit", "told"),
    [
        ([], "grant", 1, ("line_exists", {"limit_minor": 100_000})),
        ([], "grant", None, ("line_exists", {"limit_minor": 100_000})),
        (["close"], "grant", None, ("limit_needed", {})),
        (["close"], "grant", 0, ("limit_needed", {})),
        (["close"], "raise", 200_000, ("no_line", {})),
        (["close"], "unfreeze", None, ("no_line", {})),
        ([], "unfreeze", 1, ("wrong_state", {"status": "active", "move": "unfreeze"})),
        (["freeze"], "freeze", None, ("wrong_state", {"status": "frozen", "move": "freeze"})),
        ([], "raise", None, ("limit_needed", {})),
        ([], "raise", 100_000, ("not_a_raise", {"limit_minor": 100_000})),
        ([], "cut", 100_000, ("not_a_cut", {"limit_minor": 100_000})),
        ([], "cut", -1, ("limit_needed", {})),
        ([], "freeze", 1, ("limit_not_wanted", {"kind": "freeze"})),
        ([], "close", 1, ("limit_not_wanted", {"kind": "close"})),
    ],
)
async def test_refused(shop: Shop, before: list[Any], kind: Any, limit: int | None, told: Any) -> None:
    for step in before:
        await shop.decide(step)
    stood = await written(shop)
    assert await refusal(shop.decide(kind, limit)) == told
    assert await written(shop) == stood


async def test_a_stranger_is_like_nobody(shop: Shop) -> None:
    other = await open_shop()
    for buyer_id in (other.buyer_id, uuid4()):
        told = await refusal(shop.decide("cut", 1, buyer_id=buyer_id))
        assert told == ("not_found", {"what": "buyer"})
    for product_id in (other.product_id, uuid4()):
        assert await refusal(shop.decide("cut", 1, product_id=product_id)) == ("not_found", {})


async def test_a_product_not_yet_published(shop: Shop) -> None:
    lender = await open_lender(shop.workspace)
    product = await draft(shop.workspace, lender, code="later")
    told = await refusal(shop.decide("grant", 1_000, product_id=product.id))
    assert told[0] == "product_not_published"


async def test_once_under_a_key(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.decide("raise", 150_000, ctx)

    assert (await happens_once(shop, do)).available_minor == 150_000


async def test_a_refusal_is_kept_under_its_key(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.decide("unfreeze", None, ctx)

    await stays_refused(shop, do, shop.decide("freeze"))


async def test_who_may_not(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await shop.decide("raise", 150_000, ctx)

    await needs(shop, PERMISSION, do)


async def test_grants_at_once_open_one_line(shop: Shop) -> None:
    second = await offer(shop.workspace, code="second")
    told = await together(*(shop.decide("grant", 5_000, product_id=second.id) for _ in range(4)))
    refused = [one for one in told if isinstance(one, BaseException)]
    assert {getattr(one, "code", repr(one)) for one in refused} == {"line_exists"}
    assert len(await shop.rows("billing.line", "id", "product_id = $2", second.id)) == 1


async def test_raises_at_once_are_decided_one_after_the_other(shop: Shop) -> None:
    told = await together(*(shop.decide("raise", 100_000 + n) for n in (1, 2, 3)))
    done = [one for one in told if not isinstance(one, BaseException)]
    refused = {getattr(one, "code", "") for one in told if isinstance(one, BaseException)}
    assert refused <= {"not_a_raise", "stale"}
    columns = "limit_before_minor, limit_after_minor"
    decided = await shop.rows("billing.limit_decision", columns, "kind = 'raise' ORDER BY limit_after_minor")
    assert len(decided) == len(done)
    assert [before for before, _ in decided] == [100_000, *[after for _, after in decided[:-1]]]
