"""Errors of the HTTP door itself; those of the domain stand in each package's errors.py."""

from __future__ import annotations

from kernel.errors import DomainError


class UnknownRoute(DomainError):
    """No route has this path."""

    code = "unknown_route"
    status = 404


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405


class BodyTooLarge(DomainError):
    """The body has more than `limit_bytes` bytes."""

    code = "body_too_large"
    status = 413


class BadRequest(DomainError):
    """The HTTP request itself is off: a header, the host, the length."""

    code = "bad_request"
    status = 400


class IdempotencyKeyMissing(DomainError):
    code = "idempotency_key_missing"
    status = 400


class IdempotencyKeyInvalid(DomainError):
    """Not 1–255 printable ASCII characters, or an unclosed quoted string."""

    code = "idempotency_key_invalid"
    status = 400


class Internal(DomainError):
    """A fault of ours; the log has the traceback under the same request id."""

    code = "internal"
    status = 500
    retryable = True


class IfMatchMissing(DomainError):
    """A change needs the version that was seen."""

    code = "if_match_missing"
    status = 428


class IfMatchInvalid(DomainError):
    """Not a version of ours: `"v3"`."""

    code = "if_match_invalid"
    status = 412
