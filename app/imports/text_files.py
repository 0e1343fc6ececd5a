"""CSV and NDJSON line by line: no line is held that is longer than `MOST_BYTES`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from app.imports.errors import CsvBroken, FileEmpty, LineTooLong, WrongEncoding
from tenants.rules.steps import BadRow, Raw

MOST_BYTES: Final = 1_000_000
_LOOKED_AT: Final = 1_000
"""Lines of an NDJSON file whose keys are its columns."""
_BOMS: Final = ("\ufeff", "\u8400\u3195")

_decoder: Final = msgspec.json.Decoder(float_hook=str)


def csv_header(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    """The first row. Raises FileEmpty, WrongEncoding, LineTooLong, CsvBroken."""
    for row in _records(path, encoding, delimiter):
        return tuple(cell.strip() for cell in row)
    raise FileEmpty


def csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Raw]:
    """The rows under the header; empty lines are none."""
    records = _records(path, encoding, delimiter)
    width = len(next(records, ()))
    for row in records:
        if len(row) == width:
            yield tuple(row)
        else:
            yield _ragged(row, width)


def ndjson_header(path: Path, encoding: str) -> tuple[str, ...]:
    """The keys of the first thousand lines, in the order of their coming. Raises FileEmpty and as above."""
    found: dict[str, None] = {}
    for line in islice(_lines(path, encoding), _LOOKED_AT):
        found |= dict.fromkeys(_object(line) or ())
    if not found:
        raise FileEmpty
    return tuple(found)


def ndjson_rows(path: Path, encoding: str, header: tuple[str, ...]) -> Iterator[Raw]:
    """One row a line; a key that is missing is an empty cell. Numbers keep their digits."""
    for line in _lines(path, encoding):
        if line.strip():
            told = _object(line)
            if told is None:
                yield _no_object(line)
            else:
                yield tuple([_cell(told.get(name)) for name in header])


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    rows = csv.reader(_lines(path, encoding), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            raise CsvBroken(line=rows.line_num) from None
        if row is None:
            return
        if row:
            yield row


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open("rb") as file:
        no = 0
        while line := file.readline(MOST_BYTES + 1):
            no += 1
            if len(line) > MOST_BYTES:
                raise LineTooLong(line=no, most_bytes=MOST_BYTES)
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                raise WrongEncoding(line=no, encoding=encoding) from None
            if no == 1 and text.startswith(_BOMS):
                text = text[1:]
            yield text


def _object(line: str) -> dict[str, Any] | None:
    try:
        told = _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, (list, dict)) else value


def _ragged(row: list[str], width: int) -> BadRow:
    return BadRow.of(row, *_cells(len(row), width))


def _cells(given: int, wanted: int) -> tuple[str, dict[str, Any]]:
    return "wrong_number_of_cells", {"given": given, "expected": wanted}


def _no_object(line: str) -> BadRow:
    return BadRow.of([line.rstrip("\r\n")], *_not_json())


def _not_json() -> tuple[str, dict[str, Any]]:
    return "not_a_json_object", {}
