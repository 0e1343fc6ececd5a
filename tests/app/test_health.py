"""What watchers see: alive, ready or not and why, metrics, what an error code means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app import health
from app.health import error_page, healthz, metrics_page, readyz
from kernel.db.engine import ENGINE
from kernel.serve import Stack
from kernel.web.application import Application, application
from tests.kernel.web.conftest import context_of

pytestmark = pytest.mark.db


@pytest.fixture
def app() -> Application:
    app = application([], [healthz, readyz, metrics_page, error_page], context_of=context_of)
    app.state["redis"] = None
    return app


@pytest_asyncio.fixture
async def client(app: Application, database: None) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def test_alive(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_ready_though_redis_is_away(client: httpx.AsyncClient, app: Application, stack: Stack) -> None:
    expected = {"ready": True, "database": "ok", "migrations": "current", "redis": "degraded"}
    assert (await client.get("/readyz")).json() == expected
    nowhere = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    app.state["redis"] = nowhere
    response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (200, expected)
    there = Redis.from_url(stack.redis_url)
    app.state["redis"] = there
    assert (await client.get("/readyz")).json() == expected | {"redis": "ok"}
    await nowhere.aclose()
    await there.aclose()


async def test_not_ready_while_migrations_are_pending(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def some(tx: Any) -> list[str]:
        return ["billing/0009_later"]

    monkeypatch.setattr(health, "pending", some)
    response = await client.get("/readyz")
    assert (response.status_code, response.json()["migrations"]) == (503, "pending")


async def test_a_pending_function_is_seen(client: httpx.AsyncClient, admin_url: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        async with admin.transaction():
            taken = await admin.fetchrow(
                "DELETE FROM kernel.sql_function WHERE file LIKE '%find_key.sql' RETURNING *"
            )
        assert (await client.get("/readyz")).json()["migrations"] == "pending"
        await admin.execute("INSERT INTO kernel.sql_function VALUES ($1, $2, $3)", *taken)
        assert (await client.get("/readyz")).json()["migrations"] == "current"
    finally:
        await admin.close()


async def test_not_ready_without_a_database(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = await asyncpg.create_pool(min_size=0, host="127.0.0.1", port=1, database="none", user="x")
    monkeypatch.setattr(ENGINE, "pool", closed)
    response = await client.get("/readyz")
    told = response.json()
    assert (response.status_code, told["ready"], told["database"]) == (503, False, "away")
    assert (await client.get("/healthz")).status_code == 200


async def test_metrics_count_requests_by_route(client: httpx.AsyncClient) -> None:
    await client.get("/healthz")
    await client.get("/docs/errors/no_such_code")
    await client.get("/no/such/path")
    text = (await client.get("/metrics")).text
    assert 'tradeline_requests_total{method="GET",route="/healthz",status="200"}' in text
    assert 'route="/docs/errors/{code}",status="404"' in text
    assert 'route="unknown",status="404"' in text
    assert "no_such_code" not in text
    assert "tradeline_request_seconds_bucket" in text


async def test_the_type_of_a_problem_leads_somewhere(client: httpx.AsyncClient) -> None:
    where = (await client.get("/no/such/path")).json()["type"]
    page = await client.get(where, headers={"Accept-Language": "zh"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "地址不存在" in page.text
    assert (await client.get("/docs/errors/<script>")).status_code == 404
