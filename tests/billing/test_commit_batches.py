"""An array has the effect of its commands sent one by one: the same script gives the same rows in any cut."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from billing.command import Command
from tests.billing.desk import Desk, Till, more_buyers, open_desk

pytestmark = pytest.mark.db

TABLES: Final = (
    "billing.line",
    "billing.buyer_balance",
    "billing.drawdown",
    "billing.drawdown_use",
    "billing.drawdown_event",
    "billing.journal",
    "billing.entry",
    "kernel.outbox",
    "kernel.audit",
    "kernel.idempotency",
)
LATER: Final = 64
"""A drawdown is moved this many commands after the last one that touched it: nobody can know it earlier."""
LENGTH: Final = 400


async def test_any_cut_gives_the_same_rows(till: Till, admin: Any) -> None:
    """Arrays of 1, 7 and 64 over five tenants each."""
    runs = []
    for size in (1, 7, 64):
        desks = [await open_desk() for _ in range(5)]
        lines = {
            desk.tenant: [await till.line(desk, 3_000, buyer_id=one) for one in await more_buyers(desk, 2)]
            for desk in desks
        }
        script = _script(random.Random(2027), desks, lines)
        outcomes: list[str] = []
        for start in range(0, len(script), size):
            outcomes += [_plain(outcome) for outcome, _ in await till.run(*script[start : start + size])]
        runs.append((outcomes, await _rows(admin, [desk.tenant for desk in desks])))
    assert runs[0][0] == runs[1][0] == runs[2][0]
    for table in TABLES:
        assert runs[0][1][table] == runs[1][1][table] == runs[2][1][table], table
    kinds = set(runs[0][0])
    assert kinds == {
        "ok",
        "replayed",
        "key_reused",
        "stale",
        "line_frozen",
        "limit_exceeded",
        "refused",
        "not_found",
    }


def _script(chance: random.Random, desks: list[Desk], lines: dict[UUID, list[UUID]]) -> list[Command]:
    """Authorisations, captures (some with old versions), limit changes, credits, refusals, repeated keys."""
    script: list[Command] = []
    open_ones: list[tuple[int, Desk, UUID, UUID, int]] = []
    limit_version = {line: (1, -LATER) for own in lines.values() for line in own}
    while len(script) < LENGTH:
        desk = chance.choice(desks)
        line = chance.choice(lines[desk.tenant])
        kind = chance.choices(
            ("authorise", "capture", "limit", "credit", "refusal", "again", "lost"), (8, 4, 1, 2, 1, 2, 1)
        )[0]
        key = f"k{len(script)}" if chance.random() < 0.7 else None
        if kind == "authorise":
            amount = chance.randrange(50, 900)
            drawdown = UUID(int=chance.getrandbits(128))
            script.append(desk.authorise(line, amount, drawdown_id=drawdown, key=key))
            open_ones.append((len(script), desk, line, drawdown, amount))
        elif kind == "capture" and open_ones and open_ones[0][0] + LATER < len(script):
            _, owner, used, drawdown, amount = open_ones.pop(0)
            script.append(owner.capture(used, drawdown, amount, key=key))
            if chance.random() < 0.5:
                script.append(owner.capture(used, drawdown, amount))
        elif kind == "limit" and limit_version[line][1] + LATER < len(script):
            version, _ = limit_version[line]
            limit_version[line] = (version + 1, len(script))
            status = chance.choice(("active", "active", "frozen"))
            script.append(desk.change_limit(line, version, chance.randrange(2_000, 6_000), status, key=key))
        elif kind == "credit":
            script.append(desk.credit(chance.randrange(-40, 60), key=key))
        elif kind == "refusal":
            script.append(desk.refusal("wrong_state", key=key))
        elif kind == "again" and script:
            script.append(_again(chance, desk, script))
        elif kind == "lost":
            script.append(desk.capture(line, UUID(int=chance.getrandbits(128)), 5, key=key))
    return script


def _again(chance: random.Random, desk: Desk, script: list[Command]) -> Command:
    """An earlier command once more, sometimes as another request under its key."""
    earlier = chance.choice(script[-100:])
    if earlier.key is not None and chance.random() < 0.3:
        return msgspec.structs.replace(earlier, fingerprint=UUID(int=1))
    return earlier if earlier.key is not None else desk.refusal("wrong_state")


def _plain(outcome: str) -> str:
    """A repeat in the same array is a duplicate, in a later one a replay."""
    return "replayed" if outcome == "duplicate" else outcome


async def _rows(admin: Any, tenants: list[UUID]) -> dict[str, list[str]]:
    """All rows of the tenants, without ids and times of writing, in a fixed order."""
    found = {}
    for table in TABLES:
        rows = await admin.fetch(f"SELECT * FROM {table} WHERE tenant_id = ANY ($1)", tenants)
        nth: Callable[[UUID], int] = tenants.index
        found[table] = sorted(
            json.dumps([nth(row["tenant_id"]), _bare(dict(row))], default=str) for row in rows
        )
    return found


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    skipped = (UUID, datetime, date)
    bare = {name: value for name, value in row.items() if not isinstance(value, skipped)}
    for name in ("xid", "reference", "request_id", "payload"):
        bare.pop(name, None)
    if "detail" in bare:
        told = json.loads(bare.pop("detail"))
        bare |= {
            key: value for key, value in told.items() if key in ("available_minor", "requested_minor", "code")
        }
    return bare
