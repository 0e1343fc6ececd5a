"""JSON files that a command is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from app.cli.failures import CommandError


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or from standard input for `-`."""
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return msgspec.json.decode(raw, type=dict[str, Any])
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", "look at the path", exit_code=2) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no JSON object: {error}", "correct it there", exit_code=2) from None
