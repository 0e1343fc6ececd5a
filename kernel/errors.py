"""Operating errors: what a caller can act on. Programming errors are `ValueError` (ARCHITECTURE §2 rule 11).

A `DomainError` has a stable snake_case `code`, an HTTP `status` and parameters. Its words in Chinese and
English stand in app/locale under `error.<code>.title` and `error.<code>.detail`; the parameters fill the
detail. A package declares its own in its errors.py. `retryable` tells a client that the same request may
succeed later.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

Params = dict[str, str | int | bool | None]


class FieldProblem(msgspec.Struct, frozen=True):
    """One bad field: `pointer` is a JSON Pointer into the request body, `#/amount_minor`."""

    pointer: str
    code: str
    params: Params = {}


class DomainError(Exception):
    code: ClassVar[str]
    status: ClassVar[int]
    retryable: ClassVar[bool] = False
    retry_after_seconds: ClassVar[int | None] = None

    def __init__(self, *, errors: tuple[FieldProblem, ...] = (), **params: str | int | bool | None) -> None:
        super().__init__(self.code, params)
        self.params: Params = params
        self.errors = errors


class NotFound(DomainError):
    """No such object for this tenant; a stranger's object gives exactly the same."""

    code = "not_found"
    status = 404


class Invalid(DomainError):
    """Well-formed but invalid; `errors` names each place."""

    code = "invalid"
    status = 422


class Unreadable(DomainError):
    """Not JSON, wrong encoding, not a query we can read."""

    code = "unreadable"
    status = 400


class Unauthenticated(DomainError):
    code = "unauthenticated"
    status = 401


class Forbidden(DomainError):
    """The key or member lacks permission `permission`."""

    code = "forbidden"
    status = 403


class Stale(DomainError):
    """Others changed the same object meanwhile; the same request may be sent again."""

    code = "stale"
    status = 409
    retryable = True
    retry_after_seconds = 1


class Unavailable(DomainError):
    """The service cannot answer now (queue full, database away)."""

    code = "unavailable"
    status = 503
    retryable = True
    retry_after_seconds = 1
