"""Random stories of what happens after the sale, over the real database: dates move, parts are disputed, held
back, converted, planned anew, while money comes late and goods come back. After each step the book is right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from billing.add_charge import AddCharge, add_charge
from billing.begin_silence import BeginSilence, begin_silence
from billing.change_due_day import ChangeDueDay, change_due_day
from billing.change_rate import ChangeRate, change_rate
from billing.convert_to_instalments import ConvertToInstalments, convert_to_instalments
from billing.end_silence import EndSilence, end_silence
from billing.extend_due_dates import ExtendDueDates, extend_due_dates
from billing.move_due_date import MoveDueDate, move_due_date
from billing.open_dispute import OpenDispute, open_dispute
from billing.resolve_dispute import ResolveDispute, resolve_dispute
from billing.restructure_debt import RestructureDebt, restructure_debt
from billing.run_day import RunDay, run_day
from billing.verify_book import VerifyBook, verify_book
from products.rules.product import Choice
from tests.scenarios.test_random_books import Story
from tests.support.shop import open_shop

pytestmark = [pytest.mark.db, pytest.mark.scenario]

BILLED: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {
        "rule": "bill_day", "bill_day": 1, "due_day": 10, "buyer_due_days": [5, 20, "last"],
        "shift": "following", "calendar": "weekends",
    },
    "repayment": {"form": "equal_instalment", "instalments": [3, 5]},
    "price": {"annual_rate": "0.18", "day_count": "30/360"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0006", "dispute_days": 4},
}  # fmt: skip


class Debts(Story):
    """Each command on one of the last drawdowns, allowed or not."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.silent: UUID | None = None

    def kinds(self) -> list[Callable[[], Awaitable[object]]]:
        return [
            self.draw, self.draw, self.refund, self.pay, self.pay, self.reverse, self.days, self.days,
            self.charge, self.move_date, self.due_day, self.extend, self.restructure, self.convert,
            self.convert, self.rate, self.silence, self.unsilence, self.dispute, self.resolve,
        ]  # fmt: skip

    def a_no(self) -> int:
        return self.chance.choice([1, 2, 3, 1_001, 1_002])

    async def pay(self) -> None:
        """Smaller than in other stories: debts are to live for some time."""
        named = self.chance.choice([None, None, self.a_drawdown()])
        receipt = await self.shop.pay(
            self.chance.randint(1, 60_000),
            advance=self.chance.random() < 0.5,
            drawdown_id=named,
            effective_on=self.day_back(25),
        )
        self.receipts.append(receipt.id)

    async def draw(self) -> None:
        self.drawdowns.append(await self.shop.draw(self.chance.randint(1_000, 150_000)))

    async def charge(self) -> None:
        due_on = self.shop.today + timedelta(self.chance.randint(0, 20))
        await add_charge(
            self.shop.ctx, AddCharge(drawdown_id=self.a_drawdown(), amount_minor=500, due_on=due_on)
        )

    async def move_date(self) -> None:
        due_on = self.shop.today + timedelta(self.chance.randint(5, 60))
        moved = MoveDueDate(drawdown_id=self.a_drawdown(), instalment_no=self.a_no(), due_on=due_on)
        await move_due_date(self.shop.ctx, moved)

    async def due_day(self) -> None:
        day = self.chance.choice([5, 10, 20])
        await change_due_day(self.shop.ctx, ChangeDueDay(drawdown_id=self.a_drawdown(), due_day=day))

    async def extend(self) -> None:
        more: dict[str, Any] = {"interest": self.chance.random() < 0.5, "fee_minor": 300}
        extended = ExtendDueDates(drawdown_id=self.a_drawdown(), days=17, from_no=self.a_no(), **more)
        await extend_due_dates(self.shop.ctx, extended)

    async def restructure(self) -> None:
        more: dict[str, Any] = {"form": "equal_principal", "capitalise": self.chance.random() < 0.3}
        new = RestructureDebt(drawdown_id=self.a_drawdown(), instalments=self.chance.choice([2, 4]), **more)
        await restructure_debt(self.shop.ctx, new)

    async def convert(self) -> None:
        nos = self.chance.choice([None, None, (self.a_no(),)])
        command = ConvertToInstalments(
            drawdown_id=self.a_drawdown(), instalment_nos=nos, choice=Choice(instalments=5)
        )
        done = await convert_to_instalments(self.shop.ctx, command)
        self.drawdowns.append(done.conversion.id)

    async def rate(self) -> None:
        changed = ChangeRate(
            drawdown_id=self.a_drawdown(), rate=Decimal("0.15"), effective_on=self.day_back(8)
        )
        await change_rate(self.shop.ctx, changed)

    async def silence(self) -> None:
        drawdown_id, on = self.a_drawdown(), self.day_back(5)
        begun = BeginSilence(
            drawdown_id=drawdown_id, silence_id=UUID(int=8), amount_minor=900, effective_on=on,
            until_on=on + timedelta(9),
        )  # fmt: skip
        await begin_silence(self.shop.ctx, begun)
        self.silent = drawdown_id

    async def unsilence(self) -> None:
        outcome: Literal["charged", "falls_away"] = self.chance.choice(["charged", "falls_away"])
        drawdown_id = self.silent or self.a_drawdown()
        ended = EndSilence(drawdown_id=drawdown_id, silence_id=UUID(int=8), outcome=outcome)
        await end_silence(self.shop.ctx, ended)

    async def dispute(self) -> None:
        opened = OpenDispute(
            drawdown_id=self.a_drawdown(), dispute_id=UUID(int=7), amount_minor=4_000,
            effective_on=self.day_back(6),
        )  # fmt: skip
        await open_dispute(self.shop.ctx, opened)

    async def resolve(self) -> None:
        verdict: Literal["won", "lost"] = self.chance.choice(["lost", "lost", "won"])
        resolved = ResolveDispute(drawdown_id=self.a_drawdown(), dispute_id=UUID(int=7), verdict=verdict)
        await resolve_dispute(self.shop.ctx, resolved)


async def tell(seed: int, steps: int) -> Counter[str]:
    chance = random.Random(seed)
    method = chance.choice(["from_capture", "from_refund"])
    shop = await open_shop(BILLED | {"refund": {"method": method}}, limit_minor=900_000)
    story = Debts(shop, chance, None)
    await story.draw()
    await story.days()
    for _ in range(steps):
        await story.step()
        verified = await verify_book(shop.ctx, VerifyBook())
        assert verified.differences == (), story.done
    await run_day(shop.ctx, RunDay())
    await shop.verify()
    return Counter(story.done)


@pytest.mark.parametrize("seed", range(8))
async def test_the_book_follows_every_debt(database: None, seed: int) -> None:
    told = await tell(seed, 60)
    assert told["pay"]


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 140))
async def test_longer_debts(database: None, seed: int) -> None:
    await tell(seed, 250)
