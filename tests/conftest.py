"""What tests stand on: servers and a database per test process; each test makes its own tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from kernel.db.engine import close_database, open_database
from kernel.serve import Stack
from tests.support.database import fresh_database, start_servers, url_of_application
from tests.support.tenants import Workspace, open_workspace

SLOW_IS_FINE = [HealthCheck.too_slow]
settings.register_profile("engine", max_examples=300, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.register_profile("nightly", max_examples=10_000, deadline=None, suppress_health_check=SLOW_IS_FINE)
if settings.get_current_profile_name() == "default":
    settings.load_profile("engine")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """PostgreSQL and Valkey, shared by all test processes."""
    with start_servers() as servers:
        yield servers


@pytest_asyncio.fixture(scope="session")
async def admin_url(stack: Stack) -> AsyncIterator[str]:
    """This process's database as a superuser: for looking from outside, never for the code under test."""
    async with fresh_database(stack) as url:
        yield url


@pytest_asyncio.fixture(scope="session")
async def app_url(stack: Stack, admin_url: str) -> str:
    """This process's database as the application's role."""
    return url_of_application(admin_url, stack)


@pytest_asyncio.fixture(scope="session")
async def database(stack: Stack, app_url: str) -> AsyncIterator[None]:
    """The pool behind `scope(ctx)`, open."""
    await open_database(app_url, stack.secret_key)
    yield
    await close_database()


@pytest.fixture
def make_tenant(database: None) -> Callable[..., Awaitable[Workspace]]:
    """Opens a tenant of one's own: `await make_tenant()`, `await make_tenant("live")`."""
    return open_workspace


@pytest_asyncio.fixture
async def tenant(database: None) -> Workspace:
    """A test tenant of one's own, where one is enough."""
    return await open_workspace()
