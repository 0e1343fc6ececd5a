"""An example of every request and response body in the OpenAPI document, made from its schema.

A field's own example comes first (`Meta(examples=[…])` in a package's schemas.py), then its only or first
allowed value, then one by its type. So an example cannot contradict the schema it stands beside.
"""

from __future__ import annotations

from typing import Any, Final

_BY_FORMAT: Final = {
    "date": "2027-03-01",
    "date-time": "2027-03-01T04:00:00Z",
    "uuid": "019ac000-0000-7000-8000-000000000001",
    "decimal": "0.0005",
}
_BY_TYPE: Final[dict[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "null": None,
}


def add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Gives the JSON bodies of one operation an example each."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        media = body.get("content", {}).get("application/json")
        if media and "schema" in media:
            media["example"] = example(media["schema"], schemas)


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that `schema` allows; `schemas` are the components that it may refer to."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return example(schema[word][0], schemas)
    if "properties" in schema:
        return {name: example(inner, schemas) for name, inner in schema["properties"].items()}
    return _plain(schema, schemas)


def _plain(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """By type alone: a list holds one item, an integer keeps to its least value."""
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "array":
        return [example(schema["items"], schemas)] if schema.get("items") else []
    if kind == "integer" and "minimum" in schema:
        return max(1, int(schema["minimum"]))
    if kind == "object":
        return {}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])
