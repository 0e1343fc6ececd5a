"""Who over HTTP: what each route takes, gives and refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from kernel.context import Ctx
from kernel.ids import encode, uuid7
from tenants.api import router
from tests.support.http import asking
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db

BUYER = {"name": "金线制衣", "party_type": "company", "owner_name": "陈瑜", "external_ref": "crm-1"}


@pytest_asyncio.fixture
async def client(tenant: Workspace) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(tenant, [router]) as client:
        yield client


async def ok(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def refused(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


async def test_the_workspace_tells_its_day(client: httpx.AsyncClient, tenant: Workspace) -> None:
    told = await ok(await client.get("/v1/tenant"))
    assert told["id"] == encode("tnt", tenant.id)
    assert (told["object"], told["livemode"], told["mode"]) == ("tenant", False, "test")
    assert (told["business_on"], told["now"]) == ("2027-03-01", "2027-03-01T04:00:00Z")


async def test_a_buyer_from_making_to_change(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/buyers", json=BUYER | {"metadata": {"city": "杭州"}})
    buyer = await ok(made, 201)
    assert buyer["id"].startswith("buy_")
    assert made.headers["etag"] == '"v1"'
    assert {name: buyer[name] for name in ("name", "external_ref", "livemode", "version")} == {
        "name": "金线制衣",
        "external_ref": "crm-1",
        "livemode": False,
        "version": 1,
    }
    path = f"/v1/buyers/{buyer['id']}"
    assert await ok(await client.get(path)) == buyer
    changed = await client.patch(path, json={"name": "金线"}, headers={"If-Match": '"v1"'})
    assert await ok(changed) == buyer | {"name": "金线", "version": 2}
    assert changed.headers["etag"] == '"v2"'
    again = await client.patch(path, json={"name": "银线"}, headers={"If-Match": '"v1"'})
    assert refused(again) == (412, "version_mismatch")
    assert refused(await client.patch(path, json={"name": "银线"})) == (428, "if_match_missing")
    for tag in ("v1", '"1"', "*", '"v0"', '"v99999999999999999999"'):
        bad = await client.patch(path, json={"name": "银线"}, headers={"If-Match": tag})
        assert refused(bad) == (412, "if_match_invalid")
    assert (await ok(await client.get(path)))["name"] == "金线"


async def test_a_repeated_request_has_one_effect_and_says_so(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/buyers", json=BUYER, headers={"Idempotency-Key": '"k1"'})
    assert "idempotent-replayed" not in first.headers
    again = await client.post("/v1/buyers", json=BUYER, headers={"Idempotency-Key": "k1"})
    assert await ok(again, 201) == await ok(first, 201)
    assert again.headers["idempotent-replayed"] == "true"
    other = await client.post("/v1/buyers", json=BUYER | {"name": "B"}, headers={"Idempotency-Key": "k1"})
    assert refused(other) == (422, "key_reused")
    assert "idempotent-replayed" not in other.headers
    taken = await client.post("/v1/buyers", json=BUYER)
    assert refused(taken) == (409, "external_ref_conflict")
    assert taken.json()["params"]["existing_id"] == first.json()["id"]


async def test_lists_page_from_the_first_to_the_last(client: httpx.AsyncClient) -> None:
    made = [
        (await ok(await client.post("/v1/merchants", json={"name": f"M{number}"}), 201))["id"]
        for number in range(5)
    ]
    seen, query = [], "limit=2"
    while query:
        page = await ok(await client.get(f"/v1/merchants?{query}"))
        seen += [merchant["id"] for merchant in page["data"]]
        query = f"limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
    assert seen == made
    cursor = (await ok(await client.get("/v1/merchants?limit=1")))["next_cursor"]
    assert refused(await client.get(f"/v1/buyers?cursor={cursor}")) == (422, "invalid")
    merchant = await ok(await client.get(f"/v1/merchants/{made[0]}"))
    assert (merchant["object"], merchant["name"]) == ("merchant", "M0")


async def test_a_member_and_its_roles(client: httpx.AsyncClient) -> None:
    new = {"email": "lin@example.com", "name": "林", "roles": ["support"]}
    member = await ok(await client.post("/v1/members", json=new), 201)
    path = f"/v1/members/{member['id']}"
    changed = await client.post(f"{path}/roles", json={"roles": ["risk"]}, headers={"If-Match": '"v1"'})
    assert (await ok(changed))["roles"] == ["risk"]
    assert (await ok(await client.get(path)))["version"] == 2
    assert len((await ok(await client.get("/v1/members")))["data"]) == 2
    assert refused(await client.post("/v1/members", json=new)) == (409, "member_exists")
    bad = await client.post("/v1/members", json=new | {"roles": ["king"]})
    assert refused(bad) == (422, "invalid")
    assert bad.json()["errors"][0]["pointer"] == "#/roles/0"


async def test_a_keys_secret_is_told_once(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    new = {"name": "orders", "scopes": ["buyers:read"]}
    made = await ok(await client.post("/v1/keys", json=new, headers=headers), 201)
    assert made["secret"].startswith("rk_test_")
    assert made["hint"].endswith(made["secret"][-4:])
    path = f"/v1/keys/{made['id']}"
    repeated = await ok(await client.post("/v1/keys", json=new, headers=headers), 201)
    for told in (
        repeated,
        await ok(await client.get(path)),
        (await ok(await client.get("/v1/keys")))["data"][-1],
    ):
        assert told == made | {"secret": None}
    assert (await ok(await client.post(f"{path}/revoke")))["revoked_at"] is not None
    assert refused(await client.post(f"{path}/revoke")) == (409, "key_revoked")


async def test_everything_is_for_those_who_may(tenant: Workspace) -> None:
    nobody = encode("buy", uuid7())
    may_read: Callable[[], Ctx] = lambda: tenant.ctx(permissions=frozenset({"buyers:read"}))  # noqa: E731
    async with asking(tenant, [router], may_read) as client:
        assert refused(await client.get(f"/v1/buyers/{nobody}")) == (404, "not_found")
        assert refused(await client.post("/v1/buyers", json=BUYER)) == (403, "forbidden")
        for path in ("/v1/members", "/v1/keys", "/v1/merchants", "/v1/tenant"):
            assert refused(await client.get(path)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": ""}, "#/name", "wrong_length"),
        ({"name": 5}, "#/name", "wrong_type"),
        ({"party_type": "king"}, "#/party_type", "unknown_value"),
        ({"metadata": {"a": 1}}, "#/metadata", "wrong_type"),
        ({"limit_minor": 5}, "#/limit_minor", "unknown_field"),
    ],
)
async def test_a_buyer_that_cannot_be(
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str, code: str
) -> None:
    response = await client.post("/v1/buyers", json=BUYER | body)
    assert refused(response) == (422, "invalid")
    (place,) = response.json()["errors"]
    assert (place["pointer"], place["code"]) == (pointer, code)
