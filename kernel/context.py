"""Who is asking, for which tenant, on which business date. Built in app/context.py and by the job runner only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

Mode = Literal["live", "test"]
ActorKind = Literal["key", "member", "buyer_user", "system"]


class Actor(msgspec.Struct, frozen=True):
    kind: ActorKind
    id: UUID


class Ctx(msgspec.Struct, frozen=True, kw_only=True):
    """`now` and `today` are the tenant's; `family` is the idempotency key family of the caller (a rolled key keeps it)."""

    tenant_id: UUID
    mode: Mode
    actor: Actor
    family: UUID
    permissions: frozenset[str]
    now: datetime
    today: date
    locale: str
    request_id: str
    lease_seconds: int = 60
