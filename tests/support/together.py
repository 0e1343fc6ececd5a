"""Doing things truly at once: without open connections the first is done before the second has one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from kernel.db.engine import ENGINE


async def together(*doings: Awaitable[Any]) -> list[Any]:
    """Results and exceptions in order, of doings that each find an open connection."""
    pool = ENGINE.open_pool()
    wanted = min(len(doings), pool.get_max_size())
    for connection in await asyncio.gather(*(pool.acquire() for _ in range(wanted))):
        await pool.release(connection)
    return await asyncio.gather(*doings, return_exceptions=True)
