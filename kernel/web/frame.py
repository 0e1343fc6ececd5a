"""What stands round every request, as plain ASGI: its id, every response's headers, a log line, metrics.

It wraps Litestar from outside, so that unknown routes and faults in Litestar itself get the same treatment.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from kernel import ids, log, metrics
from kernel.idempotency import replayed
from kernel.web.errors import Internal
from kernel.web.problems import MEDIA_TYPE, answer

API_VERSION: Final = "2026-11-21"

_EVERY_RESPONSE: Final = (
    (b"tradeline-version", API_VERSION.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_UNLESS_SET: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    b"cache-control": b"no-store",
}


class Frame:
    """`scope["state"]` gets `request_id`; access.py adds `ctx`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        request_id = ids.encode("req", ids.uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        replayed.set(False)
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id.encode())
            await send(message)

        with log.facts({"request_id": request_id}):
            try:
                await self.app(scope, receive, framed)
            except Exception as fault:
                log.get().error("request failed outside the routes", exc_info=fault)
                if status:
                    raise
                await _send_fault(scope, framed)
            finally:
                seconds = perf_counter() - began
                route = scope.get("path_template", "unknown")
                metrics.observe_request(scope["method"], route, status, seconds)
                log.request_line(scope["method"], route, status, int(seconds * 1_000_000))


def _add_headers(message: HTTPResponseStartEvent, request_id: bytes) -> None:
    headers = [*message["headers"], (b"request-id", request_id), *_EVERY_RESPONSE]
    given = {name for name, _ in message["headers"]}
    headers.extend((name, value) for name, value in _UNLESS_SET.items() if name not in given)
    if replayed.get():
        headers.append((b"idempotent-replayed", b"true"))
    message["headers"] = headers


async def _send_fault(scope: HTTPScope, send: Send) -> None:
    body, headers = answer(Internal(), scope)
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    pairs += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": Internal.status, "headers": pairs}
    await send(cast("Message", start))
    await send({"type": "http.response.body", "body": body, "more_body": False})
