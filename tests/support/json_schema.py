"""JSON Schema 2020-12, as much of it as our pages use; another word is an error."""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
SAYS_NOTHING = {"$schema", "$defs", "title", "description"}


def fits(document: dict[str, Any], value: Any) -> bool:
    """Whether `document`, a whole schema, allows `value`."""
    return _Reader(document).fits(document, value)


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def fits(self, schema: dict[str, Any], value: Any) -> bool:
        closed = schema.get("additionalProperties") is False and isinstance(value, dict)
        if closed and not value.keys() <= schema["properties"].keys():
            return False
        words = schema.keys() - SAYS_NOTHING - {"additionalProperties"}
        return all(self._holds(word, schema[word], value) for word in words)

    def _holds(self, word: str, wanted: Any, value: Any) -> bool:
        match word:
            case "$ref":
                return self.fits(self.document["$defs"][wanted.removeprefix("#/$defs/")], value)
            case "enum":
                return any(value is one or (value == one and type(value) is type(one)) for one in wanted)
            case "type":
                return isinstance(value, TYPES[wanted]) and not isinstance(value, bool)
            case "anyOf":
                return any(self.fits(one, value) for one in wanted)
            case "oneOf":
                return sum(self.fits(one, value) for one in wanted) == 1
            case "required":
                return not isinstance(value, dict) or set(wanted) <= value.keys()
            case "properties":
                return not isinstance(value, dict) or all(
                    self.fits(wanted[k], v) for k, v in value.items() if k in wanted
                )
            case "items":
                return not isinstance(value, list) or all(self.fits(wanted, one) for one in value)
            case "prefixItems":
                return not isinstance(value, list) or all(map(self.fits, wanted, value))
            case "minItems":
                return not isinstance(value, list) or len(value) >= wanted
            case "maxItems":
                return not isinstance(value, list) or len(value) <= wanted
            case "minimum":
                return not isinstance(value, int | float) or value >= wanted
            case "maximum":
                return not isinstance(value, int | float) or value <= wanted
            case "pattern":
                return not isinstance(value, str) or re.search(wanted, value) is not None
        raise AssertionError(f"{word} is not read here")
