"""Who may do what: the one vocabulary of permissions, and the roles as sets of them (DOMAIN §1).

A permission is `resource:verb`. It is declared beside its use case (`PERMISSION = "buyers:write"`) and
listed here; a test holds the two together. A member has the union of the roles' permissions, a key its
scopes; a member's key has what both allow, at the moment of asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

VOCABULARY: Final = frozenset(
    {
        "audit:read",
        "buyers:read",
        "buyers:write",
        "days:write",
        "debts:write",
        "drawdowns:read",
        "drawdowns:write",
        "facts:write",
        "imports:read",
        "imports:write",
        "keys:read",
        "keys:write",
        "ledger:read",
        "lines:read",
        "lines:write",
        "members:read",
        "members:write",
        "merchants:read",
        "merchants:write",
        "orders:read",
        "orders:write",
        "owners:write",
        "products:read",
        "products:write",
        "receipts:read",
        "receipts:reverse",
        "receipts:write",
        "statements:read",
        "tenant:read",
        "tenant:write",
        "tiers:write",
    }
)
"""All that a member or key may be allowed."""

OPERATOR: Final = frozenset({"tenants:open"})
"""What no tenant can grant: it is asked before there is one."""

EVERYTHING: Final = "*"
"""The scope of an unrestricted key: the whole vocabulary, what is added to it later included."""

_TRADE_READ: Final = frozenset(
    {
        "buyers:read",
        "drawdowns:read",
        "imports:read",
        "lines:read",
        "merchants:read",
        "orders:read",
        "products:read",
        "receipts:read",
        "statements:read",
    }
)
_READ: Final = frozenset(permission for permission in VOCABULARY if permission.endswith(":read"))

ROLES: Final = {
    "owner": VOCABULARY,
    "admin": VOCABULARY - {"owners:write"},
    "risk": _TRADE_READ
    | {"debts:write", "facts:write", "ledger:read", "lines:write", "products:write", "tiers:write"},
    "credit_officer": _TRADE_READ | {"buyers:write", "facts:write", "lines:write", "tiers:write"},
    "operations": _TRADE_READ
    | {"buyers:write", "drawdowns:write", "imports:write", "merchants:write", "orders:write"},
    "finance": _TRADE_READ
    | {"days:write", "debts:write", "imports:write", "ledger:read", "receipts:reverse", "receipts:write"},
    "collections": _TRADE_READ | {"receipts:write"},
    "salesperson": frozenset(
        {
            "buyers:read",
            "buyers:write",
            "drawdowns:read",
            "lines:read",
            "orders:read",
            "products:read",
            "statements:read",
        }
    ),
    "support": _TRADE_READ,
    "developer": _TRADE_READ | {"keys:read", "keys:write", "tenant:read"},
    "auditor": _READ,
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What a member with `roles` may do."""
    return frozenset().union(*(ROLES[role] for role in roles))


def permissions_of_key(scopes: Iterable[str], roles: Iterable[str] | None) -> frozenset[str]:
    """What a key may do; `roles` are those of its member, None for a key of the tenant itself."""
    granted = frozenset(scopes)
    allowed = VOCABULARY if EVERYTHING in granted else granted & VOCABULARY
    return allowed if roles is None else allowed & permissions_of(roles)
