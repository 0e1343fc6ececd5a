"""JSON files that a command is given."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from app.cli.failures import CommandError


def read_any(path: Path) -> Any:
    """A JSON object or array; numbers with a point are exact decimals."""
    return _read(path, dict[str, Any] | list[Any], "no JSON object or array")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or from standard input for `-`."""
    found: dict[str, Any] = _read(path, dict[str, Any], "no JSON object")
    return found


def _read(path: Path, kind: Any, otherwise: str) -> Any:
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return msgspec.json.Decoder(kind, float_hook=Decimal).decode(raw)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", "look at the path", exit_code=2) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(f"{path} is {otherwise}: {error}", "correct it there", exit_code=2) from None
    except InvalidOperation:
        problem = f"{path} holds a number with an exponent beyond any use"
        raise CommandError(problem, "correct it there", exit_code=2) from None
