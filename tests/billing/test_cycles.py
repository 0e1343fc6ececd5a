"""Statements are cut at the opening of the bill day, once, add up, and depend on no day end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from billing.convert_to_instalments import ConvertToInstalments, convert_to_instalments
from billing.give_goodwill import GiveGoodwill, give_goodwill
from billing.open_dispute import OpenDispute, open_dispute
from billing.resolve_dispute import ResolveDispute, resolve_dispute
from billing.rules.standing import Due
from billing.run_day import RunDay, run_day
from billing.set_off_payment import SetOffPayment, set_off_payment
from billing.statements import Statement, StatementLine, lines_of, list_statements
from billing.waive_charges import WaiveCharges, waive_charges
from billing.write_off_debt import WriteOffDebt, write_off_debt
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


async def drawn_in_march(shop: Shop, amount_minor: int = 100_000) -> UUID:
    """On 5 March; April's statement is cut."""
    await shop.go(day("03-05"))
    drawdown_id = await shop.draw(amount_minor)
    await shop.go(day("04-01"))
    return drawdown_id


async def test_a_backdated_receipt_after_the_cut(shop: Shop) -> None:
    """Told on 3 April for 30 March: April's statement stays, May's shows it marked, and what it changed since
    is an ordinary line.
    """
    await drawn_in_march(shop)
    await shop.jump(day("04-03"))
    await shop.pay(40_000, effective_on=day("03-30"), advance=True)
    await shop.go(day("05-01"))
    first, second = await cut(shop)
    assert (first.closing_minor, second.opening_minor) == (100_000, 100_000)
    assert [
        (line.kind, f"{line.effective_on:%m-%d}", line.amount_minor, line.late_number)
        for line in await lines(shop, second)
    ] == [
        ("interest", "03-30", 1_250, "S-2027-000001"),
        ("paid", "03-30", -40_000, "S-2027-000001"),
        ("interest", "04-10", 337, None),
        ("penalty", "04-30", 1_286, None),
    ]
    assert (second.paid_minor, second.interest_minor, second.penalty_minor) == (0, 337, 1_286)
    assert (second.corrections_minor, second.closing_minor) == (-38_750, 62_873)
    await shop.verify()


async def test_a_refund_after_the_cut(shop: Shop) -> None:
    """Goods of a paid debt come back: they are refunded, and what had paid them becomes credit."""
    drawdown_id = await drawn_in_march(shop)
    await shop.go(day("04-10"))
    await shop.pay(101_800)
    await shop.go(day("05-02"))
    await shop.refund(drawdown_id, 40_000)
    await shop.go(day("06-01"))
    third = (await cut(shop))[-1]
    assert await told(shop, third) == [
        ("interest", "05-02", -720),
        ("paid", "05-02", 40_720),
        ("refunded", "05-02", -40_000),
    ]
    assert (third.refunded_minor, third.paid_minor, third.interest_minor) == (40_000, -40_720, -720)
    assert (third.closing_minor, third.credit_minor) == (0, 40_720)
    await shop.verify()


async def test_a_reversal_after_the_cut(shop: Shop) -> None:
    """A bounced payment counts on the day on which it was told: the debt is owed again and overdue, with the
    penalty that May's cut would have charged (21 nights) and June's does (31).
    """
    await drawn_in_march(shop)
    await shop.go(day("04-10"))
    receipt = await shop.pay(101_800)
    await shop.go(day("05-03"))
    assert [one.closing_minor for one in await cut(shop)] == [100_000, 0]
    await shop.reverse(receipt.id)
    await shop.go(day("06-01"))
    third = (await cut(shop))[-1]
    assert await told(shop, third) == [
        ("penalty", "05-03", 2_100),
        ("paid", "05-03", 101_800),
        ("penalty", "05-31", 3_100),
    ]
    assert (third.opening_minor, third.closing_minor, third.overdue_minor) == (0, 107_000, 107_000)
    assert third.due_dates == (Due(due_on=day("04-10"), when="overdue", amount_minor=107_000),)
    await shop.verify()


async def test_a_conversion_moves_principal_inside_the_line(shop: Shop) -> None:
    drawdown_id = await drawn_in_march(shop)
    await shop.jump(day("04-05"))
    made = await convert_to_instalments(shop.ctx, ConvertToInstalments(drawdown_id=drawdown_id))
    await shop.go(day("05-01"))
    second = (await cut(shop))[-1]
    told_lines = [(line.kind, line.drawdown_id, line.amount_minor) for line in await lines(shop, second)]
    assert sorted(told_lines[:2], key=str) == sorted(
        [("converted", drawdown_id, -100_000), ("converted", made.conversion.id, 100_000)], key=str
    )
    assert (second.converted_minor, second.captured_minor) == (0, 0)
    assert second.closing_minor == 100_000 + second.interest_minor
    await shop.verify()


async def test_what_is_disputed_stands_apart(shop: Shop) -> None:
    drawdown_id = await drawn_in_march(shop)
    await shop.jump(day("04-02"))
    dispute_id = UUID(int=5)
    await open_dispute(
        shop.ctx, OpenDispute(drawdown_id=drawdown_id, dispute_id=dispute_id, amount_minor=30_000)
    )
    await shop.go(day("05-01"))
    second = (await cut(shop))[-1]
    assert (second.disputed_minor, second.overdue_minor) == (30_000, second.closing_minor - 30_000)
    await resolve_dispute(
        shop.ctx, ResolveDispute(drawdown_id=drawdown_id, dispute_id=dispute_id, verdict="lost")
    )
    await shop.go(day("06-01"))
    assert (await cut(shop))[-1].disputed_minor == 0
    await shop.verify()


async def test_no_cash_goodwill_and_waiver(shop: Shop) -> None:
    drawdown_id = await drawn_in_march(shop)
    await shop.go(day("04-12"))
    await set_off_payment(shop.ctx, SetOffPayment(drawdown_id=drawdown_id, amount_minor=20_000))
    await give_goodwill(shop.ctx, GiveGoodwill(drawdown_id=drawdown_id, amount_minor=1_000))
    await shop.go(day("05-01"))
    second = (await cut(shop))[-1]
    assert (second.paid_minor, second.refunded_minor, second.captured_minor) == (21_000, 0, 0)
    await shop.pay(1)
    (row,) = await shop.rows(
        "billing.instalment", "penalty_minor - penalty_paid_minor", "drawdown_id = $2", drawdown_id
    )
    await waive_charges(
        shop.ctx, WaiveCharges(drawdown_id=drawdown_id, instalment_no=1, penalty_minor=row[0])
    )
    await shop.go(day("06-01"))
    assert (await cut(shop))[-1].waived_minor == row[0] > 0
    await shop.verify()


async def test_the_buyer_owes_the_same_whatever_the_books_do(shop: Shop) -> None:
    """Non-accrual after 90 days, then written off: interest and penalty go on being owed and shown."""
    drawdown_id = await drawn_in_march(shop)
    await shop.go(day("07-20"))
    stored = await shop.rows("billing.drawdown", "state->>'non_accrual_on'", "id = $2", drawdown_id)
    assert stored == [("2027-07-09",)]
    assert (await shop.balances()).get("buyer_interest", 0) == 0
    await shop.pay(10_000)
    await write_off_debt(shop.ctx, WriteOffDebt(drawdown_id=drawdown_id))
    await shop.go(day("08-01"))
    last = (await cut(shop))[-1]
    view = await shop.drawdown(drawdown_id)
    due = view.projection
    assert last.closing_minor == (
        due.principal_due_minor + due.interest_due_minor + due.fee_due_minor + due.penalty_due_minor
    )
    assert (last.paid_minor, last.overdue_minor) == (10_000, last.closing_minor)
    await shop.go(day("08-05"))
    await shop.pay(5_000)
    await shop.go(day("09-01"))
    assert (await cut(shop))[-1].paid_minor == 5_000
    await shop.verify()


async def test_missed_months_are_cut_in_order(shop: Shop) -> None:
    """Half a year without day end: the same statements as with one every day."""
    other = await open_shop(MONTHLY)
    for diligent, one in ((True, shop), (False, other)):
        await one.jump(day("03-05"))
        await one.draw(100_000)
        while diligent and one.today < day("09-01"):
            await one.go(one.today + timedelta(1))
        await one.jump(day("09-01"))
        assert (await run_day(one.ctx, RunDay())).statements == (0 if diligent else 6)
    assert [bare(one) for one in await cut(shop)] == [bare(one) for one in await cut(other)]
    assert len(await cut(shop)) == 6
    await other.verify()


def bare(statement: Statement) -> dict[str, Any]:
    """Without what differs from tenant to tenant and from day to day of writing."""
    left_out = ("id", "line_id", "buyer_id", "product_id", "created_at")
    return {name: getattr(statement, name) for name in statement.__struct_fields__ if name not in left_out}


async def test_who_writes_first_cuts_first(shop: Shop) -> None:
    """No day end since 1 April: a receipt of 3 May, backdated to 28 April, finds May's statement cut."""
    await drawn_in_march(shop)
    await shop.jump(day("05-03"))
    await shop.pay(30_000, effective_on=day("04-28"))
    second = (await cut(shop))[-1]
    assert (second.cut_on, second.paid_minor) == (day("05-01"), 0)
    await shop.go(day("06-01"))
    third = (await cut(shop))[-1]
    late = [line for line in await lines(shop, third) if line.late_number]
    assert {line.late_number for line in late} == {second.number}
    assert -30_000 in [line.amount_minor for line in late]
    await shop.verify()


async def test_credit_pays_before_and_after_the_cut(shop: Shop) -> None:
    """Credit of March pays on 10 April; what is left of it stands beside the next statement."""
    await shop.jump(day("03-05"))
    await shop.draw(100_000)
    await shop.pay(150_000)
    await shop.jump(day("05-04"))
    await run_day(shop.ctx, RunDay())
    first, second = await cut(shop)
    assert (first.closing_minor, first.credit_minor) == (100_000, 150_000)
    assert (second.paid_minor, second.closing_minor, second.credit_minor) == (101_800, 0, 48_200)
    await shop.verify()
