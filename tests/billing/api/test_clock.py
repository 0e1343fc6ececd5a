"""The clock of a test tenant over HTTP: day ends on the way, never backwards, never for a live tenant."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from billing.api import router
from kernel.business_date import read_day
from kernel.db.scope import scope
from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.http import asking
from tests.support.tenants import open_workspace

pytestmark = pytest.mark.db


async def moved(counter: Counter, **to: str) -> httpx.Response:
    answer = await counter.client.post("/v1/clock/advance", json=to)
    if answer.is_success:
        async with scope(counter.shop.ctx, read_only=True) as tx:
            counter.shop.today = (await read_day(tx, counter.shop.workspace.id)).business_on
    return answer


async def test_moving_it_runs_the_day_ends(counter: Counter) -> None:
    assert (await counter.get("/clock")).json()["business_on"] == "2027-03-01"
    drawdown_id = await counter.shop.draw(1_000_000)
    answer = await moved(counter, to_on="2027-04-30")
    assert answer.json() == {
        "object": "clock",
        "livemode": False,
        "now": "2027-04-29T16:00:00Z",
        "business_on": "2027-04-30",
        "days_ended": 60,
    }
    charges = (await counter.get(f"/drawdowns/{encode('drw', drawdown_id)}/charges")).json()["data"]
    assert [(one["amount_minor"], one["effective_on"]) for one in charges] == [(10_000, "2027-04-30")]
    later = await moved(counter, to_at="2027-04-30T10:00:00+08:00")
    assert (later.json()["now"], later.json()["days_ended"]) == ("2027-04-30T02:00:00Z", 0)
    await counter.shop.verify()


async def test_to_where_it_is_nothing_happens(counter: Counter) -> None:
    await moved(counter, to_on="2027-03-02")
    assert (await moved(counter, to_on="2027-03-02")).json()["days_ended"] == 0


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({}, "one_of"),
        ({"to_on": "2027-04-01", "to_at": "2027-04-01T00:00:00Z"}, "one_of"),
        ({"to_at": "2027-04-01T00:00:00"}, "no_timezone"),
        ({"to_on": "31 March"}, "wrong_form"),
        ({"to_on": "9999-12-31"}, "out_of_range"),
        ({"to_at": "9999-12-31T23:59:59Z"}, "out_of_range"),
    ],
)
async def test_bad_targets(counter: Counter, to: dict[str, str], code: str) -> None:
    answer = await moved(counter, **to)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert (await counter.get("/clock")).json()["business_on"] == "2027-03-01"


async def test_not_backwards(counter: Counter) -> None:
    for to_on in ("2027-02-28", "0001-01-01"):
        answer = await moved(counter, to_on=to_on)
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_backwards")


async def test_not_for_a_live_tenant(database: None) -> None:
    live = await open_workspace("live")
    async with asking(live, [router]) as client:
        told = (await client.get("/v1/clock")).json()
        assert told["livemode"] is True
        answer = await client.post("/v1/clock/advance", json={"to_on": "2099-01-01"})
        assert (answer.status_code, answer.json()["code"]) == (409, "clock_not_movable")


async def test_only_with_its_permission(counter: Counter) -> None:
    bare = msgspec.structs.replace(counter.shop.ctx, permissions=frozenset({"drawdowns:write"}))
    async with asking(counter.shop.workspace, [router], lambda: bare) as client:
        answer = await client.post("/v1/clock/advance", json={"to_on": "2027-03-02"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
