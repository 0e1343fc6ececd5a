"""A file of rows, whatever its format: what it is called, what columns it has, its rows in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from app.imports.errors import FileNotThere, UnknownFormat
from app.imports.parquet_files import parquet_header, parquet_rows
from app.imports.text_files import csv_header, csv_rows, ndjson_header, ndjson_rows
from tenants.imports import Format
from tenants.rules.mapping import Mapping
from tenants.rules.steps import Raw

_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
_BLOCK: Final = 1 << 20


class RowFile(msgspec.Struct, frozen=True):
    """`encoding` and `delimiter` are the mapping's; Parquet has neither."""

    path: Path
    format: Format
    encoding: str
    delimiter: str
    columns: tuple[str, ...]

    def rows(self) -> Iterator[Raw]:
        """From the first one on. Raises what app/imports/errors.py says of the format."""
        if self.format == "csv":
            return csv_rows(self.path, self.encoding, self.delimiter)
        if self.format == "ndjson":
            return ndjson_rows(self.path, self.encoding, self.columns)
        return parquet_rows(self.path)


def open_file(path: Path, mapping: Mapping, form: Format) -> RowFile:
    """Reads no further than its columns. Raises FileNotThere and what the format's errors are."""
    try:
        with path.open("rb"):
            pass
    except OSError:
        raise FileNotThere(path=str(path)) from None
    encoding, delimiter = mapping.encoding, mapping.delimiter
    if form == "csv":
        columns = csv_header(path, encoding, delimiter)
    elif form == "ndjson":
        columns = ndjson_header(path, encoding)
    else:
        columns = parquet_header(path)
    return RowFile(path, form, encoding, delimiter, columns)


def format_of(file_name: str) -> Format:
    """By the ending of the name. Raises UnknownFormat."""
    found = _SUFFIXES.get(Path(file_name).suffix.lower())
    if found is None:
        raise UnknownFormat(file_name=file_name)
    return found


def hash_of(path: Path) -> str:
    """SHA-256 in hex. Raises FileNotThere."""
    state = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                state.update(block)
    except OSError:
        raise FileNotThere(path=str(path)) from None
    return state.hexdigest()
