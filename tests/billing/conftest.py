"""Connections for the tests of `billing.commit`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio

from tests.billing.desk import Desk, Till, open_desk


@pytest_asyncio.fixture(scope="session")
async def admin(admin_url: str) -> AsyncIterator[Any]:
    """Looks at what was written, past every wall."""
    connection = await asyncpg.connect(admin_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="session")
async def till(app_url: str, database: None) -> AsyncIterator[Till]:
    connection = await asyncpg.connect(app_url)
    yield Till(connection)
    await connection.close()


@pytest_asyncio.fixture
async def desk(database: None) -> Desk:
    return await open_desk()
