"""The refused rows as a CSV that Excel opens: what was wrong in words, then the row as it came."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kernel.i18n import text
from tenants.imports import Problem, RefusedRow

BOM: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HEAD: Final = ("row", "column", "code", "message")


def error_file(columns: Sequence[str], rows: Iterable[RefusedRow], locale: str) -> Iterator[str]:
    """Line by line, with byte order mark; a cell that a table program would compute is quoted by `'`."""
    yield BOM + _line([*_HEAD, *columns])
    for row in rows:
        yield _line([str(row.row_no), row.column_name or "", row.code, words(row, locale), *row.cells])


def words(row: RefusedRow | Problem, locale: str) -> str:
    """What was wrong and what to do, in the language."""
    return text(locale, f"error.{row.code}.detail", **row.params)


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
