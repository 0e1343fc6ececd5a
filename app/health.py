"""For whoever watches over us: is the process alive, can it serve, its metrics, what an error code means."""

from __future__ import annotations

import html
from typing import Any, Literal

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kernel import metrics
from kernel.db.migrate import pending
from kernel.db.scope import unscoped
from kernel.errors import DomainError, NotFound
from kernel.i18n import DEFAULT, catalogue, negotiate

State = Literal["ok", "degraded", "away"]


class Readiness(msgspec.Struct):
    """`redis` away makes nothing fail: rate limits and live pages fall back to this process."""

    ready: bool
    database: State
    migrations: Literal["current", "pending", "unknown"]
    redis: State


@get("/healthz", include_in_schema=False, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False)
async def readyz(request: Request[Any, Any, Any]) -> Response[Readiness]:
    """Whether requests can be served: 200, or 503 with what is missing."""
    migrations: Literal["current", "pending", "unknown"] = "unknown"
    try:
        async with unscoped() as tx:
            migrations = "pending" if await pending(tx) else "current"
        database: State = "ok"
    except DomainError:
        database = "away"
    ready = migrations == "current"
    told = Readiness(ready, database, migrations, await _redis(request.app.state.redis))
    return Response(told, status_code=200 if ready else 503)


@get("/metrics", include_in_schema=False, sync_to_thread=True)
def metrics_page() -> Response[bytes]:
    """All processes' metrics in Prometheus' text format."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@get("/docs/errors/{code:str}", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
def error_page(request: Request[Any, Any, Any], code: FromPath[str]) -> str:
    """Where the `type` of a problem leads: what the code means and what to do."""
    locale = negotiate(request.headers.get("accept-language"), DEFAULT)
    words = catalogue(locale)
    title, detail = words.get(f"error.{code}.title"), words.get(f"error.{code}.detail")
    if title is None or detail is None:
        raise NotFound
    return (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<h1>{html.escape(title)}</h1><p><code>{html.escape(code)}</code></p><p>{html.escape(detail)}</p>"
    )


async def _redis(redis: Redis | None) -> State:
    if redis is None:
        return "degraded"
    try:
        await redis.ping()
    except (RedisError, OSError):
        return "degraded"
    return "ok"
