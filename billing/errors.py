"""What billing refuses, one place: code, status, parameters (ARCHITECTURE §2 rule 11).

Refusals by amount and line status come from `billing.commit`; all others are decided by the rules, whose
refusal codes `refusal()` turns into errors. Every code has its words in app/locale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kernel.errors import DomainError, NotFound
from tenants.errors import ExternalRefConflict


class LimitExceeded(DomainError):
    """The line has room for `available_minor`, not for `requested_minor`."""

    code = "limit_exceeded"
    status = 409


class LineFrozen(DomainError):
    """No new use of the line until it is unfrozen; what is authorised stays honoured."""

    code = "line_frozen"
    status = 409


class LineClosed(DomainError):
    """The line is closed for good."""

    code = "line_closed"
    status = 409


class NoBillingCycle(DomainError):
    """The line's product has no bill day."""

    code = "no_billing_cycle"
    status = 409


class ClockNotMovable(DomainError):
    """A live tenant's clock is the world's; only a test tenant's moves on request."""

    code = "clock_not_movable"
    status = 409


class ClockBackwards(DomainError):
    """A clock moves forward only; it stands at `now`."""

    code = "clock_backwards"
    status = 409


class Refused(DomainError):
    """A refusal decided by the rules; the code says which."""

    status = 409


_STATUS_OF: Final = {
    "capture_not_found": 404,
    "capture_no_needed": 422,
    "due_date_out_of_range": 422,
    "due_day_not_offered": 422,
    "due_in_past": 422,
    "form_not_possible": 422,
    "instalment_not_found": 404,
    "pause_out_of_range": 422,
    "currency_mismatch": 422,
    "effective_in_future": 422,
    "limit_needed": 422,
    "limit_not_wanted": 422,
    "not_a_cut": 422,
    "not_a_raise": 422,
    "silence_out_of_range": 422,
}
"""Refusals that are no conflict with how things stand (409)."""

_kinds: dict[str, type[DomainError]] = {
    kind.code: kind for kind in (LimitExceeded, LineFrozen, LineClosed, NotFound, ExternalRefConflict)
}


def refusal(code: str, params: Mapping[str, str | int | bool | None]) -> DomainError:
    """The error for a refusal `code`; the same class for the same code."""
    kind = _kinds.get(code)
    if kind is None:
        kind = type("Refused", (Refused,), {"code": code, "status": _STATUS_OF.get(code, Refused.status)})
        _kinds[code] = kind
    return kind(errors=(), **params)
