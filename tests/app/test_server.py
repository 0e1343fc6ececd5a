"""The processes of `tradeline serve`: one port, restarted when they fall, gone when the parent is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio
from msgspec import json

from kernel.db.scope import unscoped
from kernel.serve import Stack
from kernel.settings import Settings
from tests.support.tenants import Workspace

pytestmark = [pytest.mark.db, pytest.mark.fault]

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import os, sys, msgspec
from app.children import run_parent
from app.server import _reserved
from kernel.settings import Settings
settings = msgspec.json.decode(sys.argv[1], type=Settings, dec_hook=lambda kind, value: kind(value))
with _reserved(settings):
    run_parent(["app.server", "app.server", "app.worker"], settings, os.environ)
"""


class Served:
    """A running parent, asked over HTTP."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], client: httpx.AsyncClient) -> None:
        self.url, self.process, self.client = url, process, client

    def children(self, module: str = "app.") -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [
                child
                for child in psutil.Process(self.process.pid).children()
                if any(part.startswith(module) for part in child.cmdline())
            ]
        return []

    async def get(self, path: str) -> httpx.Response:
        """A connection of its own each time, so that any process may answer."""
        return await self.client.get(self.url + path, headers={"Connection": "close"})

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not true():  # noqa: ASYNC110  (another process has no event to wait for)
                await asyncio.sleep(0.05)

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await self.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)


def start(settings: Settings, shared: Path, *, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, json.encode(settings, enc_hook=str)],
        cwd=ROOT,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
        stderr=stderr,
    )


@pytest_asyncio.fixture
async def served(app_url: str, stack: Stack, tmp_path: Path) -> AsyncIterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(
        home=tmp_path,
        data=tmp_path,
        database_url=app_url,
        redis_url=stack.redis_url,
        secret_key=stack.secret_key,
        port=port,
    )
    process = start(settings, tmp_path)
    async with httpx.AsyncClient(timeout=5) as client:
        running = Served(f"http://127.0.0.1:{port}", process, client)
        children: list[psutil.Process] = []
        try:
            await running.ready()
            children = running.children()
            yield running
        finally:
            process.kill()
            process.wait()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.wait(20)


async def told_events() -> bool:
    """Whether the worker has handed on events."""
    async with unscoped() as tx:
        return bool(
            await tx.fetchval("SELECT after_xid > '0' FROM kernel.outbox_cursor WHERE consumer = 'events'")
        )


async def test_it_serves_alone_and_ends_in_good_order(
    served: Served, tenant: Workspace, tmp_path: Path
) -> None:
    told = await served.client.get(
        f"{served.url}/v1/tenant", headers={"Authorization": f"Bearer {tenant.opened.secret}"}
    )
    assert told.status_code == 200
    for _ in range(10):
        await served.get("/healthz")
    counted = (await served.get("/metrics")).text
    line = 'tradeline_requests_total{method="GET",route="/healthz",status="200"} 10.0'
    assert line in counted, "both processes' requests are counted together"

    same = Settings(home=ROOT, data=ROOT, port=int(served.url.rpartition(":")[2]))
    async with asyncio.timeout(20):
        told_some = False
        while not told_some:
            await asyncio.sleep(0.1)
            told_some = await told_events()

    other = start(same, tmp_path, stderr=subprocess.PIPE)
    _, complaint = await asyncio.to_thread(other.communicate)
    assert other.returncode == 1
    assert b"choose another with TRADELINE_PORT" in complaint

    children = served.children()
    assert len(children) == 3
    served.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(served.process.wait, 20) == 0
    assert not any(child.is_running() for child in children)


async def test_what_falls_is_started_again_and_nothing_outlives_the_parent(served: Served) -> None:
    first = served.children()
    for child in first:
        child.kill()
    await served.until(lambda: len(served.children()) == 3 and not set(served.children()) & set(first))
    await served.ready()

    children = served.children()
    served.process.kill()
    await served.until(lambda: not any(child.is_running() for child in children))
    with pytest.raises(httpx.ConnectError):
        await served.get("/healthz")
