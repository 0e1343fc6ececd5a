"""A toy application behind the real frame: no database, one key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import get, post
from litestar.params import FromPath, JSONBody

from kernel.context import Actor, Ctx
from kernel.errors import DomainError, Stale, Unauthenticated
from kernel.i18n import negotiate
from kernel.web import paging
from kernel.web.application import Application, application
from kernel.web.ids import Id
from kernel.web.request import ApiRequest, needs

TENANT = UUID(int=7)


class ThingId(Id, prefix="thg"):
    pass


class NewThing(msgspec.Struct, forbid_unknown_fields=True):
    amount_minor: Annotated[int, msgspec.Meta(gt=0, le=10**12)]
    near: ThingId | None = None
    tags: dict[str, list[int]] = {}


class Thing(msgspec.Struct):
    id: ThingId
    amount_minor: int
    family: str


class OutOfThings(DomainError):
    code = "limit_exceeded"
    status = 409


@post("/things", opt=needs("things:write", key="required"), operation_id="create_thing")
async def create_thing(request: ApiRequest, data: JSONBody[NewThing]) -> Thing:
    """Make a thing."""
    if data.amount_minor == 666:
        raise ValueError("a programming error")
    if data.amount_minor > 1000:
        raise OutOfThings(available_minor=1000, requested_minor=data.amount_minor)
    if data.amount_minor == 409:
        raise Stale
    assert request.ctx.key is not None
    return Thing(ThingId(request.ctx.key.key), data.amount_minor, str(request.ctx.key.fingerprint))


@get("/things/{thing_id:str}", opt=needs("things:read"), operation_id="get_thing")
async def get_thing(thing_id: FromPath[ThingId]) -> Thing:
    """One thing."""
    return Thing(thing_id, 1, "")


@get("/things", opt=needs("things:read"), operation_id="list_things")
async def list_things(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[Thing]:
    """250 things in the order of their numbers."""
    asked = paging.page(request.ctx.tenant_id, "/v1/things", limit, cursor)
    first = asked.after.id.int + 1 if asked.after else 0
    return paging.page_of(
        range(250)[first : first + asked.limit + 1],
        asked,
        tenant_id=request.ctx.tenant_id,
        url="/v1/things",
        position=lambda number: paging.Position(number, UUID(int=number)),
        view=lambda number: Thing(ThingId(UUID(int=number)), number, ""),
    )


async def context_of(authorization: bytes | None, language: bytes | None, request_id: str) -> Ctx:
    allowed = {b"Bearer all": {"things:read", "things:write"}, b"Bearer read": {"things:read"}}
    if authorization not in allowed:
        raise Unauthenticated
    return Ctx(
        tenant_id=TENANT,
        mode="test",
        actor=Actor("key", UUID(int=1)),
        family=UUID(int=1),
        permissions=frozenset(allowed[authorization]),
        now=datetime(2027, 3, 1, tzinfo=UTC),
        today=date(2027, 3, 1),
        locale=negotiate(language.decode() if language else None, "zh-CN"),
        request_id=request_id,
    )


@pytest.fixture(scope="session")
def toy() -> Application:
    paging.use_cursor_key(b"k" * 32)
    return application([create_thing, get_thing, list_things], context_of=context_of)


@pytest.fixture
async def client(toy: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=toy, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer all", "Idempotency-Key": "k1", "Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test", headers=headers) as client:
        yield client
