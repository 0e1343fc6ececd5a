"""Authorisations decided and encoded by the application's own code, kept back for pgbench to send."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final
from uuid import UUID

import msgspec

from bench.book import CURRENCY, Platform, amount_minor
from bench.stage import Stage
from billing import commit_queue
from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.commit_queue import Answer, Sent
from kernel import ids
from kernel.context import Ctx, IdempotencyKey
from kernel.db.token import scope_token

SCHEMA: Final = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE UNLOGGED TABLE IF NOT EXISTS bench.command (id bigint PRIMARY KEY, tokens text[], commands text)
    WITH (autovacuum_enabled = off);
CREATE TABLE IF NOT EXISTS bench.minimal (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint);
GRANT USAGE ON SCHEMA bench TO tradeline_app;
GRANT SELECT ON bench.command TO tradeline_app;
GRANT INSERT ON bench.minimal TO tradeline_app;
"""
PER_CLIENT: Final = 10_000_000
"""pgbench's client c takes the rows c × this + 1, + 2, …: each is used once, and nobody waits for another."""
TOKEN_SECONDS: Final = 3_600
_numbers = count(1)


class _Encoded(msgspec.Struct):
    result: msgspec.Raw


@contextmanager
def _kept_back() -> Iterator[list[Sent]]:
    """What the application sends goes into a list instead of the database, and succeeds."""
    kept: list[Sent] = []

    async def keep(sent: Sent) -> Answer:
        kept.append(sent)
        return Answer("ok", bytes(msgspec.json.decode(sent.command, type=_Encoded).result))

    really, commit_queue.send = commit_queue.send, keep
    try:
        yield kept
    finally:
        commit_queue.send = really


async def prepare(
    on: Stage, platforms: Sequence[Platform], *, size: int, clients: int, per_client: int
) -> None:
    """Fills bench.command (see SCHEMA) anew with arrays of `size` commands, tenants and lines by chance."""
    contexts = {platform.tenant_id: await platform.ctx() for platform in platforms}
    async with on.admin() as connection:
        await connection.execute("TRUNCATE bench.command")
        await connection.copy_records_to_table(
            "command",
            schema_name="bench",
            columns=("id", "tokens", "commands"),
            records=_arrays(platforms, contexts, size, clients, per_client),
        )
        await connection.execute("ANALYZE bench.command")


async def _arrays(
    platforms: Sequence[Platform], contexts: dict[UUID, Ctx], size: int, clients: int, per_client: int
) -> AsyncIterator[tuple[Any, ...]]:
    chance = random.Random(next(_numbers))
    tokens = {tenant_id: scope_token(tenant_id, TOKEN_SECONDS) for tenant_id in contexts}
    for client in range(clients):
        for number in range(1, per_client + 1):
            with _kept_back() as kept:
                for _ in range(size):
                    platform = chance.choice(platforms)
                    await _authorise(contexts[platform.tenant_id], platform, chance)
            yield (
                client * PER_CLIENT + number,
                [tokens[tenant] for tenant in {sent.tenant for sent in kept}],
                "[" + ",".join(sent.command.decode() for sent in kept) + "]",
            )


async def _authorise(ctx: Ctx, platform: Platform, chance: random.Random) -> None:
    key = str(next(_numbers)).encode()
    once = IdempotencyKey(ids.digest(b"bench", key), ids.digest(b"request", key))
    await authorise_order(
        ctx.asking(ids.encode("req", ids.uuid7()), once),
        AuthoriseOrder(
            line_id=chance.choice(platform.lines),
            merchant_id=platform.merchant_id,
            amount_minor=amount_minor(chance),
            currency=CURRENCY,
            order_ref=f"order {key.decode()}",
        ),
    )
