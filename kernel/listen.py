"""A connection of its own that listens to a channel and looks again by itself, for what a process keeps.

NOTIFY makes changes known at once; the look every few hundred milliseconds finds what a lost connection or a
pooler between us and the server swallowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, cast

import asyncpg

from kernel import log
from kernel.db.engine import Tx

_SETTINGS: Final = {"application_name": "tradeline listener", "search_path": "pg_catalog", "timezone": "UTC"}
_TIMEOUT_SECONDS: Final = 5
CLIENT_ERRORS: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection that is gone; the second if it was cut off in the middle of an answer."""


async def listen(
    url: str, channel: str, heard: Callable[[str], None], look: Callable[[Tx], Awaitable[None]], every_ms: int
) -> NoReturn:
    """Calls `heard(payload)` for each notice and `look(tx)` every `every_ms`, until cancelled.

    A lost connection is made anew for as long as it takes; it is not an error of whoever keeps things.
    """
    while True:
        try:
            await _listen(url, channel, heard, look, every_ms)
        except (OSError, TimeoutError, asyncpg.PostgresError, *CLIENT_ERRORS) as lost:
            log.get().warning("listening broke off", channel=channel, cause=repr(lost))
            await asyncio.sleep(every_ms / 1000)


async def _listen(
    url: str, channel: str, heard: Callable[[str], None], look: Callable[[Tx], Awaitable[None]], every_ms: int
) -> NoReturn:
    connection = await asyncpg.connect(
        url, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS, server_settings=_SETTINGS
    )

    def on_notice(_connection: Any, _process: int, _channel: str, payload: str) -> None:
        heard(payload)

    try:
        await connection.add_listener(channel, on_notice)
        while True:
            await look(cast("Tx", connection))
            await asyncio.sleep(every_ms / 1000)
    finally:
        connection.terminate()
