"""Mappings: a JSON file of one's own, or one of those that come with Tradeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from app.imports.errors import MappingUnreadable

READY: Final = Path(__file__).parent / "mappings"


def load_mapping(name: str) -> dict[str, Any]:
    """By the path of its file, or the name of a ready one: `online_retail`. Raises MappingUnreadable."""
    ready = READY / f"{name}.json"
    path = ready if "/" not in name and ready.is_file() else Path(name)
    try:
        return decode_mapping(path.read_bytes())
    except OSError:
        known = ", ".join(sorted(file.stem for file in READY.glob("*.json")))
        raise MappingUnreadable(reason=f"no file {name}; ready ones: {known}") from None


def decode_mapping(given: bytes | str) -> dict[str, Any]:
    """Raises MappingUnreadable for what is no JSON object."""
    try:
        return msgspec.json.decode(given, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError) as wrong:
        raise MappingUnreadable(reason=str(wrong)[:200]) from None
