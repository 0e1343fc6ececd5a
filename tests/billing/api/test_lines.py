"""Lines and the decisions on their limits over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.shop import open_shop
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


def decision(counter: Counter, kind: str, **more: Any) -> dict[str, Any]:
    shop = counter.shop
    return {
        "buyer_id": encode("buy", shop.buyer_id),
        "product_id": encode("prd", shop.product_id),
        "kind": kind,
        "reason": "because",
        **more,
    }


async def test_a_line_as_it_is_told(counter: Counter) -> None:
    await counter.ok("/drawdowns", counter.order(300))
    line = (await counter.get(f"/lines/{encode('lin', counter.shop.line_id)}")).json()
    assert line == {
        "id": encode("lin", counter.shop.line_id),
        "object": "line",
        "livemode": False,
        "buyer_id": encode("buy", counter.shop.buyer_id),
        "product_id": encode("prd", counter.shop.product_id),
        "currency": "CNY",
        "status": "active",
        "limit_minor": 10_000_000,
        "held_minor": 300,
        "outstanding_minor": 0,
        "available_minor": 9_999_700,
    }
    buyer = encode("buy", counter.shop.buyer_id)
    assert (await counter.get("/lines", buyer_id=buyer)).json()["data"] == [line]
    assert (await counter.get("/lines")).json()["data"] == [line]


async def test_raise_cut_freeze_unfreeze_close(counter: Counter) -> None:
    raised = await counter.ok("/limit_decisions", decision(counter, "raise", limit_minor=12_000_000))
    assert raised["limit_minor"] == 12_000_000
    cut = await counter.ok("/limit_decisions", decision(counter, "cut", limit_minor=1_000))
    assert (cut["limit_minor"], cut["available_minor"]) == (1_000, 1_000)
    frozen = await counter.ok("/limit_decisions", decision(counter, "freeze"))
    assert (frozen["status"], frozen["available_minor"]) == ("frozen", 0)
    assert await counter.refusal("/drawdowns", counter.order(100)) == (409, "line_frozen")
    assert (await counter.ok("/limit_decisions", decision(counter, "unfreeze")))["status"] == "active"
    assert (await counter.ok("/limit_decisions", decision(counter, "close")))["status"] == "closed"
    assert await counter.refusal("/drawdowns", counter.order(100)) == (409, "line_closed")
    told = (await counter.get("/limit_decisions")).json()["data"]
    assert [one["kind"] for one in told] == ["close", "unfreeze", "freeze", "cut", "raise", "grant"]
    assert (told[3]["limit_before_minor"], told[3]["limit_after_minor"]) == (12_000_000, 1_000)
    assert told[0]["decided_by"] == encode("mem", counter.shop.workspace.opened.member_id)
    line = encode("lin", counter.shop.line_id)
    page = (await counter.get("/limit_decisions", line_id=line, limit=5)).json()
    rest = (await counter.get("/limit_decisions", line_id=line, limit=5, cursor=page["next_cursor"])).json()
    assert page["data"] + rest["data"] == told


async def test_refusals(counter: Counter) -> None:
    path = "/limit_decisions"
    again = decision(counter, "grant", limit_minor=100)
    assert await counter.refusal(path, again) == (409, "line_exists")
    assert (await counter.refusal(path, decision(counter, "raise")))[1] == "limit_needed"
    assert (await counter.refusal(path, decision(counter, "raise", limit_minor=1)))[1] == "not_a_raise"
    assert await counter.refusal(path, decision(counter, "melt")) == (422, "invalid")
    assert await counter.refusal(path, decision(counter, "cut", limit_minor=-1)) == (422, "invalid")


async def test_a_strangers_line_is_not_found(counter: Counter, tenant: Workspace) -> None:
    stranger = await open_shop(workspace=tenant)
    assert (await counter.get(f"/lines/{encode('lin', stranger.line_id)}")).status_code == 404
    for change in (
        {"buyer_id": encode("buy", stranger.buyer_id)},
        {"product_id": encode("prd", stranger.product_id)},
    ):
        asked = decision(counter, "freeze") | change
        assert await counter.refusal("/limit_decisions", asked) == (404, "not_found")
    listed = (await counter.get("/lines", buyer_id=encode("buy", stranger.buyer_id))).json()
    assert listed["data"] == []
