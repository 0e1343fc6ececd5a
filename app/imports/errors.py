"""What a file may be that nobody can import; nothing of it, or nothing more of it, is taken."""

from kernel.errors import DomainError


class FileNotThere(DomainError):
    """No file at `path`, or it may not be read."""

    code = "file_not_there"
    status = 422


class UnknownFormat(DomainError):
    """The name `file_name` does not tell the format and nobody else did."""

    code = "unknown_format"
    status = 422


class FileEmpty(DomainError):
    """No header, or no row under it."""

    code = "file_empty"
    status = 422


class WrongEncoding(DomainError):
    """Line `line` is not text in `encoding`."""

    code = "wrong_encoding"
    status = 422


class LineTooLong(DomainError):
    """Line `line` has more than `most_bytes` bytes: no row of a table."""

    code = "line_too_long"
    status = 422


class CsvBroken(DomainError):
    """A quotation mark in line `line` is not closed, or stands inside a value."""

    code = "csv_broken"
    status = 422


class ParquetBroken(DomainError):
    """Truncated, damaged or no Parquet at all; `reason` is the reader's."""

    code = "parquet_broken"
    status = 422


class TooManyRefused(DomainError):
    """More than `most` rows were refused: the mapping does not fit the file."""

    code = "too_many_refused"
    status = 422


class MappingUnreadable(DomainError):
    """No file, or no JSON object in it; `reason` says which."""

    code = "mapping_unreadable"
    status = 422
