"""Tenants for tests: each test opens its own through the real use case, so none needs cleaning up."""

from __future__ import annotations

import itertools
import secrets
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from kernel.business_date import roll_business_date
from kernel.clock import business_date, opening, real_now
from kernel.context import Actor, Ctx, IdempotencyKey, Mode
from kernel.ids import digest, uuid7
from tenants.open_tenant import PERMISSION, OpenTenant, TenantOpened, open_tenant
from tenants.rules.roles import VOCABULARY

OPENED_ON: Final = date(2027, 3, 1)
TIMEZONE: Final = "Asia/Shanghai"
NOON: Final = timedelta(hours=12)

_run = secrets.token_hex(3)
_numbers = itertools.count(1)


class Workspace(msgspec.Struct, frozen=True):
    """An open tenant. Its business date in tests is the one the test names, not the machine's."""

    opened: TenantOpened
    mode: Mode
    opened_on: date

    @property
    def id(self) -> UUID:
        return self.opened.tenant_id

    def ctx(
        self,
        on: date | None = None,
        *,
        permissions: frozenset[str] = VOCABULARY,
        key: str | None = None,
        request: object = None,
        actor: Actor | None = None,
    ) -> Ctx:
        """The owner at noon of `on`; `key` is an idempotency key, `request` what its fingerprint is of."""
        day = on or self.opened_on
        who = actor or Actor("member", self.opened.member_id)
        once = IdempotencyKey(digest(key.encode()), digest(repr(request).encode())) if key else None
        return _ctx(self.id, self.mode, who, permissions, _noon(day), day, once)

    async def roll(self, to: date) -> None:
        """Moves the stored business date on, as whoever needs the day would."""
        await roll_business_date(self.ctx(to), to)


async def open_workspace(
    mode: Mode = "test", *, slug: str | None = None, opened_on: date = OPENED_ON, timezone: str = TIMEZONE
) -> Workspace:
    """One tenant: a test one opens at noon of `opened_on`, a live one today."""
    now = _noon(opened_on, timezone) if mode == "test" else real_now()
    today = business_date(now, timezone, time(0))
    tenant_id = uuid7()
    operator = Actor("system", tenant_id)
    ctx = _ctx(tenant_id, mode, operator, frozenset({PERMISSION}), now, today, None)
    command = OpenTenant(
        slug=slug or new_slug(),
        name="测试平台",
        timezone=timezone,
        email="owner@example.com",
        owner_name="Owner",
    )
    return Workspace(await open_tenant(ctx, command), mode, today)


def new_slug() -> str:
    """A platform's slug that no other test has."""
    return f"t{_run}-{next(_numbers)}"


def _noon(day: date, timezone: str = TIMEZONE) -> datetime:
    return opening(day, timezone, time(0)) + NOON


def _ctx(
    tenant_id: UUID,
    mode: Mode,
    actor: Actor,
    permissions: frozenset[str],
    now: datetime,
    today: date,
    key: IdempotencyKey | None,
) -> Ctx:
    return Ctx(
        tenant_id=tenant_id,
        mode=mode,
        actor=actor,
        family=actor.id,
        permissions=permissions,
        now=now,
        today=today,
        locale="en",
        request_id=f"req_{next(_numbers)}",
        key=key,
    )
