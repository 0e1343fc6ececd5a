"""Random stories of a billed line, told with day end every day and with none until the end: the statements
are the same, and at each cut their sum is the ledger's balance.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from billing.run_day import RunDay, run_day
from billing.statements import lines_of, list_statements
from kernel.db.scope import scope
from tests.scenarios.test_random_debts import BILLED, Debts
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.scenario]

WEEKS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 20},
    "statement": {"bill_day": 15},
    "price": {"daily_rate": "0.0007", "drawdown_fee": {"rate": "0.01"}},
    "past_due": {
        "grace_days": 2, "penalty_daily_rate": "0.0011", "shortfall_tolerance_minor": 300,
        "non_accrual_days": 45,
    },
}  # fmt: skip
_OWN = ("id", "line_id", "buyer_id", "product_id", "created_at")


class Months(Debts):
    """Time passes faster than there."""

    def kinds(self) -> list[Callable[[], Awaitable[object]]]:
        return [*super().kinds(), self.days, self.days, self.days, self.draw]

    async def days(self) -> None:
        for _ in range(4):
            await super().days()


async def told(shop: Shop) -> list[Any]:
    """Every statement and its lines, without ids and days of writing."""
    found: list[Any] = []
    whose: dict[str, Any] = {"line_id": shop.line_id, "buyer_id": None, "cut_from": None, "cut_to": None}
    async with scope(shop.ctx, read_only=True) as tx:
        for one in await list_statements(tx, shop.ctx, **whose, before=None, limit=100):
            assert one.id is not None
            facts = {name: getattr(one, name) for name in one.__struct_fields__ if name not in _OWN}
            lines = sorted(
                (line.effective_on, line.kind, line.amount_minor, line.late_number or "")
                for line in await lines_of(tx, shop.ctx, one.id)
            )
            found.append((facts, lines))
    return found[::-1]


async def balance(shop: Shop, before: date) -> int:
    """The ledger's buyer parts and the memo claim: what counts for the days before and was known then."""
    async with scope(shop.ctx, read_only=True) as tx:
        return int(
            await tx.fetchval(
                """SELECT coalesce(sum(amount), 0) FROM (
                    SELECT c.journal_id, c.amount_minor AS amount FROM billing.charge c
                    WHERE c.tenant_id = $1
                    UNION ALL SELECT e.journal_id, e.amount_minor FROM billing.entry e
                    WHERE e.tenant_id = $1 AND e.debit_account = ANY ($3) AND NOT e.credit_account = ANY ($4)
                    UNION ALL SELECT e.journal_id, -e.amount_minor FROM billing.entry e
                    WHERE e.tenant_id = $1 AND e.credit_account = ANY ($3) AND NOT e.debit_account = ANY ($4)
                ) x JOIN billing.journal j ON j.tenant_id = $1 AND j.id = x.journal_id
                WHERE j.effective_on < $2 AND (j.booked_on < $2 OR EXISTS (
                    SELECT FROM billing.statement_line l
                    JOIN billing.statement s ON s.tenant_id = $1 AND s.id = l.statement_id
                    WHERE l.tenant_id = $1 AND l.journal_id = j.id AND s.cut_on <= $2))""",
                shop.workspace.id,
                before,
                ["buyer_principal", "buyer_interest", "buyer_fee", "buyer_penalty"],
                ["interest_income", "fee_income", "penalty_income", "recovery_income"],
            )
        )


@pytest.mark.parametrize("seed", range(6))
async def test_statements_depend_on_no_day_end(database: None, seed: int) -> None:
    books = []
    for diligent in (True, False):
        chance = random.Random(seed)
        product = chance.choice([BILLED, WEEKS])
        method = chance.choice(["from_capture", "from_refund"])
        shop = await open_shop(product | {"refund": {"method": method}}, limit_minor=900_000)
        story = Months(shop, chance, None, diligent=diligent)
        await story.draw()
        outcomes = []
        for _ in range(40):
            await story.step()
            outcomes.append(dict(story.done))
        until = shop.today + timedelta(70)
        while diligent and shop.today < until:
            await shop.go(shop.today + timedelta(1))
        await shop.jump(until)
        await run_day(shop.ctx, RunDay())
        await shop.verify()
        books.append((outcomes, await told(shop)))
        for facts, _ in books[-1][1]:
            assert facts["closing_minor"] == await balance(shop, facts["cut_on"])
    assert books[0] == books[1]
    assert len(books[0][1]) > 2, "no time passed"
