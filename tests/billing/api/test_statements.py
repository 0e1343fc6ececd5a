"""Statements over HTTP: list, one with its lines, the preview; and why each line is what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from billing.api import router
from kernel.ids import decode, encode
from tests.billing.api.conftest import Counter as Desk
from tests.billing.api.test_explanations import computed
from tests.billing.test_cycles import MONTHLY, day
from tests.support.http import asking
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def billed(database: None) -> AsyncIterator[Desk]:
    """Drawn 5 March, paid ten days late in part, goods back in May: cut on 1 April, May, June."""
    shop = await open_shop(MONTHLY)
    await shop.jump(day("03-05"))
    drawdown_id = await shop.draw(100_000)
    await shop.go(day("04-20"))
    await shop.pay(50_000)
    await shop.go(day("05-06"))
    await shop.refund(drawdown_id, 10_000)
    await shop.go(day("06-01"))
    async with asking(shop.workspace, [router], lambda: shop.ctx) as client:
        yield Desk(shop, client)


async def listed(counter: Desk, **filters: Any) -> list[str]:
    answer = await counter.get("/statements", **filters)
    assert answer.is_success, answer.text
    return [one["number"] for one in answer.json()["data"]]


async def test_statements_as_they_are_told(billed: Desk) -> None:
    (_, second, first) = (await billed.get("/statements")).json()["data"]
    assert (first["object"], first["livemode"], first["number"]) == ("statement", False, "S-2027-000001")
    assert (first["from_on"], first["through_on"], first["cut_on"]) == (None, "2027-03-31", "2027-04-01")
    assert first["lines"] is None
    assert first["due_dates"] == [{"due_on": "2027-04-10", "when": "due", "amount_minor": 100_000}]
    whole = (await billed.get(f"/statements/{second['id']}")).json()
    assert [(line["kind"], line["effective_on"], line["amount_minor"]) for line in whole["lines"]] == [
        ("interest", "2027-04-10", 1_800),
        ("penalty", "2027-04-20", 1_000),
        ("paid", "2027-04-20", -50_000),
        ("penalty", "2027-04-30", 581),
    ]
    assert {**whole, "lines": None} == second
    assert (whole["charged_minor"], whole["closing_minor"], whole["overdue_minor"]) == (3_381, 53_381, 53_381)


async def test_filters_and_pages(billed: Desk) -> None:
    shop = billed.shop
    numbers = ["S-2027-000003", "S-2027-000002", "S-2027-000001"]
    assert await listed(billed, line_id=encode("lin", shop.line_id)) == numbers
    assert await listed(billed, buyer_id=encode("buy", shop.buyer_id), cut_from="2027-05-01") == numbers[:2]
    assert await listed(billed, cut_from="2027-05-01", cut_to="2027-05-01") == numbers[1:2]
    assert await listed(billed, line_id=encode("lin", shop.buyer_id)) == []
    page = (await billed.get("/statements", limit=2)).json()
    assert page["has_more"]
    rest = (await billed.get("/statements", limit=2, cursor=page["next_cursor"])).json()
    assert [one["number"] for one in page["data"] + rest["data"]] == numbers


async def test_the_preview(billed: Desk) -> None:
    path = f"/lines/{encode('lin', billed.shop.line_id)}/statement_preview"
    found = (await billed.get(path)).json()
    assert (found["object"], found["id"], found["number"]) == ("statement_preview", None, None)
    assert (found["from_on"], found["cut_on"]) == ("2027-06-01", "2027-07-01")
    (line,) = found["lines"]
    assert (line["kind"], line["id"], line["charge_id"]) == ("penalty", None, None)
    assert found["opening_minor"] + line["amount_minor"] == found["closing_minor"]


async def test_why_each_line_is_what_it_is(billed: Desk) -> None:
    """A charge's line has its charge's tree, which is all that was charged so far; all others their event."""
    events, so_far = set(), Counter[str]()
    for one in (await billed.get("/statements")).json()["data"][::-1]:
        for line in (await billed.get(f"/statements/{one['id']}")).json()["lines"]:
            told = (await billed.get(f"/explanations/{line['id']}")).json()
            assert (told["id"], told["currency"]) == (line["id"], "CNY")
            (amount,) = told["amounts"]
            tree = amount["derivation"]
            assert amount["drawdown_id"] == line["drawdown_id"]
            assert computed(tree) == amount["amount_minor"]
            if line["charge_id"]:
                of_charge = (await billed.get(f"/explanations/{line['charge_id']}")).json()
                assert amount == of_charge["amounts"][0]
                assert (amount["kind"], amount["instalment_no"]) == (line["kind"], line["instalment_no"])
                so_far[line["kind"]] += line["amount_minor"]
                assert amount["amount_minor"] == so_far[line["kind"]]
            else:
                assert (amount["kind"], amount["amount_minor"]) == (line["kind"], line["amount_minor"])
                assert tree["rule"] == f"statement.{line['kind']}"
                assert tree["text"]
                assert tree["facts"]["effective_on"] == line["effective_on"]
                events.add((line["kind"], tree["facts"]["event"]))
    assert events == {("captured", "captured"), ("paid", "received"), ("refunded", "refunded")}


async def test_a_receipts_line_names_it(billed: Desk) -> None:
    (_, second, _) = (await billed.get("/statements")).json()["data"]
    (*_, paid, _) = (await billed.get(f"/statements/{second['id']}")).json()["lines"]
    (amount,) = (await billed.get(f"/explanations/{paid['id']}")).json()["amounts"]
    (receipt,) = (await billed.get("/receipts")).json()["data"]
    assert amount["derivation"]["facts"]["receipt_id"] == receipt["id"]


async def test_what_is_not_there(billed: Desk) -> None:
    """A stranger's is answered as one that never was."""
    one = (await billed.get("/statements")).json()["data"][0]
    line = (await billed.get(f"/statements/{one['id']}")).json()["lines"][0]
    stranger = await open_shop(MONTHLY)
    async with asking(stranger.workspace, [router], lambda: stranger.ctx) as client:
        other = Desk(stranger, client)
        assert await listed(other) == []
        line_id = encode("lin", billed.shop.line_id)
        for path in (
            f"/statements/{one['id']}",
            f"/lines/{line_id}/statement_preview",
            f"/explanations/{line['id']}",
        ):
            answer = await other.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    never = encode("stm", decode("lin", line_id))
    assert (await billed.get(f"/statements/{never}")).status_code == 404


async def test_a_line_without_a_cycle(counter: Desk) -> None:
    answer = await counter.get(f"/lines/{encode('lin', counter.shop.line_id)}/statement_preview")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_billing_cycle")
