"""A statement is cut once, numbers have no gap: repetition, a kill, many at once, what is rolled back."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, Final

import pytest
from msgspec.structs import replace

from billing import cycles
from billing import day as day_end
from billing.cycles import cut_lines
from billing.run_day import RunDay, run_day
from billing.verify_book import VerifyBook, verify_book
from kernel.errors import Stale
from products.draft_product import DraftProduct, draft_product
from products.queries import forget_offer
from tests.billing.test_cycles import MONTHLY, cut, day, drawn_in_march
from tests.support.offers import publish
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(MONTHLY)


async def test_a_second_run_cuts_nothing(shop: Shop) -> None:
    await drawn_in_march(shop)
    before = await cut(shop)
    assert (await run_day(shop.ctx, RunDay())).statements == 0
    assert await cut_lines(shop.ctx, [shop.line_id], shop.today) == 0
    assert await cut(shop) == before


class Killed(Exception):
    """In the middle."""


async def test_a_day_end_that_is_killed_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first of two chunks: the second run cuts the other line, and none twice."""
    other = await shop.with_another_buyer()
    for one in (shop, other):
        await one.jump(day("03-05"))
        await one.draw(50_000)
    monkeypatch.setattr(day_end, "LINES", 1)
    monkeypatch.setattr(day_end, "AT_ONCE", 1)
    real, calls = cut_lines, []

    async def dies(ctx: Any, line_ids: Any, on: date) -> int:
        calls.append(line_ids)
        if len(calls) == 2:
            raise Killed
        return await real(ctx, line_ids, on)

    monkeypatch.setattr(day_end, "cut_lines", dies)
    with pytest.raises(Killed):
        await shop.go(day("04-01"))
    assert len(await cut(shop)) + len(await cut(other)) == 1
    assert (await run_day(shop.ctx, RunDay())).statements == 1
    assert sorted([one.number or "" for one in [*await cut(shop), *await cut(other)]]) == [
        "S-2027-000001",
        "S-2027-000002",
    ]
    await shop.verify()


async def test_many_cut_at_once_and_no_number_is_missing(shop: Shop) -> None:
    """Eight lines, each cut by three at the same time: one statement each, numbers 1 to 8."""
    shops = [shop, *[await shop.with_another_buyer() for _ in range(7)]]
    for one in shops:
        await one.jump(day("03-05"))
        await one.draw(50_000)
    await shop.jump(day("04-01"))
    ctx = shop.ctx
    done = await asyncio.gather(*(cut_lines(ctx, [one.line_id], shop.today) for one in shops * 3))
    assert sum(done) == 8
    numbers = await shop.rows("billing.statement", "no", "true ORDER BY no")
    assert numbers == [(no,) for no in range(1, 9)]
    await shop.verify()


async def test_what_is_rolled_back_leaves_no_gap(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut that fails after its number was taken; then one that comes too late."""
    other = await shop.with_another_buyer()
    for one in (shop, other):
        await one.jump(day("03-05"))
        await one.draw(50_000)
    await shop.jump(day("04-01"))
    made = cycles._command

    def broken(ctx: Any, one: Any) -> Any:
        command = made(ctx, one)
        line = command.rows.statement_line[0]
        wrong = (line, line)  # the same number on it twice
        return _replaced(command, statement_line=wrong)

    monkeypatch.setattr(cycles, "_command", broken)
    with pytest.raises(Stale):
        await cut_lines(shop.ctx, [shop.line_id], shop.today)
    monkeypatch.undo()
    assert await shop.count("billing.statement") == 0
    assert await shop.count("billing.statement_number") == 0
    assert await cut_lines(shop.ctx, [other.line_id, shop.line_id], shop.today) == 2
    assert await shop.rows("billing.statement_number", "last_no") == [(2,)]
    await shop.verify()


def _replaced(command: Any, **tables: Any) -> Any:
    return replace(command, rows=replace(command.rows, **tables))


async def test_numbers_begin_anew_each_year(shop: Shop) -> None:
    await shop.jump(day("12-05"))
    await shop.draw(50_000)
    await shop.go(date(2028, 2, 1))
    assert [one.number for one in await cut(shop)] == ["S-2028-000001", "S-2028-000002"]


async def test_a_product_that_is_billed_later(database: None) -> None:
    """Its second version has a bill day: lines that stand are cut from the next one on, with all since the
    beginning.
    """
    plain = {
        "currency": "CNY",
        "due_dates": {"rule": "days_after", "days": 60},
        "price": {"daily_rate": "0.0005"},
    }
    shop = await open_shop(plain)
    await shop.draw(100_000)
    await shop.go(day("04-15"))
    assert await cut(shop) == []
    await _publish_next(shop, plain | {"statement": {"bill_day": 20}})
    await shop.go(day("04-16"))
    await shop.go(day("04-20"))
    (first,) = await cut(shop)
    assert (first.from_on, first.cut_on, first.next_cut_on) == (None, day("04-20"), day("05-20"))
    assert (first.captured_minor, first.due_minor) == (100_000, 100_000)
    await _publish_next(shop, plain)
    await shop.go(day("07-20"))
    last = (await cut(shop))[-1]
    assert (last.cut_on, last.next_cut_on) == (day("05-20"), day("06-20")), (
        "billed no more after the next one"
    )
    await shop.verify()


async def _publish_next(shop: Shop, document: dict[str, Any]) -> None:
    product = await draft_product(shop.ctx, DraftProduct(product=shop.product_id, document=document))
    await publish(shop.workspace, product)
    forget_offer(shop.ctx, shop.product_id)


WRONG: Final[dict[str, tuple[str, set[str]]]] = {
    "a line's amount": (
        """UPDATE billing.statement_line SET amount_minor = amount_minor + 1
        WHERE tenant_id = $1 AND kind = 'paid'""",
        {"statement", "statement totals"},
    ),
    "a line's kind": (
        "UPDATE billing.statement_line SET kind = 'refunded' WHERE tenant_id = $1 AND kind = 'paid'",
        {"statement totals"},
    ),
    "a mark": (
        """UPDATE billing.statement_line SET late_for = statement_id, late_number = 'S'
        WHERE tenant_id = $1 AND kind = 'paid'""",
        {"statement totals"},
    ),
    "both totals": (
        """UPDATE billing.statement SET opening_minor = opening_minor + 1, closing_minor = closing_minor + 1,
        overdue_minor = overdue_minor + 1 WHERE tenant_id = $1 AND no = 2""",
        {"statement opening"},
    ),
    "a statement that is gone": (
        "DELETE FROM billing.statement WHERE tenant_id = $1 AND no = 2",
        {"statement numbers", "owed since the statement"},
    ),
    "a number that was never given": (
        "UPDATE billing.statement_number SET last_no = 3 WHERE tenant_id = $1",
        {"statement numbers"},
    ),
    "what is owed since": (
        """UPDATE billing.charge SET amount_minor = amount_minor + 1
        WHERE tenant_id = $1 AND effective_on > $2""",
        {"charges", "owed since the statement"},
    ),
}


@pytest.mark.parametrize(("change", "found"), list(WRONG.values()), ids=list(WRONG))
async def test_verify_finds_what_is_wrong(shop: Shop, admin: Any, change: str, found: set[str]) -> None:
    """As a superuser who switched off all that protects the rows."""
    await drawn_in_march(shop)
    await shop.go(day("04-20"))
    await shop.pay(50_000)
    await shop.go(day("05-03"))
    await shop.pay(1_000)
    await shop.verify()
    more = [day("05-01")] if "$2" in change else []
    await admin.execute("SET session_replication_role = replica")
    try:
        assert await admin.fetch(f"{change} RETURNING 1", shop.workspace.id, *more)
    finally:
        await admin.execute("SET session_replication_role = origin")
    verified = await verify_book(shop.ctx, VerifyBook(everything=True))
    assert {one.what for one in verified.differences} == found
