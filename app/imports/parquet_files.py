"""Parquet slice by slice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from app.imports.errors import FileEmpty, ParquetBroken
from tenants.rules.steps import Raw

_AT_ONCE: Final = 20_000


def parquet_header(path: Path) -> tuple[str, ...]:
    """The columns. Raises ParquetBroken, FileEmpty."""
    try:
        names = tuple(pl.scan_parquet(path).collect_schema().names())
    except (OSError, PolarsError, PanicException) as error:
        raise _broken(error) from None
    if not names:
        raise FileEmpty
    return names


def parquet_rows(path: Path) -> Iterator[Raw]:
    """Row by row in the file's order. Raises ParquetBroken where the rest cannot be read."""
    try:
        for part in pl.scan_parquet(path).collect_batches(chunk_size=_AT_ONCE, maintain_order=True):
            for piece in part.iter_slices(_AT_ONCE):
                yield from piece.iter_rows()
    except (OSError, PolarsError, PanicException) as error:
        raise _broken(error) from None


def _broken(error: BaseException) -> ParquetBroken:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ParquetBroken(reason=lines[0][:200])
