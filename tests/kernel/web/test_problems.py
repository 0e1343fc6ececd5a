"""Every error leaves as problem+json, with its place, its words and its request id."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import get

from kernel.i18n import LOCALES
from kernel.web.application import Application, application
from kernel.web.problems import BODY_LIMIT_BYTES, field_problem
from tests.kernel.web.conftest import context_of


async def send(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    return await client.post("/v1/things", content=body, headers=headers)


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = response.json()
    assert response.status_code == told["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert told["code"] == code
    assert told["type"] == f"http://shop.test/docs/errors/{code}"
    assert told["request_id"] == response.headers["request-id"]
    assert told["instance"] == f"urn:tradeline:request:{told['request_id']}"
    assert told["title"]
    assert told["detail"]
    assert not told["title"].startswith("error.")
    assert isinstance(told["retryable"], bool)
    return told


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b'{"amount_minor": "5"}', "wrong_type", "#/amount_minor"),
        (b'{"amount_minor": 5.0}', "wrong_type", "#/amount_minor"),
        (b'{"amount_minor": null}', "wrong_type", "#/amount_minor"),
        (b'{"amount_minor": true}', "wrong_type", "#/amount_minor"),
        (b'{"amount_minor": 0}', "out_of_range", "#/amount_minor"),
        (b'{"amount_minor": -1}', "out_of_range", "#/amount_minor"),
        (b'{"amount_minor": 1e400}', "out_of_range", "#/amount_minor"),
        (b'{"amount_minor": 99999999999999999999999999999999}', "out_of_range", "#/amount_minor"),
        (b"{}", "required", "#/amount_minor"),
        (b'{"amount_minor": 5, "a/b~c": 1}', "unknown_field", "#/a~1b~0c"),
        (b'{"amount_minor": 5, "near": "buy_01KABCDEFGHJKMNPQRSTVWXYZ0"}', "invalid_id", "#/near"),
        (b'{"amount_minor": 5, "near": 7}', "invalid_id", "#/near"),
        (b'{"amount_minor": 5, "tags": {"x": [1, "2"]}}', "wrong_type", "#/tags"),
        (b"[]", "wrong_type", "#"),
        (b'"x"', "wrong_type", "#"),
    ],
)
async def test_what_is_invalid_names_its_place(
    client: httpx.AsyncClient, body: bytes, code: str, pointer: str
) -> None:
    told = check_problem(await send(client, body), 422, "invalid")
    (place,) = told["errors"]
    assert (place["code"], place["pointer"]) == (code, pointer)
    assert place["detail"]
    assert "{" not in place["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"amount_minor": 5}}', b"[" * 100_000, b'{"amount_minor": 05}', b"NaN"]
)
async def test_what_is_no_json_is_unreadable(client: httpx.AsyncClient, body: bytes) -> None:
    check_problem(await send(client, body), 400, "unreadable")


async def test_too_large_a_body(client: httpx.AsyncClient) -> None:
    told = check_problem(await send(client, b" " * (BODY_LIMIT_BYTES + 1)), 413, "body_too_large")
    assert told["params"] == {"limit_bytes": BODY_LIMIT_BYTES}

    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    check_problem(await client.post("/v1/things", content=endless()), 413, "body_too_large")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=1.5", "limit="])
async def test_a_bad_query_names_its_parameter(client: httpx.AsyncClient, query: str) -> None:
    told = check_problem(await client.get(f"/v1/things?{query}"), 422, "invalid")
    assert told["errors"][0]["parameter"] == "limit"
    assert "pointer" not in told["errors"][0]


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    check_problem(await client.get("/v1/nothing"), 404, "unknown_route")
    check_problem(await client.get("/"), 404, "unknown_route")
    for path in ("/v1/things", "/v1/things/"):
        response = await client.put(path)
        check_problem(response, 405, "method_not_allowed")
        assert response.headers["allow"] == "GET, OPTIONS, POST"


@pytest.mark.parametrize("thing", ["nonsense", "buy_01KABCDEFGHJKMNPQRSTVWXYZ0", "thg_01K", "thg_%00"])
async def test_an_impossible_id_is_simply_not_found(client: httpx.AsyncClient, thing: str) -> None:
    check_problem(await client.get(f"/v1/things/{thing}"), 404, "not_found")


async def test_a_refusal_tells_its_parameters(client: httpx.AsyncClient) -> None:
    told = check_problem(await send(client, b'{"amount_minor": 2000}'), 409, "limit_exceeded")
    assert told["params"] == {"available_minor": 1000, "requested_minor": 2000}
    assert "1000" in told["detail"]
    assert told["retryable"] is False


async def test_what_may_be_repeated_says_when(client: httpx.AsyncClient) -> None:
    response = await send(client, b'{"amount_minor": 409}')
    assert check_problem(response, 409, "stale")["retryable"] is True
    assert response.headers["retry-after"] == "1"


async def test_a_fault_tells_only_its_request_id(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    response = await send(client, b'{"amount_minor": 666}')
    told = check_problem(response, 500, "internal")
    assert "programming" not in response.text
    logged = capsys.readouterr().err
    assert "ValueError: a programming error" in logged
    assert told["request_id"] in logged
    assert "Bearer" not in logged, "tracebacks come without the values of variables"


async def test_a_fault_outside_the_routes(
    client: httpx.AsyncClient, toy: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("even the handler of errors fell")

    monkeypatch.setattr(toy, "asgi_handler", broken)
    check_problem(await client.get("/v1/things"), 500, "internal")


@pytest.mark.parametrize(
    ("asked", "given"),
    [("zh-CN", "zh-CN"), ("zh-TW, en;q=0.5", "zh-CN"), ("fr, en;q=0.1", "en"), ("en-GB", "en")],
)
async def test_words_are_in_the_callers_language(client: httpx.AsyncClient, asked: str, given: str) -> None:
    response = await client.get("/v1/nothing", headers={"Accept-Language": asked})
    assert response.headers["content-language"] == given
    assert (response.json()["title"] == "地址不存在") == (given == "zh-CN")


async def test_without_a_wish_the_tenants_language_is_spoken(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/things?cursor=x", headers={"Accept-Language": ""})
    assert response.headers["content-language"] == "zh-CN"


@pytest.mark.parametrize("locale", LOCALES)
async def test_every_response_carries_the_frame(client: httpx.AsyncClient, locale: str) -> None:
    seen = set()
    for path in ("/v1/things", "/v1/nothing", "/openapi.json"):
        response = await client.get(path, headers={"Accept-Language": locale})
        headers = response.headers
        assert headers["request-id"].startswith("req_")
        assert headers["tradeline-version"] == "2026-11-21"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers
        seen.add(headers["request-id"])
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("message", "code", "pointer"),
    [
        ("Expected `str` of length <= 3 - at `$.a.b[2].c`", "wrong_length", "#/a/b/2/c"),
        ("Expected `array` of length >= 1 - at `$.a`", "wrong_length", "#/a"),
        ("Expected `str` matching regex '^a - at `x`$' - at `$.a`", "wrong_form", "#/a"),
        ("Invalid RFC3339 encoded datetime - at `$.at`", "wrong_form", "#/at"),
        ("Invalid enum value 'x' - at `$.kind`", "unknown_value", "#/kind"),
        ("Object contains unknown field `x`", "unknown_field", "#/x"),
        ("Object missing required field `x` - at `$.a[0]`", "required", "#/a/0/x"),
        ("Integer value out of range - at `$.n`", "out_of_range", "#/n"),
        ("Something new in a later version", "invalid_value", "#"),
    ],
)
def test_field_problem(message: str, code: str, pointer: str) -> None:
    found = field_problem(message)
    assert (found.code, found.pointer) == (code, pointer)


def test_a_route_without_a_permission_does_not_start() -> None:
    @get("/open")
    async def open_to_all() -> None: ...

    with pytest.raises(ValueError, match="needs"):
        application([open_to_all], context_of=context_of)
