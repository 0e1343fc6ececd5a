"""Listening goes on whatever happens to its connection."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from kernel.db.engine import Tx
from kernel.listen import listen

pytestmark = pytest.mark.db

CUT = (
    asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    ConnectionResetError(),
    TimeoutError(),
)


@pytest.mark.parametrize("lost", CUT, ids=lambda lost: type(lost).__name__)
async def test_a_connection_that_breaks_is_made_anew(database: None, app_url: str, lost: Exception) -> None:
    looks = 0
    again = asyncio.Event()

    async def look(tx: Tx) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise lost
        assert await tx.fetchval("SELECT 1") == 1
        again.set()

    listener = asyncio.create_task(listen(app_url, "config", lambda payload: None, look, 10))
    async with asyncio.timeout(30):
        await again.wait()
    listener.cancel()
    with suppress(asyncio.CancelledError):
        await listener


async def test_an_error_of_ours_is_not_swallowed(database: None, app_url: str) -> None:
    async def look(tx: Tx) -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        await listen(app_url, "config", lambda payload: None, look, 10)
