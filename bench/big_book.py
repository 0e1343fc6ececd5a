"""Books of a million drawdowns: a few hundred made by the real use cases and day ends, copied under new ids.

The originals are a season in the life of one buyer: each day a few orders are authorised and captured, one is
authorised only, and the day is ended; nobody pays. A copy has its own ids and its own buyer and line, all
else is the original's, so its rows agree with its events as the original's do. Copies stand in the order of
their originals' days, as rows that grew day by day would.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from bench.book import CURRENCY, DOCUMENT, Platform, amount_minor, open_platform
from bench.errors import BenchError
from bench.stage import Stage
from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.capture_order import CaptureOrder, capture_order
from billing.move_clock import MoveClock, move_clock

SEASON_DAYS: Final = 70
"""Longer than a term of 60 days with its grace of 3, so that every age is there."""
CAPTURED_A_DAY: Final = 4
DRAWDOWNS_A_LINE: Final = 50

_SCHEMA: Final = """
CREATE SCHEMA IF NOT EXISTS bench;
DROP TABLE IF EXISTS bench.copy;
CREATE UNLOGGED TABLE bench.copy (n bigint, original uuid, buyer uuid, line uuid);
CREATE OR REPLACE FUNCTION bench.renew(id uuid, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(n), 12, '0') || substr(replace(id::text, '-', ''), 13))::uuid $$;
"""
# The first 48 bits of a UUIDv7 are its time; the copy's number stands in their place.
_COPIED: Final = {
    "drawdown": "t.id",
    "drawdown_use": "t.drawdown_id",
    "drawdown_event": "t.drawdown_id",
    "instalment": "t.drawdown_id",
    "journal": "split_part(t.reference, ':', 2)::uuid",
    "entry": "t.drawdown_id",
    "charge": "t.drawdown_id",
}
"""Each table with the drawdown that a row of it belongs to."""
_NEW: Final = {
    "id": "bench.renew(t.id, c.n)",
    "drawdown_id": "bench.renew(t.drawdown_id, c.n)",
    "journal_id": "bench.renew(t.journal_id, c.n)",
    "reference": "replace(t.reference, c.original::text, bench.renew(c.original, c.n)::text)",
    "buyer_id": "c.buyer",
    "line_id": "c.line",
    "debit_party": "CASE t.debit_party WHEN $2 THEN c.buyer ELSE t.debit_party END",
    "credit_party": "CASE t.credit_party WHEN $2 THEN c.buyer ELSE t.credit_party END",
    "xid": "pg_current_xact_id()",
}
"""What of a row is the copy's own."""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Its day end has run through `ended_on`; `due[d]` drawdowns have something due d days later."""

    platform: Platform
    ended_on: date
    drawdowns: int
    due: Mapping[int, int]


async def make_book(
    on: Stage, name: str, drawdowns: int, due: Mapping[int, int], *, a_line: int = DRAWDOWNS_A_LINE,
    document: dict[str, Any] = DOCUMENT,
) -> Book:  # fmt: skip
    """A tenant with this many open drawdowns, `due[d]` of them due on the d-th day from its today; `a_line`
    of them on a line.
    """
    platform = await open_platform(on, name, max(2, drawdowns // a_line), document)
    await _live(platform)
    today = (await platform.ctx()).today
    async with on.admin() as connection:
        await connection.execute(_SCHEMA)
        originals = await connection.fetch(
            "SELECT id, next_event_on FROM billing.drawdown WHERE tenant_id = $1 ORDER BY id",
            platform.tenant_id,
        )
        await connection.copy_records_to_table(
            "copy",
            schema_name="bench",
            columns=("n", "original", "buyer", "line"),
            records=_copies(platform, _plan(originals, today, drawdowns, due)),
        )
        await connection.execute("ANALYZE bench.copy")
        await _copy(connection, platform)
    return Book(platform=platform, ended_on=today, drawdowns=drawdowns, due=due)


async def _live(platform: Platform) -> None:
    chance = random.Random(1)
    for number in range(SEASON_DAYS):
        ctx = await platform.ctx()
        for no in range(CAPTURED_A_DAY + 1):
            drawn = await authorise_order(
                ctx,
                AuthoriseOrder(
                    line_id=platform.lines[0],
                    merchant_id=platform.merchant_id,
                    amount_minor=amount_minor(chance),
                    currency=CURRENCY,
                ),
            )
            if no < CAPTURED_A_DAY:
                await capture_order(ctx, CaptureOrder(drawdown_id=drawn.id))
        if number < SEASON_DAYS - 1:
            await move_clock(ctx, MoveClock(to=ctx.today + timedelta(1)))


def _plan(
    originals: Sequence[Any], today: date, drawdowns: int, due: Mapping[int, int]
) -> list[tuple[UUID, int]]:
    """How many copies of each original, in the originals' order; with the originals themselves it comes to
    `drawdowns`, and on each of the days in `due` to as many as asked.
    """
    groups: dict[int | None, list[UUID]] = {}
    for row in originals:
        days = (row["next_event_on"] - today).days if row["next_event_on"] else None
        groups.setdefault(days if days in due else None, []).append(row["id"])
    rest = drawdowns - sum(due.values())
    copies: dict[UUID, int] = {}
    for days, members in groups.items():
        wanted = rest if days is None else due[days]
        each, more = divmod(wanted - len(members), len(members))
        if each < 0:
            wrong = f"{drawdowns} drawdowns with {sum(due.values())} due are fewer than their originals"
            raise BenchError(wrong, "ask for more with --drawdowns")
        copies |= {one: each + (place < more) for place, one in enumerate(members)}
    return [(row["id"], copies[row["id"]]) for row in originals]


async def _copies(platform: Platform, plan: list[tuple[UUID, int]]) -> AsyncIterator[tuple[Any, ...]]:
    """The first line is the originals' own."""
    chance = random.Random(2)
    number = 0
    for original, times in plan:
        for _ in range(times):
            number += 1
            place = chance.randrange(1, len(platform.lines))
            yield number, original, platform.buyers[place], platform.lines[place]


async def _copy(connection: Any, platform: Platform) -> None:
    for table, drawdown in _COPIED.items():
        columns = [
            row["column_name"]
            for row in await connection.fetch(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = 'billing' AND table_name = $1 ORDER BY ordinal_position",
                table,
            )
        ]
        values = ", ".join(_NEW.get(name, f"t.{name}") for name in columns)
        party = " AND $2::uuid IS NOT NULL" if "$2" in values else ""
        await connection.execute(
            f"INSERT INTO billing.{table} ({', '.join(columns)}) SELECT {values} FROM bench.copy c "
            f"JOIN billing.{table} t ON t.tenant_id = $1 AND {drawdown} = c.original{party} ORDER BY c.n",
            platform.tenant_id,
            *([platform.buyers[0]] if party else []),
            timeout=3600,
        )
    await connection.execute(
        """UPDATE billing.line l SET held_minor = u.held, outstanding_minor = u.outstanding
        FROM (SELECT line_id, sum(held_minor) AS held, sum(outstanding_minor) AS outstanding
            FROM billing.drawdown_use WHERE tenant_id = $1 GROUP BY line_id) u
        WHERE l.tenant_id = $1 AND l.id = u.line_id""",
        platform.tenant_id,
        timeout=3600,
    )
    await connection.execute("VACUUM (ANALYZE)", timeout=3600)
    await connection.execute("CHECKPOINT", timeout=3600)
