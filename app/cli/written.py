"""A file that a command writes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.cli.failures import CommandError


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Where, and how many bytes."""

    path: str
    size_bytes: int


def written(path: Path, content: bytes) -> Written:
    """Whole or not at all: it is written beside its place and moved there. Raises CommandError."""
    half = path.with_name(f".{path.name}.half")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise CommandError(f"{path}: {error.strerror}", "choose a place that can be written") from None
    return Written(path=str(path), size_bytes=len(content))
