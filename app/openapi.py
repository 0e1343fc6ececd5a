"""Writes docs/openapi.json: `python -m app.openapi`. Committed, so that a change of the API shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from app.server import create_app
from kernel.settings import Settings
from kernel.web.openapi import document

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def generated() -> dict[str, Any]:
    """The document of the application as it is; needs no database."""
    nowhere = Settings(
        home=Path(), data=Path(), database_url="postgresql://nobody@localhost/none", secret_key="-" * 32
    )
    return document(create_app(nowhere))


def text(told: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(told, order="sorted"), indent=2).decode() + "\n"


if __name__ == "__main__":
    FILE.write_text(text(generated()), encoding="utf-8")
