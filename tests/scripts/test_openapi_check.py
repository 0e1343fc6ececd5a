"""The check of the API's document: what breaks a client is named, what does not passes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scripts.openapi_check import Comparison

NEW = "NewThing"
VIEW = "ThingView"


def released() -> dict[str, Any]:
    def body(name: str) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}

    query = {"in": "query", "name": "limit", "required": False, "schema": {"type": "integer", "maximum": 100}}
    return {
        "paths": {
            "/v1/things": {
                "post": {
                    "operationId": "create_thing",
                    "x-permission": "things:write",
                    "parameters": [query],
                    "requestBody": body(NEW) | {"required": True},
                    "responses": {"201": body(VIEW), "409": {}},
                }
            }
        },
        "components": {
            "schemas": {
                NEW: {
                    "required": ["amount"],
                    "properties": {
                        "amount": {"type": "integer", "minimum": 1},
                        "kind": {"type": "string", "enum": ["a", "b"]},
                        "note": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                    },
                },
                VIEW: {
                    "required": ["id", "tags"],
                    "properties": {
                        "id": {"type": "string"},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "kind": {"type": "string", "enum": ["a", "b"]},
                    },
                },
            }
        },
    }


Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]

BREAKING: list[tuple[str, Change]] = [
    ("POST /v1/things is gone", lambda op, new, view: op.clear()),
    ("operationId", lambda op, new, view: op.update(operationId="make_thing")),
    ("needs things:admin", lambda op, new, view: op.update({"x-permission": "things:admin"})),
    ("query parameter limit is gone", lambda op, new, view: op.update(parameters=[])),
    ("limit became required", lambda op, new, view: op["parameters"][0].update(required=True)),
    ("maximum 100 became 50", lambda op, new, view: op["parameters"][0]["schema"].update(maximum=50)),
    (
        "parameter force is new and required",
        lambda op, new, view: op["parameters"].append(
            {"in": "query", "name": "force", "required": True, "schema": {}}
        ),
    ),
    ("no body is taken", lambda op, new, view: op.pop("requestBody")),
    ("response 409 is gone", lambda op, new, view: op["responses"].pop("409")),
    ("response 201 has no body", lambda op, new, view: op["responses"].update({"201": {}})),
    ("field note is gone", lambda op, new, view: new["properties"].pop("note")),
    ("field kind became required", lambda op, new, view: new["required"].append("kind")),
    (
        "field size is new and required",
        lambda op, new, view: (new["properties"].update(size={}), new["required"].append("size")),
    ),
    ("type integer became string", lambda op, new, view: new["properties"]["amount"].update(type="string")),
    ("minimum 1 became 10", lambda op, new, view: new["properties"]["amount"].update(minimum=10)),
    ("maximum none became 9", lambda op, new, view: new["properties"]["amount"].update(maximum=9)),
    ("b is not allowed", lambda op, new, view: new["properties"]["kind"].update(enum=["a"])),
    ("any value is not allowed", lambda op, new, view: new["properties"]["note"].update(enum=["x"])),
    ("pattern none became", lambda op, new, view: new["properties"]["kind"].update(pattern="^a")),
    (
        "type null|string became string",
        lambda op, new, view: new["properties"].update(note={"type": "string"}),
    ),
    ("field id is gone", lambda op, new, view: view["properties"].pop("id")),
    ("field id may be absent", lambda op, new, view: view["required"].remove("id")),
    (
        "type string became null|string",
        lambda op, new, view: view["properties"].update(id={"oneOf": [{"type": "string"}, {"type": "null"}]}),
    ),
    (
        "tags[]: type string became",
        lambda op, new, view: view["properties"]["tags"]["items"].update(type="object"),
    ),
]
COMPATIBLE: list[Change] = [
    lambda op, new, view: None,
    lambda op, new, view: op.update(summary="Other words"),
    lambda op, new, view: op["parameters"].append({"in": "query", "name": "q", "schema": {}}),
    lambda op, new, view: op["parameters"][0]["schema"].update(maximum=200),
    lambda op, new, view: op["responses"].update({"429": {}}),
    lambda op, new, view: new["properties"].update(size={"type": "integer"}),
    lambda op, new, view: new["required"].remove("amount"),
    lambda op, new, view: new["properties"]["kind"].update(enum=["a", "b", "c"]),
    lambda op, new, view: new["properties"]["amount"].update(minimum=0),
    lambda op, new, view: view["properties"].update(size={"type": "integer"}),
    lambda op, new, view: view["required"].append("kind"),
    lambda op, new, view: view["properties"]["kind"].update(enum=["a", "b", "c"]),
]


def breaks(change: Change) -> list[str]:
    changed = copy.deepcopy(released())
    operation = changed["paths"]["/v1/things"]["post"]
    schemas = changed["components"]["schemas"]
    change(operation, schemas[NEW], schemas[VIEW])
    if not operation:
        changed["paths"] = {}
    return list(Comparison(released(), changed).breaks())


@pytest.mark.parametrize(("told", "change"), BREAKING, ids=[told for told, _ in BREAKING])
def test_what_breaks_is_named(told: str, change: Change) -> None:
    (broken,) = breaks(change)
    assert told in broken


@pytest.mark.parametrize("change", COMPATIBLE)
def test_what_is_compatible_passes(change: Change) -> None:
    assert breaks(change) == []
