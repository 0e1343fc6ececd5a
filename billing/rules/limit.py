"""Limit decisions: which a line allows, and what each makes of it (DOMAIN.md §5, §6)."""

from typing import Literal

import msgspec

from billing.rules.decision import Refusal

Kind = Literal["grant", "raise", "cut", "freeze", "unfreeze", "close"]
LineStatus = Literal["active", "frozen", "closed"]

ALLOWED: dict[Kind, frozenset[LineStatus]] = {
    "raise": frozenset({"active", "frozen"}),
    "cut": frozenset({"active", "frozen"}),
    "freeze": frozenset({"active"}),
    "unfreeze": frozenset({"frozen"}),
    "close": frozenset({"active", "frozen"}),
}
"""The one table of moves of a line that stands; a grant opens one."""

STATUS_AFTER: dict[Kind, LineStatus] = {
    "grant": "active",
    "freeze": "frozen",
    "unfreeze": "active",
    "close": "closed",
}


class Limit(msgspec.Struct, frozen=True):
    limit_minor: int
    status: LineStatus


def decide_limit(kind: Kind, now: Limit | None, limit_minor: int | None) -> Limit | Refusal:
    """The line afterwards. `now` is None where the buyer has no open line on the product.

    A cut may go below what is used: nothing falls due earlier, but nothing new fits.
    """
    if kind == "grant":
        if now is not None:
            return Refusal("line_exists", {"limit_minor": now.limit_minor})
        if limit_minor is None or limit_minor <= 0:
            return Refusal("limit_needed")
        return Limit(limit_minor, "active")
    if now is None:
        return Refusal("no_line")
    if now.status not in ALLOWED[kind]:
        return Refusal("wrong_state", {"status": now.status, "move": kind})
    if kind in ("raise", "cut"):
        if limit_minor is None or limit_minor < 0:
            return Refusal("limit_needed")
        if kind == "raise" and limit_minor <= now.limit_minor:
            return Refusal("not_a_raise", {"limit_minor": now.limit_minor})
        if kind == "cut" and limit_minor >= now.limit_minor:
            return Refusal("not_a_cut", {"limit_minor": now.limit_minor})
        return Limit(limit_minor, now.status)
    if limit_minor is not None:
        return Refusal("limit_not_wanted", {"kind": kind})
    return Limit(now.limit_minor, STATUS_AFTER[kind])
