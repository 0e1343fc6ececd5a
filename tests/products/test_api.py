"""Programmes and products over HTTP: what goes in, what comes out, where problems are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from kernel.context import Actor
from kernel.ids import encode
from products.api import router
from tests.support.http import asking
from tests.support.offers import SIXTY_DAYS
from tests.support.tenants import Workspace, open_workspace

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
