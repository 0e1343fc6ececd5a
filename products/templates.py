"""Products to begin with: whole documents for a vertical, to be drafted as they are or changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from kernel.errors import NotFound

_FOLDER: Final = Path(__file__).parent / "templates"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """`document`: as `draft_product` takes it; `about`: for whom it is, in a sentence."""

    code: str
    name_zh: str
    name_en: str
    about_zh: str
    about_en: str
    document: dict[str, Any]


@cache
def templates() -> tuple[Template, ...]:
    """All of them, by code."""
    return tuple(
        msgspec.convert(msgspec.json.decode(path.read_bytes()) | {"code": path.stem}, Template)
        for path in sorted(_FOLDER.glob("*.json"))
    )


def template(code: str) -> Template:
    """Raises NotFound."""
    found = next((one for one in templates() if one.code == code), None)
    if found is None:
        raise NotFound(what="template")
    return found
