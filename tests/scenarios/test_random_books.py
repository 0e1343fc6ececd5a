"""Random stories over the real database: after every step the stored rows are what the events say
(ARCHITECTURE §3 b).

A story is a seed. Each step is one command, most of them allowed, some not; days pass with day end or
without it; now and
then the server's connections are cut in the middle of a step. `verify` then compares each row with the
replayed events and
the ledger with the states' totals.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from billing.loaded import Loaded
from billing.queries import credit_minor, load_drawdowns
from billing.reverse_receipt import ReverseReceipt, reverse_receipt
from billing.rules.advance import advance
from billing.rules.events import ReversalReason
from billing.rules.values import State
from billing.run_day import RunDay, run_day
from billing.verify_book import VerifyBook, verify_book
from billing.void_order import VoidOrder, void_order
from kernel.db.scope import scope
from kernel.errors import DomainError, Unavailable
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.scenario]

SHORT: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 12},
    "price": {"daily_rate": "0.0007", "interest_free": {"rule": "days", "days": 3}},
    "past_due": {
        "grace_days": 2,
        "penalty_daily_rate": "0.0011",
        "penalty_base": "overdue_total",
        "penalty_start": "grace_end",
    },
    "refund": {"method": "from_refund"},
}


REASONS: tuple[ReversalReason, ...] = ("bounced", "our_mistake")


class Story:
    """One buyer's life, made up from a seed."""

    def __init__(
        self, shop: Shop, chance: random.Random, admin_url: str | None, *, diligent: bool = False
    ) -> None:
        """Without `admin_url` nothing is cut. `diligent`: day end runs every day."""
        self.shop, self.chance, self.admin_url, self.diligent = shop, chance, admin_url, diligent
        self.drawdowns: list[UUID] = []
        self.receipts: list[UUID] = []
        self.done: dict[str, int] = {}

    def kinds(self) -> list[Callable[[], Awaitable[object]]]:
        return [
            self.authorise, self.authorise, self.capture, self.capture, self.capture, self.void, self.refund,
            self.pay, self.pay, self.pay, self.reverse, self.days, self.days, self.day_end,
        ]  # fmt: skip

    async def step(self, *, skip_day_end: bool = False) -> None:
        kind = self.chance.choice(self.kinds())
        if skip_day_end and kind == self.day_end:
            return
        cut = self.chance.random() < 0.08 and self.admin_url is not None
        try:
            if cut:
                told, _ = await asyncio.gather(kind(), self.cut(), return_exceptions=True)
                if isinstance(told, BaseException):
                    raise told
            else:
                await kind()
            self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1
        except Unavailable:
            assert cut, "unavailable without a reason"
        except DomainError as refused:
            self.done[refused.code] = self.done.get(refused.code, 0) + 1

    async def cut(self) -> None:
        """Ends the application's connections, whatever they are doing."""
        await asyncio.sleep(self.chance.random() * 0.02)
        outside = await asyncpg.connect(str(self.admin_url))
        await outside.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = 'tradeline_app'"""
        )
        await outside.close()
        await asyncio.sleep(0.05)  # until the pool has seen which connections are gone

    def day_back(self, days: int) -> Any:
        return self.shop.today - timedelta(self.chance.randint(0, days))

    def a_drawdown(self) -> UUID:
        if not self.drawdowns:
            raise Unchosen()
        return self.chance.choice(self.drawdowns[-8:])

    async def authorise(self) -> None:
        drawn = await self.shop.authorise(self.chance.randint(1, 300_000))
        self.drawdowns.append(drawn.id)

    async def capture(self) -> None:
        amount = self.chance.choice([None, None, self.chance.randint(1, 200_000)])
        await self.shop.capture(self.a_drawdown(), amount, effective_on=self.day_back(4))

    async def void(self) -> None:
        amount = self.chance.choice([None, self.chance.randint(1, 100_000)])
        await void_order(self.shop.ctx, VoidOrder(drawdown_id=self.a_drawdown(), amount_minor=amount))

    async def refund(self) -> None:
        await self.shop.refund(
            self.a_drawdown(), self.chance.randint(1, 150_000), capture_no=1, effective_on=self.day_back(3)
        )

    async def pay(self) -> None:
        named = self.chance.choice([None, None, None, self.a_drawdown()])
        on = self.day_back(10) if self.chance.random() < 0.25 else self.shop.today
        receipt = await self.shop.pay(
            self.chance.randint(1, 400_000),
            advance=self.chance.random() < 0.5,
            drawdown_id=named,
            effective_on=on,
        )
        self.receipts.append(receipt.id)

    async def reverse(self) -> None:
        if not self.receipts:
            raise Unchosen()
        reason: ReversalReason = self.chance.choice(REASONS)
        receipt_id = self.chance.choice(self.receipts[-6:])
        await reverse_receipt(self.shop.ctx, ReverseReceipt(receipt_id=receipt_id, reason=reason))

    async def days(self) -> None:
        until = self.shop.today + timedelta(self.chance.randint(1, 9))
        while self.diligent and self.shop.today < until:
            await self.shop.go(self.shop.today + timedelta(1))
        await self.shop.jump(until)

    async def day_end(self) -> None:
        await run_day(self.shop.ctx, RunDay())


class Unchosen(DomainError):
    """The story has nothing yet that the step could act on."""

    code = "unchosen"
    status = 409


async def tell(seed: int, steps: int, admin_url: str) -> Story:
    chance = random.Random(seed)
    shop = await open_shop(chance.choice([SIXTY_DAYS, SHORT]), limit_minor=900_000)
    story = Story(shop, chance, admin_url)
    for _ in range(steps):
        await story.step()
        verified = await verify_book(shop.ctx, VerifyBook())
        assert verified.differences == (), story.done
    await run_day(shop.ctx, RunDay())
    await shop.verify()
    return story


@pytest.mark.parametrize("seed", range(12))
async def test_stored_rows_are_what_the_events_say(database: None, admin_url: str, seed: int) -> None:
    story = await tell(seed, 60, admin_url)
    assert story.drawdowns
    assert story.receipts


@pytest.mark.parametrize("seed", range(20, 26))
async def test_nothing_depends_on_whether_day_end_has_run(database: None, seed: int) -> None:
    """The same story twice: with day end every day, and with none until the last."""
    told = []
    for diligent in (True, False):
        chance = random.Random(seed)
        shop = await open_shop(chance.choice([SIXTY_DAYS, SHORT]), limit_minor=900_000)
        story = Story(shop, chance, None, diligent=diligent)
        outcomes = []
        for _ in range(70):
            await story.step(skip_day_end=True)
            outcomes.append(dict(story.done))
        await run_day(shop.ctx, RunDay())
        await shop.verify()
        async with scope(shop.ctx, read_only=True) as tx:
            states = [_bare(one, shop.today) for one in await load_drawdowns(tx, shop.ctx, story.drawdowns)]
            credit = await credit_minor(tx, shop.ctx, shop.buyer_id, "CNY")
        told.append((outcomes, states, credit, await shop.line()))
    assert told[0] == told[1]


def _bare(loaded: Loaded, today: date) -> State:
    """On the same day, without the ids of receipts and the numbering of events, which differ from run to
    run."""
    state = advance(loaded.terms, loaded.state, today)
    receipts = tuple(replace(receipt, receipt_id=UUID(int=0)) for receipt in state.receipts)
    return replace(state, receipts=receipts, last_seq=0)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 160))
async def test_longer_stories(database: None, admin_url: str, seed: int) -> None:
    await tell(seed, 250, admin_url)
