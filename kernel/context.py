"""Who is asking, for which tenant, on which business date. Built in app/context.py and by the job runner."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from kernel.errors import Forbidden

Mode = Literal["live", "test"]
ActorKind = Literal["key", "member", "buyer_user", "system"]


class Actor(msgspec.Struct, frozen=True):
    kind: ActorKind
    id: UUID


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A caller's idempotency key and the fingerprint of its request (CONVENTIONS §1.2), both hashed."""

    key: UUID
    fingerprint: UUID


class Ctx(msgspec.Struct, frozen=True, kw_only=True):
    """`now` and `today` are the tenant's; `family` is that of idempotency keys (a rolled key keeps it)."""

    tenant_id: UUID
    mode: Mode
    actor: Actor
    family: UUID
    permissions: frozenset[str]
    now: datetime
    today: date
    locale: str
    request_id: str
    key: IdempotencyKey | None = None
    lease_seconds: int = 60

    def require(self, permission: str) -> None:
        """The first line of every use case. Raises Forbidden where the caller lacks `permission`."""
        if permission not in self.permissions:
            raise Forbidden(permission=permission)

    def unkeyed(self) -> Ctx:
        """The same, for what is done on the way: the idempotency key is for the caller's own command."""
        return msgspec.structs.replace(self, key=None)

    def at_place(self, place: int) -> Ctx:
        """The same for one of several commands in a request: its key is made of the caller's and its
        place.
        """
        if self.key is None:
            return self
        own = IdempotencyKey(key=uuid5(self.key.key, str(place)), fingerprint=self.key.fingerprint)
        return msgspec.structs.replace(self, key=own)

    def asking(self, request_id: str, key: IdempotencyKey | None) -> Ctx:
        """The same caller with another request."""
        return msgspec.structs.replace(self, request_id=request_id, key=key)

    def on_day(self, now: datetime, today: date) -> Ctx:
        """The same on a day that a test tenant's clock passes on its way."""
        return msgspec.structs.replace(self, now=now, today=today)
