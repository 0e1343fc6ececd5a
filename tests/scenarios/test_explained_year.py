"""A simulated year on instalments: every amount that was charged, owed or paid in it is explained, and the
tree computed again gives the amount (DOMAIN §8).

The year is a seed: orders, parts captured, goods returned, payments early, late, backdated and taken back.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from billing.explanations import explain_charge, explain_drawdown, explain_receipt
from billing.history import allocations_of, list_charges
from kernel.db.scope import scope
from tests.billing.rules.recompute import recompute
from tests.scenarios.test_random_books import Story
from tests.support.shop import open_shop

pytestmark = [pytest.mark.db, pytest.mark.scenario]

MONTHLY: Final[dict[str, Any]] = {
    "currency": "CNY",
    "due_dates": {"rule": "periods"},
    "repayment": {"form": "equal_instalment", "instalments": 4},
    "price": {"annual_rate": "0.18", "day_count": "30/360", "drawdown_fee": {"rate": "0.01"}},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0005", "after_due": "continues"},
    "early": {"part": "lower_payment"},
    "refund": {"method": "from_refund"},
}
FLAT: Final[dict[str, Any]] = {
    "currency": "CNY",
    "due_dates": {"rule": "periods", "period": {"unit": "week", "length": 2}},
    "repayment": {"form": "flat_fee", "instalments": 6},
    "price": {"annual_rate": "0", "period_fee_rate": "0.004"},
    "past_due": {"penalty_daily_rate": "0.0006", "penalty_base": "overdue_total"},
}


class SlowPayer(Story):
    """Pays less than falls due, so that much is late and little is closed early."""

    async def pay(self) -> None:
        receipt = await self.shop.pay(
            self.chance.randint(1, 60_000),
            advance=self.chance.random() < 0.2,
            effective_on=self.day_back(6),
        )
        self.receipts.append(receipt.id)

    async def days(self) -> None:
        await self.shop.go(self.shop.today + timedelta(self.chance.randint(1, 2)))


async def live_a_year(seed: int, document: dict[str, Any]) -> Story:
    chance = random.Random(seed)
    shop = await open_shop(document, limit_minor=5_000_000)
    story = SlowPayer(shop, chance, None)
    ends_on = shop.today + timedelta(365)
    while shop.today < ends_on:
        for _ in range(5):
            await story.step()
        await shop.go(shop.today + timedelta(chance.randint(1, 4)))
    await shop.verify()
    return story


@pytest.mark.parametrize("document", [MONTHLY, FLAT], ids=["monthly", "flat"])
async def test_every_amount_of_a_year(database: None, document: dict[str, Any]) -> None:
    story = await live_a_year(2027, document)
    ctx = story.shop.ctx
    charges, amounts, paid = 0, 0, 0
    async with scope(ctx, read_only=True) as tx:
        for drawdown_id in story.drawdowns:
            so_far: dict[tuple[int, str], int] = defaultdict(int)
            known: dict[UUID, int] = {}
            for charge in await list_charges(tx, ctx, drawdown_id, after=None, limit=10_000):
                so_far[charge.instalment_no, charge.kind] += charge.amount_minor
                known[charge.id] = so_far[charge.instalment_no, charge.kind]
                charges += 1
            for charge_id in known:
                (one,) = (await explain_charge(tx, ctx, charge_id)).amounts
                assert recompute(one.derivation) == one.derivation.value
            told = await explain_drawdown(tx, ctx, drawdown_id)
            owed = {(one.instalment_no, one.kind): recompute(one.derivation) for one in told.amounts}
            for kind in ("interest", "fee", "penalty"):
                charged = {key: sum_ for key, sum_ in so_far.items() if key[1] == kind and sum_}
                assert {key: sum_ for key, sum_ in owed.items() if key[1] == kind} == charged
            amounts += len(owed)
        parts = await allocations_of(tx, ctx, story.receipts)
        for receipt_id in story.receipts:
            told = await explain_receipt(tx, ctx, receipt_id)
            assert {
                (one.drawdown_id, one.instalment_no, one.kind): recompute(one.derivation)
                for one in told.amounts
            } == {
                (one.drawdown_id, one.instalment_no, one.component): one.amount_minor
                for one in parts.get(receipt_id, ())
            }
            paid += len(told.amounts)
    assert story.shop.today >= date(2028, 2, 29)
    assert min(charges, amounts, paid) > 100, (charges, amounts, paid, story.done)
