"""Parquet slice by slice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from app.imports.errors import FileEmpty, ParquetBroken
from tenants.rules.steps import Raw

_AT_ONCE: Final = 20_000
_KEPT: Final = 10_000
"""Prices come again and again."""


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
            inexact = [place for place, kind in enumerate(part.dtypes) if kind.is_float()]
            for piece in part.iter_slices(_AT_ONCE):
                rows = piece.iter_rows()
                yield from (_exact(row, inexact) for row in rows) if inexact else rows
    except (OSError, PolarsError, PanicException) as error:
        raise _broken(error) from None


def _exact(row: tuple[Any, ...], places: list[int]) -> Raw:
    """Binary numbers as the decimals that they were written from: the shortest that read back the same."""
    cells = list(row)
    for place in places:
        if cells[place] is not None:
            cells[place] = _decimal(cells[place])
    return tuple(cells)


@lru_cache(_KEPT)
def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _broken(error: BaseException) -> ParquetBroken:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ParquetBroken(reason=lines[0][:200])
