"""Statements are cut at the opening of the bill day, once, add up, and depend on no day end."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from billing.rules.standing import Due
from billing.statements import Statement, StatementLine, lines_of, list_statements
from kernel.db.scope import scope
from tests.support.shop import Shop, open_shop
from tests.support.traces import emitted

pytestmark = pytest.mark.db

MONTHLY: Final[dict[str, Any]] = {
    "currency": "CNY",
    "due_dates": {"rule": "bill_day", "bill_day": 1, "due_day": 10},
    "price": {"daily_rate": "0.0005"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.001"},
}
"""Billed on the 1st, due on the 10th; 5 per 10,000 a day until then."""


def day(text: str) -> date:
    return date.fromisoformat(f"2027-{text}")


async def cut(shop: Shop) -> list[Statement]:
    """The shop's statements, oldest first."""
    async with scope(shop.ctx, read_only=True) as tx:
        found = await list_statements(
            tx,
            shop.ctx,
            line_id=shop.line_id,
            buyer_id=None,
            cut_from=None,
            cut_to=None,
            before=None,
            limit=100,
        )
    return found[::-1]


async def lines(shop: Shop, statement: Statement) -> list[StatementLine]:
    assert statement.id is not None
    async with scope(shop.ctx, read_only=True) as tx:
        return await lines_of(tx, shop.ctx, statement.id)


async def told(shop: Shop, statement: Statement) -> list[tuple[str, str, int]]:
    return [
        (line.kind, f"{line.effective_on:%m-%d}", line.amount_minor) for line in await lines(shop, statement)
    ]


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(MONTHLY)


async def test_a_year_begins(shop: Shop) -> None:
    """Drawn 5 March: billed 1 April, due 10 April with 36 nights at 5 per 10,000; paid that day."""
    await shop.go(day("03-05"))
    await shop.draw(100_000)
    await shop.go(day("04-01"))
    (first,) = await cut(shop)
    assert (first.number, first.from_on, first.cut_on, first.next_cut_on) == (
        "S-2027-000001", None, day("04-01"), day("05-01"),
    )  # fmt: skip
    assert (first.opening_minor, first.captured_minor, first.closing_minor) == (0, 100_000, 100_000)
    assert (first.overdue_minor, first.due_minor, first.not_yet_due_minor) == (0, 100_000, 0)
    assert first.due_dates == (Due(due_on=day("04-10"), when="due", amount_minor=100_000),)
    assert await told(shop, first) == [("captured", "03-05", 100_000)]
    await shop.go(day("04-10"))
    await shop.pay(101_800)
    await shop.go(day("05-01"))
    _, second = await cut(shop)
    assert second.number == "S-2027-000002"
    assert await told(shop, second) == [
        ("interest", "04-10", 1_800),
        ("paid", "04-10", -101_800),
    ]
    assert (second.opening_minor, second.interest_minor, second.paid_minor) == (100_000, 1_800, 101_800)
    assert (second.closing_minor, second.due_dates) == (0, ())
    await shop.go(day("06-01"))
    assert len(await cut(shop)) == 2, "nothing moved, nothing is owed: no statement"
    assert [event["number"] for event in await emitted(shop.workspace, "statement.cut")] == [
        "S-2027-000001",
        "S-2027-000002",
    ]
    await shop.verify()
