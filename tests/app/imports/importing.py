"""Imports a file in a process that can be killed: tells on stdout when a piece is written."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from app.imports import runner
from kernel.context import Ctx
from kernel.db.engine import close_database, open_database


async def importing(url: str, secret: str, file: Path, mapping: dict[str, Any], ctx: Ctx) -> None:
    runner.PIECE_ROWS = 1_000  # type: ignore[misc]
    await open_database(url, secret)
    try:
        await runner.import_file(ctx, file, mapping, "csv", _told)
    finally:
        await close_database()


def _told(rows: int) -> None:
    if rows:
        sys.stdout.write(f"{rows}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    url, secret, file, mapping, ctx = sys.argv[1:]
    asyncio.run(
        importing(
            url,
            secret,
            Path(file),
            msgspec.json.decode(Path(mapping).read_bytes()),
            msgspec.json.decode(Path(ctx).read_bytes(), type=Ctx),
        )
    )
