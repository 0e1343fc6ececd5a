"""Verify a tenant's book: every row against the replayed events, the ledger against the states (DOMAIN
§13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from billing.rules.book import Difference, differences
from billing.verification import book_differences, changed_ids, load_book, remember_verified, watermark
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.seal_audit import verify_seals

PERMISSION: Final = "ledger:read"
CHUNK: Final = 1_000


class VerifyBook(msgspec.Struct, frozen=True, kw_only=True):
    """`everything`: the whole book; else what changed since the last clean verification."""

    everything: bool = False
    progress: Callable[[int], None] | None = None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Clean where there are no differences."""

    drawdowns: int
    differences: tuple[Difference, ...]

    @property
    def clean(self) -> bool:
        return not self.differences


async def verify_book(ctx: Ctx, command: VerifyBook) -> Verified:
    """Changes nothing but the mark of how far it was clean."""
    ctx.require(PERMISSION)
    async with scope(ctx, read_only=True) as tx:
        below = await watermark(tx)
        ids = await changed_ids(tx, ctx, everything=command.everything)
    found: list[Difference] = []
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        async with scope(ctx, read_only=True) as tx:
            book = await load_book(tx, ctx, chunk)
            lost = set(chunk) - {stored.id for _, stored in book}
            found += [
                Difference(f"drawdown {one}", "rows", "no use of a line", "one") for one in sorted(lost)
            ]
            for loaded, stored in book:
                drawdown = loaded.drawdown
                found += differences(
                    loaded.terms, drawdown.parties, loaded.state, loaded.events or (), stored
                )
        if command.progress is not None:
            command.progress(min(start + CHUNK, len(ids)))
    async with scope(ctx, read_only=True) as tx:
        found += await book_differences(tx, ctx)
        seals = await verify_seals(tx, ctx.tenant_id)
    found += [Difference("audit", "seal", told, "unbroken") for told in seals.broken]
    if not found:
        await remember_verified(ctx, below)
    return Verified(drawdowns=len(ids), differences=tuple(found))
