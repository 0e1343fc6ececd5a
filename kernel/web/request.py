"""What a route gets: who is asking, with which idempotency key, and its body read strictly.

    @post("/buyers", opt=needs(add_buyer.PERMISSION, key="optional"), operation_id="create_buyer", ...)
    async def create_buyer(request: ApiRequest, data: JSONBody[NewBuyer]) -> BuyerView:
        return view(await add_buyer(request.ctx, ...))

The permission stands beside the route and is asked before the body is read. `kernel` does not know how
a key is looked up: app/server.py puts that function into `app.state.context_of`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Literal

import msgspec
from litestar import Request

from kernel.context import Ctx
from kernel.errors import Invalid, Unreadable
from kernel.web.errors import BadRequest, BodyTooLarge
from kernel.web.idempotency import key_of
from kernel.web.ids import decode_id
from kernel.web.problems import BODY_LIMIT_BYTES, field_problem

ContextOf = Callable[[bytes | None, bytes | None, str], Awaitable[Ctx]]
"""(Authorization, Accept-Language, request id) -> context; raises `Unauthenticated` or `Unavailable`."""


class ApiRequest(Request[Any, Any, Any]):
    """A request that `admit` has let in. `ctx.key` is None where the route takes none or got none."""

    @property
    def ctx(self) -> Ctx:
        ctx: Ctx = self.scope["state"]["ctx"]
        return ctx

    async def body(self) -> bytes:
        """The whole body, read once. Raises BodyTooLarge; BadRequest where it breaks off.

        Litestar's own way goes through a generator and two multi-dictionaries, a tenth of a request's time.
        """
        state = self.scope["state"]
        if "body" not in state:
            body, more = b"", True
            while more:
                message = await self.receive()
                if message["type"] != "http.request":
                    raise BadRequest
                body += message.get("body", b"")
                if len(body) > BODY_LIMIT_BYTES:
                    raise BodyTooLarge(limit_bytes=BODY_LIMIT_BYTES)
                more = message.get("more_body", False)
            state["body"] = body
        whole: bytes = state["body"]
        return whole

    async def json(self) -> Any:
        """The body as the type of the route's `data` parameter.

        Litestar's own way reads loosely ("5" would pass for 5) and tells no place of an error.
        """
        field = self.route_handler.parsed_data_field
        return read(await self.body(), field.annotation if field else Any)


def needs(
    permission: str, *, key: Literal["required", "optional"] | None = None, if_match: bool = False
) -> dict[str, Any]:
    """A route's `opt`: the permission it asks for; whether it takes an Idempotency-Key (money: required).

    `if_match` only tells the OpenAPI document: the route calls `expected_version` (kernel/web/versions.py).
    """
    return {"permission": permission, "idempotency_key": key, "if_match": if_match}


async def admit(request: ApiRequest) -> None:
    """`before_request` of all routes below /v1: finds out who is asking, refuses, reads the key.

    Not a Litestar guard: for each guard of each request the whole handler is copied.
    """
    opt, scope = request.route_handler.opt, request.scope
    if scope["method"] == "OPTIONS":
        return
    headers = dict(scope["headers"])
    state = scope["state"]
    context_of: ContextOf = request.app.state.context_of
    ctx = await context_of(
        headers.get(b"authorization"), headers.get(b"accept-language"), state["request_id"]
    )
    ctx.require(opt["permission"])
    state["ctx"] = ctx
    if rule := opt["idempotency_key"]:
        given = headers.get(b"idempotency-key")
        body = await request.body()
        key = key_of(given, scope["method"], scope["path"], body, required=rule == "required")
        state["ctx"] = msgspec.structs.replace(ctx, key=key)


def read(raw: bytes, kind: Any) -> Any:
    """`raw` as `kind`. Raises `Unreadable` where it is not JSON, `Invalid` where it is not this kind."""
    try:
        return _decoder(kind).decode(raw)
    except msgspec.ValidationError as wrong:
        raise Invalid(errors=(field_problem(str(wrong)),)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None


@lru_cache(maxsize=1024)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=decode_id)
