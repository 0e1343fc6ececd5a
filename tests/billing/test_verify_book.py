"""Each kind of row, changed behind the application's back, is found, and nothing else is."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from billing.verify_book import PERMISSION, VerifyBook, verify_book
from kernel.context import Ctx
from tests.billing.checks import needs
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db

TEN_DAYS: dict[str, Any] = {
    **SIXTY_DAYS,
    "due_dates": {"rule": "days_after", "days": 10},
    "price": {"daily_rate": "0.001", "merchant_fee_rate": "0.01"},
}


class Book(msgspec.Struct):
    """`open`: ¥500.00 captured, ¥100.00 of them paid, ¥300.00 still held. `paid`: closed, ¥5.00 too much."""

    shop: Shop
    open: UUID
    paid: UUID


@pytest_asyncio.fixture(scope="module")
async def book(database: None) -> Book:
    shop = await open_shop(TEN_DAYS)
    paid = await shop.draw(100_000)
    await shop.go(date(2027, 3, 11))
    await shop.pay(101_500)
    opened = (await shop.authorise(80_000)).id
    await shop.capture(opened, 50_000)
    await shop.pay(10_000, drawdown_id=opened)
    await shop.verify()
    return Book(shop, opened, paid)


ITS = "tenant_id = $1 AND drawdown_id = $2"
CHANGES: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "the state": (
        """UPDATE billing.drawdown SET state = jsonb_set(state, '{authorised_minor}', '80001')
        WHERE tenant_id = $1 AND id = $2""",
        "open",
        [("drawdown {}", "state")],
    ),
    "a column": (
        """UPDATE billing.drawdown SET principal_due_minor = principal_due_minor + 1
        WHERE tenant_id = $1 AND id = $2""",
        "open",
        [("drawdown {}", "principal_due_minor")],
    ),
    "the next date": (
        "UPDATE billing.drawdown SET next_event_on = NULL WHERE tenant_id = $1 AND id = $2",
        "open",
        [("drawdown {}", "next_event_on")],
    ),
    "an instalment": (
        "UPDATE billing.instalment SET principal_minor = principal_minor + 1 WHERE {its}",
        "open",
        [("drawdown {}", "instalments")],
    ),
    "an instalment that is gone": (
        "DELETE FROM billing.instalment WHERE {its}",
        "open",
        [("drawdown {}", "instalments")],
    ),
    "an entry's amount": (
        """UPDATE billing.entry SET amount_minor = amount_minor + 1
        WHERE {its} AND credit_account = 'interest_income'""",
        "paid",
        [("drawdown {}", "balances")],
    ),
    "an entry's party": (
        "UPDATE billing.entry SET credit_party = $2 WHERE {its} AND debit_account = 'buyer_principal'",
        "open",
        [("drawdown {}", "balances")],
    ),
    "an entry's book": (
        "UPDATE billing.entry SET book = $2 WHERE {its} AND debit_account = 'buyer_principal'",
        "open",
        [("drawdown {}", "balances")],
    ),
    "one of two mirrored entries": (
        """UPDATE billing.entry SET amount_minor = amount_minor + 1
        WHERE {its} AND debit_account = 'due_from_lender'""",
        "open",
        [("CNY", "due to and due from"), ("drawdown {}", "balances")],
    ),
    "half of a conversion": (
        """UPDATE billing.entry SET debit_account = 'conversion_clearing'
        WHERE {its} AND debit_account = 'buyer_interest'""",
        "paid",
        [("{buyer}", "conversions"), ("drawdown {}", "balances")],
    ),
    "a charge": (
        "UPDATE billing.charge SET amount_minor = amount_minor + 1 WHERE {its}",
        "paid",
        [("drawdown {}", "charges")],
    ),
    "an allocation": (
        """UPDATE billing.allocation SET amount_minor = amount_minor + 1
        WHERE {its} AND component = 'principal'""",
        "open",
        [("drawdown {}", "allocations")],
    ),
    "the use of a line": (
        "UPDATE billing.drawdown_use SET held_minor = held_minor + 1 WHERE {its}",
        "open",
        [("drawdown {}", "held_minor"), ("{line}", "line")],
    ),
    "the use of a line that is gone": (
        "DELETE FROM billing.drawdown_use WHERE {its}",
        "open",
        [("drawdown {}", "rows"), ("{line}", "line")],
    ),
    "a line": (
        "UPDATE billing.line SET outstanding_minor = outstanding_minor + 1 WHERE tenant_id = $1",
        "open",
        [("{line}", "line")],
    ),
    "a credit balance": (
        "UPDATE billing.buyer_balance SET credit_minor = credit_minor + 1 WHERE tenant_id = $1",
        "open",
        [("{buyer}", "credit balance")],
    ),
    "cash": (
        "UPDATE billing.receipt SET amount_minor = amount_minor + 1 WHERE {its}",
        "open",
        [("CNY", "receipts and cash")],
    ),
    "cash that became credit": (
        """UPDATE billing.entry SET amount_minor = amount_minor + 1
        WHERE tenant_id = $1 AND drawdown_id IS NULL AND credit_account = 'buyer_credit'""",
        "open",
        [("CNY", "receipts and cash"), ("{buyer}", "credit balance")],
    ),
    "a journal without entries": (
        """INSERT INTO billing.journal SELECT tenant_id, $2, 'another', kind, effective_on, booked_on,
        recorded_at, actor_kind, actor_id, '3' FROM billing.journal
        WHERE tenant_id = $1 LIMIT 1""",
        "open",
        [("{id}", "journal without entries")],
    ),
    "all events": (
        "DELETE FROM billing.drawdown_event WHERE {its}",
        "open",
        [("drawdown {}", "events")],
    ),
    "an event that could not have happened": (
        """UPDATE billing.drawdown_event SET data = jsonb_set(data, '{amount_minor}', '80001')
        WHERE {its} AND kind = 'captured'""",
        "open",
        [("drawdown {}", "events")],
    ),
}
"""SQL of a change, of which drawdown, and what it makes differ."""


@pytest.mark.parametrize(("change", "which", "found"), list(CHANGES.values()), ids=list(CHANGES))
async def test_found(book: Book, admin: Any, change: str, which: str, found: list[tuple[str, str]]) -> None:
    """As a superuser who switched off all that protects the rows. Afterwards all is as it was."""
    shop, drawdown_id = book.shop, getattr(book, which)
    about = {"line": shop.line_id, "buyer": shop.buyer_id, "id": drawdown_id}
    change = change.replace("{its}", ITS)
    arguments = 2 if "$2" in change else 1
    table = next(word for word in change.split() if word.startswith("billing."))
    own = f"{table} WHERE tenant_id = '{shop.workspace.id}'"
    await admin.execute(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {own}")
    await admin.execute("SET session_replication_role = replica")
    try:
        done = await admin.fetch(f"{change} RETURNING 1", *(shop.workspace.id, drawdown_id)[:arguments])
        assert done
        verified = await verify_book(shop.ctx, VerifyBook(everything=True))
    finally:
        await admin.execute(f"DELETE FROM {own}")
        await admin.execute(f"INSERT INTO {table} SELECT * FROM kept")
        await admin.execute("DROP TABLE kept; SET session_replication_role = origin")
    told = sorted((one.object, one.what) for one in verified.differences)
    assert told == sorted((what.format(drawdown_id, **about), kind) for what, kind in found)
    assert not verified.clean
    await shop.verify()


async def test_both_numbers_are_told(book: Book, admin: Any) -> None:
    change = f"UPDATE billing.line SET held_minor = held_minor {{}} 7 WHERE id = '{book.shop.line_id}'"
    await admin.execute(change.format("+"))
    (told,) = (await verify_book(book.shop.ctx, VerifyBook())).differences
    await admin.execute(change.format("-"))
    assert (told.object, told.what) == (str(book.shop.line_id), "line")
    assert (told.stored, told.expected) == ("30007 held, 40000 outstanding", "30000 held, 40000 outstanding")


async def test_only_what_changed_since_it_was_last_clean(database: None, admin: Any) -> None:
    shop = await open_shop(TEN_DAYS)
    first, second = await shop.draw(1_000), await shop.draw(1_000)
    counts = [(await verify_book(shop.ctx, VerifyBook())).drawdowns]
    counts.append((await verify_book(shop.ctx, VerifyBook())).drawdowns)
    await shop.refund(first, 10)
    spoil = "UPDATE billing.drawdown SET principal_due_minor = $1 WHERE id = $2"
    await admin.execute(spoil, 991, first)
    for _ in range(2):
        verified = await verify_book(shop.ctx, VerifyBook())
        assert [one.what for one in verified.differences] == ["principal_due_minor"]
    await admin.execute(spoil, 990, first)
    await shop.capture((await shop.authorise(5)).id)
    counts.append((await verify_book(shop.ctx, VerifyBook())).drawdowns)
    counts.append((await verify_book(shop.ctx, VerifyBook(everything=True))).drawdowns)
    assert counts[0] == 2
    assert counts[2:] == [2, 3]
    assert second != first


async def test_progress_is_told(book: Book) -> None:
    told: list[int] = []
    await verify_book(book.shop.ctx, VerifyBook(everything=True, progress=told.append))
    assert told == [2]


async def test_who_may_not(book: Book) -> None:
    async def do(ctx: Ctx) -> Any:
        return await verify_book(ctx, VerifyBook())

    await needs(book.shop, PERMISSION, do)
