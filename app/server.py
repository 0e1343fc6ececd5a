"""The HTTP door: the application put together, and the processes that serve it.

`serve(settings)` brings up the servers and the database, then runs TRADELINE_PROCESSES server processes
and one worker until it is told to stop. Each server process binds the port itself (SO_REUSEPORT), so that
the system spreads connections evenly; from one shared socket whoever wakes first takes all that wait.
"""

from __future__ import annotations

import asyncio
import gc
import hmac
import importlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import uvicorn
from litestar import Litestar
from redis.asyncio import Redis

from app.children import run_child, run_parent
from app.context import FromKey
from app.health import error_page, healthz, metrics_page, readyz
from app.keys import KeyCache
from billing.commit_queue import start_queue, stop_queue
from kernel.db.engine import close_database, open_database
from kernel.db.roles import prepare_database
from kernel.serve.errors import ServeError
from kernel.serve.stack import start_stack
from kernel.settings import Settings
from kernel.web.application import Application, application
from kernel.web.paging import use_cursor_key

ROUTERS: Final = ("tenants.api", "products.api", "billing.api", "reports.api")
"""Modules whose `router` holds their routes below /v1."""

POOL_SIZE: Final = 10
_REDIS_SECONDS: Final = 0.5
_DRAIN_SECONDS: Final = 20
_BACKLOG: Final = 2048
_GARBAGE: Final = 20_000


def create_app(settings: Settings) -> Application:
    """The application; its database is opened and closed with it.

    `settings` name a prepared database, as the application's role, and the secret key.
    """
    database_url, secret_key = settings.database_url, settings.secret_key
    if database_url is None or secret_key is None:
        raise ValueError("create_app needs database_url and secret_key: serve() finds them")
    use_cursor_key(hmac.digest(secret_key.encode(), b"tradeline cursor", "sha256"))
    keys = KeyCache()

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        await open_database(database_url, secret_key, size=POOL_SIZE)
        try:
            await start_queue(database_url)
            async with keys.watching(database_url), _redis(settings.redis_url) as redis:
                app.state["redis"] = redis
                yield
        finally:
            await stop_queue()
            await close_database()

    return application(
        [importlib.import_module(name).router for name in ROUTERS],
        [healthz, readyz, metrics_page, error_page],
        context_of=FromKey(keys),
        lifespan=[running],
    )


@asynccontextmanager
async def _redis(url: str | None) -> AsyncIterator[Redis | None]:
    """A client that never makes a request wait: what it holds may be lost, so may it itself."""
    if url is None:
        yield None
        return
    redis = Redis.from_url(url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS)
    try:
        yield redis
    finally:
        await redis.aclose()


async def answer(settings: Settings, stop: asyncio.Event) -> None:
    """One server process: answers until `stop` is set, then lets the requests at hand end."""
    app = create_app(settings)
    # What the program is made of need not be searched for garbage again and again, nor every 700 new objects:
    # a request costs a tenth less, and no search of the whole heap stops the others meanwhile.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    config = uvicorn.Config(
        app,
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    stopping = asyncio.create_task(_stop(server, stop))
    with _bound(settings) as listener:
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        await server.serve(sockets=[listener])
    stopping.cancel()
    if not server.started:
        raise SystemExit(3)


async def _stop(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises ServeError where something it stands on is missing."""
    with _reserved(settings), start_stack(settings) as stack:
        prepared = asyncio.run(prepare_database(stack.admin_url, stack.secret_key))
        resolved = msgspec.structs.replace(
            settings,
            database_url=stack.app_url or prepared,
            redis_url=stack.redis_url,
            secret_key=stack.secret_key,
        )
        shared = settings.home / f"metrics-{settings.port}"
        shutil.rmtree(shared, ignore_errors=True)
        shared.mkdir(parents=True)
        try:
            run_parent(
                ["app.server"] * settings.processes + ["app.worker"],
                resolved,
                os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
            )
        finally:
            shutil.rmtree(shared, ignore_errors=True)


def _reserved(settings: Settings) -> socket.socket:
    """The port, bound but not listening: ours as long as the parent lives, and nobody else's before."""
    try:
        with _socket(settings) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((settings.host, settings.port))
        return _bound(settings)
    except OSError as taken:
        raise ServeError(
            f"cannot listen on {settings.host}:{settings.port}: {taken.strerror}",
            "stop what uses the port, or choose another with TRADELINE_PORT",
        ) from taken


def _bound(settings: Settings) -> socket.socket:
    own = _socket(settings)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind((settings.host, settings.port))
    return own


def _socket(settings: Settings) -> socket.socket:
    family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
    return socket.socket(family, socket.SOCK_STREAM)


if __name__ == "__main__":
    run_child(answer)
