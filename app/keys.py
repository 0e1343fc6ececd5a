"""API keys and their tenants as this process knows them, never older than a second (ARCHITECTURE §5).

An entry counts while its tenant was seen, with the same config_version, less than a second ago. A listener
sees all known tenants every 400 ms and hears of changes at once; when it fails, entries are looked up again.
So a revoked key is dead within a second whatever is down, and a hot key costs no query.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from kernel.db.engine import Tx
from kernel.db.scope import unscoped
from kernel.listen import listen
from kernel.standing import Standing, read_standings
from tenants.queries import FoundKey, find_key

MOST: Final = 10_000
"""Entries kept of each kind; the oldest goes first."""

FRESH_SECONDS: Final = 1.0
LOOK_MS: Final = 400

K = TypeVar("K")
V = TypeVar("V")
Known = tuple[FoundKey, Standing]


class _Seen(msgspec.Struct, frozen=True):
    """A tenant, and the monotonic second before it was read."""

    standing: Standing
    at: float


class KeyCache:
    """One per process. Outside `watching` an entry lasts a second."""

    def __init__(self) -> None:
        self._keys: dict[bytes, FoundKey] = {}
        self._unknown: dict[bytes, float] = {}
        self._tenants: dict[UUID, _Seen] = {}
        self._asked: dict[bytes, asyncio.Task[Known | None]] = {}

    @asynccontextmanager
    async def watching(self, url: str) -> AsyncIterator[None]:
        """Listens at the application's database `url`."""
        listener = asyncio.create_task(listen(url, "config", self._heard, self._look, LOOK_MS))
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def find(self, secret: str) -> Known | None:
        """The key with this secret and its tenant; None for no key of ours. Raises Unavailable."""
        digest = hashlib.sha256(secret.encode()).digest()
        if (found := self._keys.get(digest)) is not None:
            seen = self._tenants.get(found.tenant_id)
            if seen is not None and _fresh(seen.at) and seen.standing.config_version == found.config_version:
                return found, seen.standing
        elif _fresh(self._unknown.get(digest, -FRESH_SECONDS)):
            return None
        return await self._ask(digest, secret)

    def moved_on(self, standing: Standing) -> None:
        """This process itself has changed the tenant's day."""
        if (seen := self._tenants.get(standing.id)) is not None:
            self._tenants[standing.id] = _Seen(standing, seen.at)

    async def _ask(self, digest: bytes, secret: str) -> Known | None:
        """Asks the database once, however many requests wait for the same key."""
        task = self._asked.get(digest)
        if task is None:
            task = self._asked[digest] = asyncio.create_task(self._look_up(digest, secret))
            task.add_done_callback(lambda _: self._asked.pop(digest, None))
        return await asyncio.shield(task)

    async def _look_up(self, digest: bytes, secret: str) -> Known | None:
        began = monotonic()
        async with unscoped() as tx:
            found = await find_key(tx, secret)
            standings = await read_standings(tx, [found.tenant_id]) if found else []
        if not found or not standings:
            self._keys.pop(digest, None)
            _put(self._unknown, digest, began)
            return None
        _put(self._keys, digest, found)
        _put(self._tenants, found.tenant_id, _Seen(standings[0], began))
        return found, standings[0]

    async def _look(self, tx: Tx) -> None:
        """Sees all known tenants again; a closed one is forgotten, and its keys with it."""
        began = monotonic()
        asked = list(self._tenants)
        if not asked:
            await tx.fetchval("SELECT 1")
            return
        standings = {standing.id: standing for standing in await read_standings(tx, asked)}
        for tenant_id in asked:
            seen, standing = self._tenants.get(tenant_id), standings.get(tenant_id)
            if standing is None:
                self._tenants.pop(tenant_id, None)
            elif seen is not None and seen.at < began:
                self._tenants[tenant_id] = _Seen(standing, began)

    def _heard(self, tenant_id: str) -> None:
        self._tenants.pop(UUID(tenant_id), None)


def _fresh(at: float) -> bool:
    return monotonic() - at < FRESH_SECONDS


def _put(kept: dict[K, V], key: K, value: V) -> None:
    """`value` as the newest entry; the oldest leaves where there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST:
        del kept[next(iter(kept))]
