"""Programmes and products over HTTP: what goes in, what comes out, where problems are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from kernel.context import Actor
from kernel.ids import encode
from products.api import router
from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.http import asking
from tests.support.offers import SIXTY_DAYS, offer, open_lender
from tests.support.tenants import Workspace, open_workspace
from tests.support.tiers import GOLD, TIERED, store_facts

pytestmark = pytest.mark.db
PROGRAMME = {
    "lender_of_record": "Lender Ltd",
    "licence": "microloan",
    "tenant_entity": "Platform Ltd",
    "currency": "CNY",
}


async def made(client: httpx.AsyncClient, code: str = "sixty-days") -> dict[str, Any]:
    programme = (await client.post("/v1/programmes", json=PROGRAMME)).json()
    new = {"programme_id": programme["id"], "code": code, "name_zh": "六十天", "name_en": "Sixty days"}
    answer = await client.post("/v1/products", json={**new, "document": SIXTY_DAYS})
    assert answer.status_code == 201, answer.text
    product: dict[str, Any] = answer.json()
    return product


async def test_from_programme_to_published_product(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        product = await made(client)
        assert product["published_version"] is None
        assert product["versions"][0]["drafted_by"] == encode("mem", tenant.opened.member_id)
        second = tenant.ctx(actor=Actor("member", uuid4()))
        refused = await client.post(
            f"/v1/products/{product['id']}/publish", json={"version": 1, "revision": 1}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "second_member_needed")
    async with asking(tenant, [router], lambda: second) as client:
        answer = await client.post(
            f"/v1/products/{product['id']}/publish", json={"version": 1, "revision": 1}
        )
        assert answer.status_code == 200
        assert answer.json()["published_version"] == 1
        assert answer.json()["versions"][0]["published_by"] == encode("mem", second.actor.id)
        assert (await client.get(f"/v1/products/{product['id']}")).json() == answer.json()
        drafted = await client.post(f"/v1/products/{product['id']}/draft", json={"document": SIXTY_DAYS})
        assert [(v["version"], v["status"]) for v in drafted.json()["versions"]] == [
            (1, "published"),
            (2, "draft"),
        ]


async def test_a_programme_as_it_is_told(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        answer = await client.post("/v1/programmes", json=PROGRAMME)
        assert answer.status_code == 201
        programme = answer.json()
        assert programme["id"].startswith("pgm_")
        assert programme["lender_book"].startswith("bok_")
        assert programme["lender_book"] != programme["tenant_book"]
        assert (programme["object"], programme["livemode"]) == ("programme", False)
        assert (await client.get(f"/v1/programmes/{programme['id']}")).json() == programme
        listed = (await client.get("/v1/programmes")).json()
        assert (listed["data"], listed["has_more"]) == ([programme], False)


async def test_lists_go_on_at_the_cursor(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        codes = ["one", "two", "three"]
        for code in codes:
            await made(client, code)
        first = (await client.get("/v1/products", params={"limit": 2})).json()
        assert [product["code"] for product in first["data"]] == codes[:2]
        rest = (await client.get("/v1/products", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert ([product["code"] for product in rest["data"]], rest["has_more"]) == (codes[2:], False)


async def test_problems_of_the_document_have_their_places(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        programme = (await client.post("/v1/programmes", json=PROGRAMME)).json()
        new = {"programme_id": programme["id"], "code": "x1", "name_zh": "一", "name_en": "One"}
        answer = await client.post("/v1/products", json={**new, "document": {"currency": "CNY", "price": []}})
        assert answer.status_code == 422
        assert {(found["pointer"], found["code"]) for found in answer.json()["errors"]} == {
            ("#/document/price", "not_a_group"),
        }


async def test_a_stranger_finds_nothing(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        product = await made(client)
    async with asking(await open_workspace(), [router]) as client:
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/draft", {"document": SIXTY_DAYS}),
            ("POST", "/publish", {"version": 1, "revision": 1}),
        ):
            answer = await client.request(method, f"/v1/products/{product['id']}{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await client.get("/v1/programmes/pgm_nonsense")).status_code == 404


async def test_a_review_of_tiers_dry_and_written(tenant: Workspace) -> None:
    product = await offer(tenant, TIERED)
    buyer = await add_buyer(tenant.ctx(), AddBuyer(name="某厂", party_type="company", owner_name="O"))
    await store_facts(tenant, buyer.id, **GOLD)
    path, buyer_id = f"/v1/products/{encode('prd', product.id)}/tier_reviews", encode("buy", buyer.id)
    async with asking(tenant, [router]) as client:
        dry = (await client.post(path, json={"dry_run": True})).json()
        assert (dry["id"], dry["moved"], dry["moves"][0]["buyer_id"]) == (None, 1, buyer_id)
        assert (await client.get(f"/v1/buyers/{buyer_id}/tiers")).json()["tiers"] == []
        answer = await client.post(path, json={"reason": "first"})
        assert answer.status_code == 200
        done = answer.json()
        assert (
            done | {"object": "tier_review", "livemode": False, "reviewed": 1, "tiers": {"gold": 1}} == done
        )
        (found,) = (await client.get(f"/v1/buyers/{buyer_id}/tiers")).json()["tiers"]
        (move,) = found["moves"]
        assert (found["tier"], found["product_id"]) == ("gold", encode("prd", product.id))
        assert move["facts"] == {"days_since_last_order": 3, "purchases_minor_365d": 12_345_678}
        assert (move["review_id"], move["reason"]) == (done["id"], "first")
        assert move["actor"] == encode("mem", tenant.opened.member_id)
        wrong = await client.post(path, json={"reason": ""})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/reason")


async def test_a_rule_that_does_not_compile_is_told_at_its_place(tenant: Workspace) -> None:
    programme = await open_lender(tenant)
    wrong = TIERED | {"tiers": [TIERED["tiers"][1] | {"condition": "orders_90 >= 1"}], "overrides": {}}
    new = {"programme_id": encode("pgm", programme.id), "code": "t", "name_zh": "分级", "name_en": "Tiered"}
    async with asking(tenant, [router]) as client:
        answer = await client.post("/v1/products", json={**new, "code": "tiered", "document": wrong})
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert (problem["pointer"], problem["code"]) == ("#/document/tiers/0/condition", "unknown_fact")
    assert problem["params"] == {"name": "orders_90", "position": 1, "close": "orders_90d"}


async def test_templates_can_be_drafted_as_they_are(tenant: Workspace) -> None:
    async with asking(tenant, [router]) as client:
        programme = (await client.post("/v1/programmes", json=PROGRAMME)).json()
        found = (await client.get("/v1/product_templates")).json()["data"]
        assert len(found) == 3
        for one in found:
            new = {"programme_id": programme["id"], "code": one["code"].replace("_", "-")}
            names = {"name_zh": one["name_zh"], "name_en": one["name_en"]}
            answer = await client.post("/v1/products", json={**new, **names, "document": one["document"]})
            assert answer.status_code == 201, answer.text
