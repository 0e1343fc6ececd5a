"""Every route of the API: no one without a key, no key beyond its scopes, no stranger's object."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from app.context import FromKey
from app.keys import KeyCache
from app.openapi import generated
from app.server import ROUTERS
from kernel.db.scope import scope
from kernel.ids import encode, uuid7
from kernel.web import paging
from kernel.web.application import application
from kernel.web.examples import example
from tenants.issue_key import IssueKey, issue_key
from tenants.revoke_key import RevokeKey, revoke_key
from tenants.rules.roles import VOCABULARY
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db

DOCUMENT = generated()
METHODS = ("get", "post", "put", "patch", "delete")


class Route(msgspec.Struct, frozen=True):
    method: str
    path: str
    operation: dict[str, Any]

    @property
    def permission(self) -> str:
        return str(self.operation["x-permission"])

    @property
    def parameters(self) -> list[str]:
        """The ids in the path, by name."""
        return [each["name"] for each in self.operation.get("parameters", []) if each["in"] == "path"]


ROUTES = [
    Route(method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation["operationId"])


def prefix_of(route: Route, parameter: str) -> str:
    """`buy` for a path parameter whose ids begin with `buy_`."""
    for each in route.operation["parameters"]:
        if each["name"] == parameter and each["in"] == "path":
            if parameter == "explained_id":
                return "drw"  # or a charge's
            return str(each["schema"]["pattern"]).strip("^_")
    raise ValueError(parameter)


Ids = Callable[[str], str]


def nobody(prefix: str) -> str:
    """The id of an object that never was."""
    return encode(prefix, uuid7())


def request(route: Route, ids: Ids, headers: dict[str, str]) -> httpx.Request:
    """The request of the document's own example, with the ids of `ids` in path and body."""
    path = route.path
    for parameter in route.parameters:
        path = path.replace(f"{{{parameter}}}", ids(prefix_of(route, parameter)))
    body: Any = None
    if "requestBody" in route.operation:
        schema = route.operation["requestBody"]["content"]["application/json"]["schema"]
        body = with_ids(example(schema, DOCUMENT["components"]["schemas"]), ids)
    needed = {"Idempotency-Key": str(uuid7()), "If-Match": '"v1"'}
    return httpx.Request(route.method.upper(), f"http://shop.test{path}", json=body, headers=needed | headers)


def with_ids(value: Any, ids: Ids) -> Any:
    if isinstance(value, dict):
        return {name: with_ids(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_ids(inner, ids) for inner in value]
    if isinstance(value, str) and len(value) == 30 and value[3] == "_":
        return ids(value[:3])
    return value


@pytest_asyncio.fixture(scope="module")
async def client(database: None) -> AsyncIterator[httpx.AsyncClient]:
    paging.use_cursor_key(b"k" * 32)
    routers = [importlib.import_module(name).router for name in ROUTERS]
    app = application(routers, context_of=FromKey(KeyCache()))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def own(database: None) -> Shop:
    return await open_shop()


@pytest_asyncio.fixture(scope="module")
async def strangers(database: None) -> dict[str, str]:
    """Ids of another tenant's objects, by prefix."""
    shop = await open_shop(SIXTY_DAYS | {"statement": {"bill_day": 20}})
    drawdown_id = await shop.draw(50_000)
    receipt = await shop.pay(10_000)
    await shop.go(date(2027, 3, 20))
    ((statement_id,),) = await shop.rows("billing.statement", "id")
    async with scope(shop.ctx, read_only=True) as tx:
        programme_id = await tx.fetchval(
            "SELECT id FROM products.programme WHERE tenant_id = $1", shop.ctx.tenant_id
        )
    opened = shop.workspace.opened
    found = {
        "buy": shop.buyer_id,
        "drw": drawdown_id,
        "dsp": uuid7(),
        "sil": uuid7(),
        "key": opened.key_id,
        "lin": shop.line_id,
        "mem": opened.member_id,
        "mer": shop.merchant_id,
        "pgm": programme_id,
        "prd": shop.product_id,
        "rcp": receipt.id,
        "stm": statement_id,
    }
    return {prefix: encode(prefix, value) for prefix, value in found.items()}


async def answer(client: httpx.AsyncClient, route: Route, ids: Ids, secret: str | None) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    response = await client.send(request(route, ids, headers))
    if route.operation["operationId"] == "create_receipts" and response.status_code == 200:
        (outcome,) = response.json()["data"]  # one refused does not hold up the others: it is told inside
        return outcome["problem"]["status"], outcome["problem"]["code"]
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


async def key_with(workspace: Workspace, *scopes: str) -> str:
    issued = await issue_key(workspace.ctx(), IssueKey(name="k", scopes=scopes))
    assert issued.secret is not None
    return issued.secret


@every_route
@pytest.mark.parametrize("secret", [None, "", "nonsense", "sk_test_" + "0" * 49])
async def test_nobody_without_a_key(client: httpx.AsyncClient, route: Route, secret: str | None) -> None:
    assert await answer(client, route, nobody, secret) == (401, "unauthenticated")


@every_route
async def test_no_key_beyond_its_scopes(client: httpx.AsyncClient, own: Shop, route: Route) -> None:
    secret = await key_with(own.workspace, *sorted(VOCABULARY - {route.permission}))
    assert await answer(client, route, nobody, secret) == (403, "forbidden")


@every_route
async def test_no_revoked_key(client: httpx.AsyncClient, own: Shop, route: Route) -> None:
    ctx = own.workspace.ctx()
    issued = await issue_key(ctx, IssueKey(name="k"))
    await revoke_key(ctx, RevokeKey(key_id=issued.key.id))
    assert await answer(client, route, nobody, issued.secret) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.parameters], ids=lambda route: route.operation["operationId"]
)
async def test_a_strangers_object_is_as_if_it_never_was(
    client: httpx.AsyncClient, own: Shop, strangers: dict[str, str], route: Route
) -> None:
    secret = own.workspace.opened.secret
    assert await answer(client, route, strangers.__getitem__, secret) == (404, "not_found")
    assert await answer(client, route, nobody, secret) == (404, "not_found")


def names_ids(route: Route) -> bool:
    """Whether the body of a route names objects."""
    if "requestBody" not in route.operation or route.parameters:
        return False
    schema = route.operation["requestBody"]["content"]["application/json"]["schema"]
    told = example(schema, DOCUMENT["components"]["schemas"])
    return bool(with_ids(told, lambda prefix: "") != told)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if names_ids(route)], ids=lambda route: route.operation["operationId"]
)
async def test_a_strangers_object_in_a_body_is_as_if_it_never_was(
    client: httpx.AsyncClient, own: Shop, strangers: dict[str, str], route: Route
) -> None:
    secret = own.workspace.opened.secret
    theirs = await answer(client, route, strangers.__getitem__, secret)
    assert theirs == await answer(client, route, nobody, secret)
    assert theirs[0] in (404, 409, 422)


def test_the_list_is_whole() -> None:
    assert len(ROUTES) > 30
    assert {route.permission for route in ROUTES} <= VOCABULARY
    assert len({route.operation["operationId"] for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert len(route.operation["tags"]) == 1
        assert route.operation["summary"]
        assert "401" in route.operation["responses"]
