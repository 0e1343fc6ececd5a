"""Imports as they stand, and what a piece of a file comes to inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import NotFound, Params
from kernel.outbox import emit
from tenants import events
from tenants.parties import write_buyers, write_merchants
from tenants.rules.cells import plain
from tenants.rules.counts import Counts
from tenants.rules.mapping import Kind, Mapping
from tenants.rules.steps import LeftOut, Refused, Step, Taken, refusals
from tenants.trade import Outcome, write_orders, write_returns

Status = Literal["running", "done", "failed"]
Format = Literal["csv", "ndjson", "parquet"]
CELL_LENGTH: Final = 2_000
"""Characters of a cell that are kept of a refused row."""


class Problem(msgspec.Struct, frozen=True):
    """Why a file could not be read to its end."""

    code: str
    params: Params = {}


class ImportRun(msgspec.Struct, frozen=True, kw_only=True):
    """`position` rows of the file are accounted for, in `counts`. `mapping` is the JSON as it was given."""

    id: UUID
    kind: Kind
    format: Format
    mapping: dict[str, Any]
    columns: tuple[str, ...]
    file_name: str
    file_hash: str
    file_bytes: int
    status: Status
    position: int
    counts: Counts
    problem: Problem | None
    created_at: datetime
    ended_at: datetime | None


class RefusedRow(msgspec.Struct, frozen=True):
    """`cells` are text, in the order of the file's columns."""

    row_no: int
    column_name: str | None
    code: str
    params: Params
    cells: list[str]


async def read_import(tx: Tx, tenant_id: UUID, import_id: UUID) -> ImportRun:
    """Raises NotFound."""
    return _one(await tx.fetchrow(f"{_RUN} AND id = $2", tenant_id, import_id))


async def lock_import(tx: Tx, tenant_id: UUID, import_id: UUID) -> ImportRun:
    """As `read_import`; nobody else moves it until the transaction ends."""
    return _one(await tx.fetchrow(f"{_RUN} AND id = $2 FOR UPDATE", tenant_id, import_id))


async def find_under_way(tx: Tx, tenant_id: UUID, file_hash: str, mapping_digest: UUID) -> ImportRun | None:
    """The run of this file with this mapping that has not ended."""
    row = await tx.fetchrow(
        f"{_RUN} AND file_hash = $2 AND mapping_digest = $3 AND ended_at IS NULL",
        tenant_id,
        file_hash,
        mapping_digest,
    )
    return None if row is None else _one(row)


async def list_imports(tx: Tx, tenant_id: UUID, *, before: UUID | None = None, limit: int) -> list[ImportRun]:
    """Newest first."""
    rows = await tx.fetch(f"{_RUN} AND id < $2 ORDER BY id DESC LIMIT $3", tenant_id, before or _LAST, limit)
    return [_one(row) for row in rows]


async def list_refusals(
    tx: Tx, tenant_id: UUID, import_id: UUID, *, after: int = 0, limit: int
) -> list[RefusedRow]:
    """In the order of the file."""
    rows = await tx.fetch(
        "SELECT row_no, column_name, code, params, cells FROM tenants.import_refusal "
        "WHERE tenant_id = $1 AND import_id = $2 AND row_no > $3 ORDER BY row_no LIMIT $4",
        tenant_id,
        import_id,
        after,
        limit,
    )
    return [
        RefusedRow(
            row["row_no"],
            row["column_name"],
            row["code"],
            msgspec.json.decode(row["params"]),
            msgspec.json.decode(row["cells"]),
        )
        for row in rows
    ]


async def take(
    tx: Tx, ctx: Ctx, mapping: Mapping, steps: Sequence[Step], receipts: Sequence[Outcome], counts: Counts
) -> list[Refused]:
    """Writes what the steps make, counts them, and gives the refused rows in the file's order.

    `receipts` are what the receipts among the steps came to: billing recorded them before.
    """
    refused: list[Refused] = []
    outcomes = await _outcomes(tx, ctx, steps, receipts)
    for step in steps:
        if isinstance(step, LeftOut):
            counts.count(counts.left_out, step.name, step.rows, step.rows, step.amount_minor)
        elif isinstance(step, Refused):
            refused.append(step)
        else:
            outcome = next(outcomes[step.kind])
            if outcome.problem is not None:
                refused += refusals(step, outcome.problem, mapping)
            else:
                where = counts.recorded if outcome.outcome == "recorded" else counts.repeated
                counts.count(where, step.kind, 1, step.rows, step.amount_minor)
    counts.refuse(len(refused))
    return sorted(refused, key=lambda one: one.row[0])


async def keep_refusals(tx: Tx, ctx: Ctx, import_id: UUID, refused: Sequence[Refused]) -> None:
    if refused:
        await tx.execute(
            _INSERT_REFUSALS,
            ctx.tenant_id,
            import_id,
            [one.row[0] for one in refused],
            [one.column for one in refused],
            [one.code for one in refused],
            [msgspec.json.encode(one.params).decode() for one in refused],
            [_raw(one) for one in refused],
        )


def _raw(one: Refused) -> str:
    """PostgreSQL takes no NUL in text."""
    cells = [plain(cell).replace("\x00", "\ufffd")[:CELL_LENGTH] for cell in one.row[1]]
    return msgspec.json.encode(cells).decode()


async def _outcomes(tx: Tx, ctx: Ctx, steps: Sequence[Step], receipts: Sequence[Outcome]) -> dict[str, Any]:
    """What the objects of each kind came to, in their order; orders go before returns, which name them."""
    by_kind: dict[str, list[Any]] = {}
    for step in steps:
        if isinstance(step, Taken):
            by_kind.setdefault(step.kind, []).append(step.item)
    told: dict[str, Any] = {"receipts": iter(receipts)}
    for kind, write in _WRITE.items():
        if items := by_kind.get(kind):
            outcomes = await write(tx, ctx, items)
            told[kind] = iter(outcomes)
            recorded = [one.id for one in outcomes if one.outcome == "recorded" and one.id is not None]
            if recorded and (topic := _TOPICS.get(kind)):
                detail = {kind: len(recorded), "first_id": recorded[0]}
                await record(tx, ctx, topic, f"trade_{kind[:-1]}", recorded[0], detail)
                await emit(tx, ctx, topic, detail)
    return told


def _one(row: Any) -> ImportRun:
    if row is None:
        raise NotFound()
    values = dict(row)
    for name in ("mapping", "counts", "problem"):
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name])
    return msgspec.convert(values, ImportRun)


_WRITE: Final[dict[str, Any]] = {
    "buyers": write_buyers,
    "merchants": write_merchants,
    "orders": write_orders,
    "returns": write_returns,
}
_TOPICS: Final = {"orders": events.ORDERS_RECORDED, "returns": events.RETURNS_RECORDED}
_LAST: Final = UUID(int=2**128 - 1)
_RUN: Final = (
    "SELECT id, kind, format, mapping, columns, file_name, file_hash, file_bytes, status, position, "
    "counts, problem, created_at, ended_at FROM tenants.import_run WHERE tenant_id = $1"
)
_INSERT_REFUSALS: Final = """
    INSERT INTO tenants.import_refusal (tenant_id, import_id, row_no, column_name, code, params, cells)
    SELECT $1, $2, r.* FROM unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[]) r
"""
