"""A member at work in a test tenant: on the tenant's own day, each step under a key of its own.

A step that is repeated changes nothing and hears what the first one heard, so whoever was interrupted does
the day's steps again. The clock moves on only when a day's steps are done.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.context import context_of_member, step_of
from app.progress import Tell
from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.errors import LimitExceeded, LineClosed, LineFrozen
from billing.move_clock import MoveClock, move_clock
from billing.quotes import QuotePayoff, quote_payoff
from billing.record_receipt import RecordReceipt, record_receipt
from billing.run_day import RunDay, run_day
from kernel.clock import opening
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import DomainError
from tenants.queries import Tenant, read_tenant

AT_ONCE: Final = 64
"""Buyers served together."""

ATTEMPTS: Final = 10

_OFFICE_OPENS: Final = timedelta(hours=9)
_OFFICE_CLOSES: Final = timedelta(hours=18)

Step = Callable[[], Awaitable[None]]


class Desk:
    """`ctx` is the member's on the tenant's present day."""

    def __init__(self, slug: str, email: str) -> None:
        self._slug, self._email = slug, email
        self.ctx: Ctx
        self._tenant: Tenant

    async def sit_down(self) -> None:
        """A day end that was interrupted is finished. Raises NotFound for no such tenant or member."""
        self.ctx = await context_of_member(self._slug, self._email)
        await run_day(self.ctx, RunDay())
        async with scope(self.ctx, read_only=True) as tx:
            self._tenant = await read_tenant(tx, self.ctx.tenant_id)

    @property
    def today(self) -> date:
        return self.ctx.today

    def step(self, name: str) -> Ctx:
        """The context of one step, named like no other of the tenant."""
        return step_of(self.ctx, name)

    def is_over(self, day: date) -> bool:
        """Whether all steps of `day` are done: the clock has gone beyond it, or its office is closed."""
        return self.ctx.now >= self._at(day, _OFFICE_CLOSES)

    async def open_office(self, day: date) -> None:
        """Moves the clock to that day's morning, unless it is there."""
        await self._move(self._at(day, _OFFICE_OPENS))

    async def close_office(self) -> None:
        """Moves the clock to the evening: nothing of this day is left to do."""
        await self._move(self._at(self.today, _OFFICE_CLOSES))

    def _at(self, day: date, since_opening: timedelta) -> datetime:
        return opening(day, self._tenant.timezone, self._tenant.cut_off) + since_opening

    async def _move(self, to: datetime) -> None:
        if to > self.ctx.now:
            await move_clock(self.ctx, MoveClock(to=to))
            self.ctx = await context_of_member(self._slug, self._email)

    async def order(
        self, line_id: UUID, merchant_id: UUID, amount_minor: int, ref: str, currency: str
    ) -> UUID | None:
        """Authorises an order; None where the line has no room or is not open, which is then on record."""
        command = AuthoriseOrder(
            line_id=line_id,
            merchant_id=merchant_id,
            amount_minor=amount_minor,
            currency=currency,
            order_ref=ref,
        )
        with suppress(LimitExceeded, LineFrozen, LineClosed):
            return (await authorise_order(self.step(f"order {ref}"), command)).id
        return None

    async def owed(self, drawdown_id: UUID) -> int:
        """What closes a drawdown today, minor units."""
        return (await quote_payoff(self.ctx, QuotePayoff(drawdown_id=drawdown_id))).total_minor

    async def receive(self, command: RecordReceipt) -> UUID:
        """A receipt, named by its `external_ref`."""
        return (await record_receipt(self.step(f"receipt {command.external_ref}"), command)).id


async def side_by_side(steps: Iterable[tuple[object, Step]], tell: Tell | None = None) -> None:
    """Does all steps, those of one buyer in their order, `AT_ONCE` buyers together.

    A step that may be tried again is, as a client would: a machine that is busy elsewhere must not end
    the demo. Any other failure stops all steps and is raised.
    """
    of_buyer: dict[object, list[Step]] = defaultdict(list)
    for buyer, step in steps:
        of_buyer[buyer].append(step)
    waiting = iter(of_buyer.values())

    async def run() -> None:
        for own in waiting:
            for step in own:
                await _patiently(step)
                if tell is not None:
                    tell(1)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(of_buyer))):
                group.create_task(run())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _patiently(step: Step) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            await step()
            break
        except DomainError as told:
            if not (told.retryable and left):
                raise
            await asyncio.sleep(told.retry_after_seconds or 1)
