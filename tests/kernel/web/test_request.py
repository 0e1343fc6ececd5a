"""Who is let in, the idempotency key, cursors, versions."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from kernel.errors import DomainError
from kernel.web import paging
from kernel.web.idempotency import canonical, key_of, parse
from tests.kernel.web.conftest import TENANT


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 401, "unauthenticated"),
        ("Bearer nobody", 401, "unauthenticated"),
        ("Bearer read", 403, "forbidden"),
    ],
)
async def test_who_may_not_is_told_before_the_body_is_read(
    client: httpx.AsyncClient, authorization: str | None, status: int, code: str
) -> None:
    client.headers.pop("authorization")
    headers = {"Authorization": authorization} if authorization else {}
    response = await client.post("/v1/things", content=b"not json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (response.headers.get("www-authenticate") == "Bearer") == (status == 401)


async def test_reading_needs_no_permission_to_write(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/things", headers={"Authorization": "Bearer read"})
    assert response.status_code == 200


async def test_money_needs_a_key(client: httpx.AsyncClient) -> None:
    client.headers.pop("idempotency-key")
    response = await client.post("/v1/things", json={"amount_minor": 5})
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")


async def test_equal_requests_have_equal_keys_and_fingerprints(client: httpx.AsyncClient) -> None:
    async def made(body: bytes, key: str) -> tuple[str, str]:
        told = (await client.post("/v1/things", content=body, headers={"Idempotency-Key": key})).json()
        return told["id"], told["family"]

    first = await made(b'{"amount_minor": 5, "tags": {"a": [1], "b": []}}', "k1")
    assert await made(b'{"tags":{"b":[],"a":[1]},"amount_minor":5}', '"k1"') == first
    assert (await made(b'{"amount_minor": 6}', "k1"))[0] == first[0]
    assert (await made(b'{"amount_minor": 6}', "k1"))[1] != first[1]
    assert (await made(b'{"amount_minor": 5, "tags": {"a": [1], "b": []}}', "k2"))[0] != first[0]


def test_the_fingerprint_is_of_method_path_and_body() -> None:
    one = key_of(b"k", "POST", "/v1/a", b"{}", required=True)
    assert one == key_of(b' "k" ', "POST", "/v1/a", b" { } ", required=True)
    for method, path, body in [("PUT", "/v1/a", b"{}"), ("POST", "/v1/b", b"{}"), ("POST", "/v1/a", b"[]")]:
        other = key_of(b"k", method, path, body, required=True)
        assert one is not None
        assert other is not None
        assert (other.key, other.fingerprint) != (one.key, one.fingerprint)
    assert key_of(None, "POST", "/v1/a", b"", required=False) is None


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b'"8e03978e-40d5-43dd-bc93-6894a57f9324"', b"8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", b"8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"  bare key  ", b"bare key"),
        (b'" spaced "', b" spaced "),
        (rb'"a\"b\\c"', rb'a"b\c'),
        (b"x" * 255, b"x" * 255),
        (b'"' + b"x" * 255 + b'"', b"x" * 255),
    ],
)
def test_keys_bare_and_quoted(header: bytes, key: bytes) -> None:
    assert parse(header) == key


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b'""',
        b"   ",
        b'"open',
        b'a"b',
        b'"a"b"',
        b"\xc3\xa9",
        b"a\tb",
        rb'"a\n"',
        b"x" * 256,
        b'"' + b"x" * 256 + b'"',
    ],
)
def test_what_is_no_key(header: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        parse(header)
    assert refused.value.code == "idempotency_key_invalid"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_no_json_has_no_canonical_form(body: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        canonical(body)
    assert refused.value.code == "unreadable"


async def test_pages_follow_each_other_to_the_end(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    query = "limit=100"
    for more in (True, True, False):
        told = (await client.get(f"/v1/things?{query}")).json()
        assert told["object"] == "list"
        assert told["url"] == "/v1/things"
        assert told["has_more"] is more
        seen += [thing["amount_minor"] for thing in told["data"]]
        query = f"limit=100&cursor={told['next_cursor']}"
    assert told["next_cursor"] is None
    assert seen == list(range(250))
    assert len((await client.get("/v1/things")).json()["data"]) == paging.DEFAULT_LIMIT


async def test_a_cursor_is_good_for_its_list_and_tenant_only(client: httpx.AsyncClient) -> None:
    cursor = (await client.get("/v1/things?limit=1")).json()["next_cursor"]
    assert paging.page(TENANT, "/v1/things", 1, cursor).after is not None
    changed = cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]
    for tenant_id, url, text in [
        (UUID(int=8), "/v1/things", cursor),
        (TENANT, "/v1/others", cursor),
        (TENANT, "/v1/things", changed),
        (TENANT, "/v1/things", ""),
        (TENANT, "/v1/things", "§"),
        (TENANT, "/v1/things", "a"),
    ]:
        with pytest.raises(DomainError) as refused:
            paging.page(tenant_id, url, 1, text)
        assert refused.value.errors[0].code == "invalid_cursor"
    response = await client.get(f"/v1/things?cursor={changed}")
    assert response.json()["errors"][0]["parameter"] == "cursor"
