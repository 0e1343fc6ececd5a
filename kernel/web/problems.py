"""Every error leaves as RFC 9457 problem+json, made here and nowhere else (CONVENTIONS §1.3).

Litestar's own plugin swaps title and detail, gives no `type`, answers validation with 400 and leaves
unhandled errors as plain JSON; so its exceptions are turned into our errors first.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ExceptionHandlersMap, HTTPScope

from kernel import log
from kernel.errors import DomainError, FieldProblem, Invalid, NotFound, Params, Unreadable
from kernel.i18n import negotiate, text
from kernel.web.errors import BadRequest, BodyTooLarge, Internal, MethodNotAllowed, UnknownRoute

MEDIA_TYPE = "application/problem+json"
BODY_LIMIT_BYTES = 1_000_000

AnyRequest = Request[Any, Any, Any]


class Place(msgspec.Struct, omit_defaults=True):
    """One thing that is wrong: in the body at a JSON Pointer, or in the query parameter named."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    params: Params = {}


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every error response."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    retryable: bool | None = None
    errors: list[Place] = []
    params: Params = {}


def problem(error: DomainError, *, base: str, locale: str, request_id: str) -> Problem:
    """`error` in words; `base` is scheme and host, which make the documentation's address absolute."""
    return Problem(
        type=f"{base}/docs/errors/{error.code}",
        title=text(locale, f"error.{error.code}.title"),
        status=error.status,
        detail=text(locale, f"error.{error.code}.detail", **error.params),
        instance=f"urn:tradeline:request:{request_id}",
        code=error.code,
        request_id=request_id,
        retryable=error.retryable,
        errors=[_place(found, locale) for found in error.errors],
        params=error.params,
    )


def _place(found: FieldProblem, locale: str) -> Place:
    detail = text(locale, f"error.{found.code}.detail", **found.params)
    if found.pointer.startswith("?"):
        return Place(code=found.code, detail=detail, parameter=found.pointer[1:], params=found.params)
    return Place(code=found.code, detail=detail, pointer=found.pointer, params=found.params)


def worded(error: DomainError, scope: HTTPScope) -> tuple[Problem, str]:
    """`error` told to the one who sent the request of `scope`, and the language of its words."""
    headers = {name: value for name, value in scope["headers"] if name in (b"host", b"accept-language")}
    state = scope["state"]
    chosen = headers.get(b"accept-language", b"").decode("latin-1")
    locale = negotiate(chosen, state["ctx"].locale if "ctx" in state else "en")
    base = f"{scope['scheme']}://{headers.get(b'host', b'localhost').decode('latin-1')}"
    return problem(error, base=base, locale=locale, request_id=state["request_id"]), locale


def answer(error: DomainError, scope: HTTPScope) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the response that tells `error` to the one who sent the request of `scope`."""
    body, locale = worded(error, scope)
    out = {"Content-Language": locale, "Vary": "Accept-Language"}
    if error.retry_after_seconds is not None:
        out["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:
        out["WWW-Authenticate"] = "Bearer"
    return msgspec.json.encode(body), out


def _respond(request: AnyRequest, error: DomainError, **headers: str) -> Response[bytes]:
    body, ours = answer(error, request.scope)
    return Response(body, status_code=error.status, media_type=MEDIA_TYPE, headers=ours | headers)


def from_domain(request: AnyRequest, error: DomainError) -> Response[bytes]:
    return _respond(request, error)


def from_litestar(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Litestar's refusals; of its own 5xx only the fact leaves, as of any other fault."""
    if error.status_code >= 500:
        return from_fault(request, error)
    if isinstance(error, MethodNotAllowedException):
        return _respond(request, MethodNotAllowed(), Allow=_allowed(request))
    return _respond(request, _our_error(error))


def from_fault(request: AnyRequest, error: Exception) -> Response[bytes]:
    """A fault of ours: the traceback goes to the log under the request id, the caller gets only the id."""
    log.get().error("request failed", exc_info=error)
    return _respond(request, Internal())


HANDLERS: ExceptionHandlersMap = {
    DomainError: from_domain,
    HTTPException: from_litestar,
    Exception: from_fault,
}


def _allowed(request: AnyRequest) -> str:
    """The methods of the route that the path leads to; Litestar answers OPTIONS on each."""
    router = request.app.asgi_router
    *_, template = router.handle_routing(path=request.scope["path"].rstrip("/"), method="OPTIONS")
    methods = {m for route in request.app.routes if route.path_format == template for m in route.methods}
    return ", ".join(sorted(methods))


def _our_error(error: HTTPException) -> DomainError:
    if isinstance(error, NotFoundException):
        return UnknownRoute()
    if isinstance(error, RequestEntityTooLarge):
        return BodyTooLarge(limit_bytes=BODY_LIMIT_BYTES)
    if isinstance(error, ValidationException):
        return _invalid_input([item for item in error.extra or () if isinstance(item, dict)])
    if isinstance(error, ClientException) and error.status_code == 400:
        return BadRequest()
    raise error


def _invalid_input(messages: list[dict[str, Any]]) -> DomainError:
    """Litestar validates path and query itself: an id that cannot be one is simply not found."""
    if any(message.get("source") == "path" for message in messages):
        return NotFound()
    if any(message.get("key") == "data" for message in messages):
        return Unreadable()
    return Invalid(
        errors=tuple(
            field_problem(message.get("message", ""), pointer=f"?{message.get('key', '')}")
            for message in messages
        )
    )


_AT = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|(?P<unknown>\[\.\.\.\])")
_NAMED = re.compile(r"(?:required|unknown) field `(?P<name>.*)`", re.DOTALL)
KINDS: Final = (
    ("required", re.compile(r"missing required field")),
    ("unknown_field", re.compile(r"unknown field")),
    ("invalid_id", re.compile(r"^Expected an id (?P<expected>.*)$")),
    ("wrong_length", re.compile(r"of length (?P<expected>.*)$")),
    ("out_of_range", re.compile(r"(?P<expected>[<>]=? \S+)$|[Oo]ut of range|[Ii]nteger .*range")),
    ("wrong_form", re.compile(r"matching regex (?P<expected>.*)$")),
    ("wrong_form", re.compile(r"^Invalid (?!enum)(?P<expected>.*)$")),
    ("unknown_value", re.compile(r"^Invalid enum value (?P<given>.*)$")),
    ("wrong_type", re.compile(r"^Expected `(?P<expected>.*)`, got `(?P<given>.*)`$")),
)


def field_problem(message: str, *, pointer: str = "#") -> FieldProblem:
    """msgspec's words as a code and a JSON Pointer.

    ``Expected `int`, got `str` - at `$.a[0]` `` is `wrong_type` at `#/a/0`.
    """
    at = _AT.search(message)
    what = message[: at.start()] if at else message
    steps = []
    for step in _STEP.finditer(at["path"]) if at else ():
        if step["unknown"]:
            break
        steps.append(step["name"] or step["index"])
    if named := _NAMED.search(what):
        steps.append(named["name"].replace("~", "~0").replace("/", "~1"))
    place = "/".join([pointer, *steps])
    for code, pattern in KINDS:
        if found := pattern.search(what):
            return FieldProblem(place, code, {name: part or "" for name, part in found.groupdict().items()})
    return FieldProblem(place, "invalid_value")
