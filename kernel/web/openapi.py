"""The OpenAPI 3.1 document: Litestar's, with what every operation of ours has in common added.

Each operation gets its problem responses, its permission (`x-permission`), its headers. A test and
scripts/openapi_check.py read this document; so do the SDKs.
"""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get
from litestar._openapi.schema_generation import SchemaCreator
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from kernel import ids
from kernel.web.examples import add_examples
from kernel.web.frame import API_VERSION
from kernel.web.ids import is_id
from kernel.web.problems import MEDIA_TYPE, Problem

OPENAPI: Final = OpenAPIConfig(
    title="Tradeline",
    version=API_VERSION,
    description="Credit lines for the buyers of trade platforms. Money is an integer of minor units.",
    path="/schema",
    render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    use_handler_docstrings=True,
    security=[{"key": []}],
    components=Components(
        security_schemes={
            "key": SecurityScheme(
                type="http", scheme="bearer", description="An API key: `sk_test_…`, `sk_live_…` or `rk_…`."
            )
        }
    ),
)

_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "One value for one operation: repeated, it has one effect. Kept for 30 days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "example": '"0b7e1c8e-0f9e-4d0c-8f6b-2f1d2a5f9d11"',
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the object as it was seen.",
    "schema": {"type": "string"},
    "example": '"v1"',
}
_PROBLEMS: Final = {
    "400": "Not readable, or the Idempotency-Key is missing",
    "401": "Key missing or not valid",
    "403": "The key lacks the permission",
    "404": "No such object",
    "409": "Refused by the state of things; `code` says which",
    "422": "Well-formed, but not valid; `errors` names each place",
    "503": "Not available at the moment; repeat after Retry-After",
}


class IdSchemas(OpenAPISchemaPlugin):
    """Ids in the OpenAPI document: opaque strings with a telling example."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return is_id(value)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        prefix = field_definition.annotation.prefix
        example = ids.encode(prefix, UUID("019ac000-0000-7000-8000-000000000001"))
        return Schema(type=OpenAPIType.STRING, pattern=f"^{prefix}_", max_length=64, examples=[example])


def document(app: Litestar) -> dict[str, Any]:
    """The whole document as plain JSON values, paths in order of their names."""
    told = _plain_names(app.openapi_schema.to_schema())
    schemas = told["components"].setdefault("schemas", {})
    ref = "#/components/schemas/{name}"
    (reference,), named = msgspec.json.schema_components([Problem], ref_template=ref)
    schemas.update(named)
    schemas["Problem"]["examples"] = [_EXAMPLE]
    content = {MEDIA_TYPE: {"schema": reference}}
    told["components"]["responses"] = {
        f"Problem{status}": {"description": description, "content": content}
        for status, description in (_PROBLEMS | _VERSION_PROBLEMS).items()
    }
    handlers = _handlers(app)
    for path, item in told["paths"].items():
        for method, operation in item.items():
            if handler := handlers.get((path, method.upper())):
                _complete(operation, handler.opt)
                add_examples(operation, schemas)
    told["paths"] = dict(sorted(told["paths"].items()))
    told["components"]["schemas"] = dict(sorted(schemas.items()))
    told["servers"] = [{"url": "/"}]
    return told


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def document_route(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The document, made once per process."""
    state = request.app.state
    if "openapi" not in state:
        state["openapi"] = msgspec.json.encode(document(request.app))
    return Response(state["openapi"], media_type="application/json")


def _plain_names(told: dict[str, Any]) -> dict[str, Any]:
    """`Listed_tenants.schemas.BuyerView_` becomes `BuyerList`: module names are nobody's business outside."""
    text = msgspec.json.encode(told).decode()
    text = re.sub(r"\bListed_(?:\w+\.)+(\w+?)(?:View|Body)?_(?=\")", r"\1List", text)
    plain: dict[str, Any] = msgspec.json.decode(text)
    return plain


def _handlers(app: Litestar) -> dict[tuple[str, str], Any]:
    return {
        (route.path_format, str(method)): handler
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
    }


def _complete(operation: dict[str, Any], opt: dict[str, Any]) -> None:
    """Adds what `needs` declared and the problem responses to one operation."""
    if told := operation.get("description"):
        operation["summary"] = told.partition(".")[0].partition(":")[0].partition(";")[0]
    statuses = dict(_PROBLEMS)
    if "permission" in opt:
        operation["x-permission"] = opt["permission"]
        if rule := opt["idempotency_key"]:
            header = _KEY_HEADER | {"required": rule == "required"}
            operation.setdefault("parameters", []).append(header)
        if opt["if_match"]:
            operation.setdefault("parameters", []).append(_IF_MATCH)
            statuses |= _VERSION_PROBLEMS
    else:
        operation["security"] = []
        statuses = {"503": _PROBLEMS["503"]}
    for status in statuses:
        operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}


_VERSION_PROBLEMS: Final = {"412": "Changed since it was seen", "428": "If-Match is missing"}
_EXAMPLE: Final = {
    "type": "http://localhost:8000/docs/errors/not_found",
    "title": "No such object",
    "status": 404,
    "detail": "There is no such object in this workspace.",
    "instance": "urn:tradeline:request:req_01KAVW0000F6QRC1R4CVRD8F1Z",
    "code": "not_found",
    "request_id": "req_01KAVW0000F6QRC1R4CVRD8F1Z",
    "retryable": False,
}
