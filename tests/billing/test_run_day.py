"""Day end writes down what the schedule brought, once, in the order of days, however often it is started."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing import day
from billing.day import DayEnd
from billing.run_day import PERMISSION, RunDay, run_day
from kernel.context import Ctx
from tests.billing.checks import needs, written
from tests.support.shop import Shop, open_shop
from tests.support.traces import audited, emitted

NON_ACCRUAL_ON = date(2027, 3, 11) + timedelta(90)
"""From then on its charges are a memo claim: the last thing that time alone brings."""

pytestmark = pytest.mark.db

TEN_DAYS: dict[str, Any] = {
    "currency": "CNY",
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001"},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.002"},
    "authorisation": {"days": 5},
}
"""Drawn 1 March: due on the 11th; past due on the 15th. Held 1 March: expired on the 6th."""


def march(day: int) -> date:
    return date(2027, 3, day)


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TEN_DAYS)


async def test_each_day_brings_its_own(shop: Shop) -> None:
    held = (await shop.authorise(30_000)).id
    drawn = await shop.draw(100_000)
    ended = {}
    for n in range(2, 17):
        await shop.jump(march(n))
        done = await run_day(shop.ctx, RunDay())
        ended[n] = done.advanced
        assert (done.through_on, done.credit_uses) == (march(n), 0)
    assert {n: advanced for n, advanced in ended.items() if advanced} == {6: 1, 11: 1, 15: 1}
    assert await shop.line() == (0, 100_000)
    assert await shop.postings("interest_due") == [("buyer_interest", "interest_income", 1_000)]
    about = {"buyer_id": str(shop.buyer_id), "merchant_id": str(shop.merchant_id), "currency": "CNY"}
    about["order_ref"] = None  # type: ignore[assignment]
    assert await emitted(shop.workspace, "drawdown.expired") == [
        {**about, "drawdown_id": str(held), "effective_on": "2027-03-06", "amount_minor": 30_000}
    ]
    due = {**about, "drawdown_id": str(drawn), "instalment_no": 1, "principal_minor": 100_000}
    assert await emitted(shop.workspace, "drawdown.fell_due") == [
        {**due, "effective_on": "2027-03-11", "interest_minor": 1_000}
    ]
    assert await emitted(shop.workspace, "drawdown.became_past_due") == [
        {**due, "effective_on": "2027-03-15"}
    ]
    columns = "interest_due_minor, oldest_unpaid_due_on, next_event_on"
    stored = await shop.rows("billing.drawdown", columns, "id = $2", drawn)
    assert stored == [(1_000, march(11), NON_ACCRUAL_ON)]
    await shop.verify()


async def test_what_is_told_of_a_day(shop: Shop) -> None:
    await shop.draw(100_000)
    await shop.go(march(11))
    columns = "business_on, advanced, credit_uses, finished_at IS NOT NULL"
    assert await shop.rows("billing.day_end", columns) == [(march(11), 1, 0, True)]
    facts = {"business_on": "2027-03-11", "advanced": 1, "credit_uses": 0, "statements": 0}
    assert await audited(shop.workspace, "day.ended") == [facts]
    assert await emitted(shop.workspace, "day.ended") == [facts]


async def test_missed_days_one_after_the_other(shop: Shop) -> None:
    """The first day is that of the first row with anything to do."""
    await shop.draw(100_000)
    await shop.go(march(12))
    await shop.jump(march(20))
    assert await run_day(shop.ctx, RunDay()) == DayEnd(
        through_on=march(20), days=8, advanced=1, credit_uses=0
    )
    assert await shop.rows("billing.day_end", "business_on", "true ORDER BY business_on") == [
        (march(n),) for n in range(11, 21)
    ]
    assert [fact["effective_on"] for fact in await emitted(shop.workspace, "drawdown.became_past_due")] == [
        "2027-03-15"
    ]


async def test_a_second_run_finds_nothing(shop: Shop) -> None:
    await shop.draw(100_000)
    await shop.go(march(16))
    before = await written(shop)
    assert await run_day(shop.ctx, RunDay()) == DayEnd(
        through_on=march(16), days=0, advanced=0, credit_uses=0
    )
    assert await written(shop) == before


async def test_credit_pays_what_falls_due(shop: Shop) -> None:
    drawn = await shop.draw(100_000)
    await shop.pay(150_000)
    await shop.jump(march(11))
    done = await run_day(shop.ctx, RunDay())
    assert (done.advanced, done.credit_uses) == (1, 1)
    assert await shop.postings("receipt") == [
        ("cash_clearing", "buyer_credit", 150_000),
        ("buyer_credit", "buyer_interest", 1_000),
        ("buyer_credit", "buyer_principal", 100_000),
    ]
    (used,) = await emitted(shop.workspace, "credit.used")
    assert (used["amount_minor"], used["channel"]) == (101_000, "credit_balance")
    assert (await shop.owed(drawn), await shop.credit()) == (0, 49_000)
    await shop.verify()


async def test_chunks_and_their_progress(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day, "CHUNK", 1)
    for _ in range(5):
        await shop.draw(1_000)
    await shop.jump(march(11))
    told: list[int] = []
    assert (await run_day(shop.ctx, RunDay(progress=told.append))).advanced == 5
    assert told == [3, 5]
    await shop.verify()


async def test_a_run_that_was_stopped_is_taken_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of five rows were written; the next run writes the other two and nothing twice."""
    monkeypatch.setattr(day, "CHUNK", 1)
    for _ in range(5):
        await shop.draw(1_000)
    await shop.jump(march(11))

    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await run_day(shop.ctx, RunDay(progress=stop))
    assert await shop.rows("billing.day_end", "finished_at") == [(None,)]
    assert (await run_day(shop.ctx, RunDay())).advanced == 2
    assert await shop.postings("interest_due") == [("buyer_interest", "interest_income", 10)] * 5
    assert len(await emitted(shop.workspace, "drawdown.fell_due")) == 5
    assert len(await audited(shop.workspace, "day.ended")) == 1
    await shop.verify()


async def test_another_tenants_rows_stay(shop: Shop) -> None:
    other = await open_shop(TEN_DAYS)
    await other.draw(100_000)
    await shop.draw(100_000)
    before = await written(other)
    await shop.go(shop.today + timedelta(10))
    assert await written(other) == before


async def test_who_may_not(shop: Shop) -> None:
    async def do(ctx: Ctx) -> Any:
        return await run_day(ctx, RunDay())

    await needs(shop, PERMISSION, do)
