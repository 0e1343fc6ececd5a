"""Begin the import of a file, or find the one of it that is under way."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kernel.audit import record
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.idempotency import keep, once
from kernel.ids import digest, uuid7
from kernel.outbox import emit
from tenants import events
from tenants.imports import Format, ImportRun, find_under_way, read_import
from tenants.rules import inputs
from tenants.rules.counts import Counts
from tenants.rules.mapping import Kind, bind, read_mapping

PERMISSION: Final = "imports:write"
_OF_KIND: Final[dict[Kind, str]] = {
    "buyers": "buyers:write",
    "merchants": "merchants:write",
    "orders": "orders:write",
    "returns": "orders:write",
    "receipts": "receipts:write",
}


class BeginImport(msgspec.Struct, frozen=True, kw_only=True):
    """`file_hash` is the file's SHA-256 in hex, `columns` its header."""

    mapping: dict[str, Any]
    format: Format
    columns: tuple[str, ...]
    file_name: str
    file_hash: str
    file_bytes: int


async def begin_import(ctx: Ctx, command: BeginImport) -> ImportRun:
    """What has ended is begun anew: all of it is then a repetition. Raises Forbidden (also without what the
    kind of the objects needs), Invalid (all that is wrong with the mapping), KeyReused."""
    ctx.require(PERMISSION)
    mapping = read_mapping(command.mapping)
    ctx.require(_OF_KIND[mapping.kind])
    bind(mapping, command.columns)
    inputs.refuse((inputs.name(command.file_name, "#/file_name"),))
    mapping_digest = digest(msgspec.json.encode(command.mapping, order="sorted"))
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(ImportRun)
        import_id = uuid7()
        begun = await tx.execute(
            _INSERT,
            ctx.tenant_id,
            import_id,
            mapping.kind,
            command.format,
            msgspec.json.encode(command.mapping).decode(),
            mapping_digest,
            list(command.columns),
            command.file_name,
            command.file_hash,
            command.file_bytes,
            msgspec.json.encode(Counts()).decode(),
            ctx.now,
        )
        if begun == "INSERT 0 0":
            under_way = await find_under_way(tx, ctx.tenant_id, command.file_hash, mapping_digest)
            assert under_way is not None
            await keep(tx, ctx, under_way)
            return under_way
        run = await read_import(tx, ctx.tenant_id, import_id)
        told = {"kind": run.kind, "file_name": run.file_name, "file_hash": run.file_hash}
        await record(tx, ctx, events.IMPORT_BEGUN, "import", import_id, told)
        await emit(tx, ctx, events.IMPORT_BEGUN, {"id": import_id, **told})
        await keep(tx, ctx, run)
    return run


_INSERT: Final = """
    INSERT INTO tenants.import_run (tenant_id, id, kind, format, mapping, mapping_digest, columns, file_name,
        file_hash, file_bytes, status, counts, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'running', $11, $12)
    ON CONFLICT (tenant_id, file_hash, mapping_digest) WHERE ended_at IS NULL DO NOTHING
"""
