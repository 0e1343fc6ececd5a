"""Routes behind the real frame, asked by whoever the test says; key look-up is tested with the whole app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import msgspec
from litestar.types import ControllerRouterHandler

from kernel.context import Ctx
from kernel.errors import Unauthenticated
from kernel.web import paging
from kernel.web.application import application
from tests.support.tenants import Workspace


@asynccontextmanager
async def asking(
    workspace: Workspace, routes: Sequence[ControllerRouterHandler], who: Callable[[], Ctx] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is `who` at each request: the owner on the opening day where none is named."""
    paging.use_cursor_key(b"k" * 32)
    who = who or workspace.ctx

    async def context_of(authorization: bytes | None, language: bytes | None, request_id: str) -> Ctx:
        if authorization != b"Bearer me":
            raise Unauthenticated
        return msgspec.structs.replace(who(), request_id=request_id)

    transport = httpx.ASGITransport(
        app=application(routes, context_of=context_of), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(
        transport=transport, base_url="http://shop.test", headers={"Authorization": "Bearer me"}
    ) as client:
        yield client
