"""Who may write money, and what nobody may change: asked of the database by the roles themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from billing.command import ReceiptRow, ReceiptSet, Rows
from kernel.db.scope import scope
from kernel.ids import uuid7
from tests.billing.desk import Desk, Till, open_desk

pytestmark = pytest.mark.db

MONEY: Final = (
    "line",
    "buyer_balance",
    "limit_decision",
    "drawdown",
    "drawdown_use",
    "drawdown_event",
    "instalment",
    "refund",
    "charge",
    "journal",
    "entry",
    "receipt",
    "allocation",
    "line_cycle",
    "statement_number",
    "statement",
    "statement_line",
)
APPEND_ONLY: Final = (
    "limit_decision",
    "terms",
    "drawdown_event",
    "refund",
    "charge",
    "journal",
    "entry",
    "allocation",
    "statement",
    "statement_line",
)
ROLES: Final = ("tradeline_app", "tradeline_money", "tradeline_owner", None)
"""None: the superuser who runs the test."""


@pytest_asyncio.fixture
async def trial(admin: Any) -> AsyncIterator[Any]:
    """The superuser's connection, in a transaction that is rolled back."""
    transaction = admin.transaction()
    await transaction.start()
    yield admin
    await transaction.rollback()


@pytest.mark.parametrize("table", MONEY)
@pytest.mark.parametrize(
    "statement", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"]
)
async def test_the_application_cannot_write_money(desk: Desk, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with scope(desk.workspace.ctx()) as tx:
            await tx.execute(statement.format(f"billing.{table}"))


async def test_the_application_cannot_go_round_the_function(desk: Desk) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        async with scope(desk.workspace.ctx()) as tx:
            await tx.execute("SELECT billing.write_rows('{}', '{}', '{}', 0)")


async def test_a_tenant_reads_only_its_own_money(desk: Desk, till: Till) -> None:
    other = await open_desk()
    await till.line(desk, 1_000)
    theirs = await till.line(other, 1_000)
    async with scope(desk.workspace.ctx(), read_only=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM billing.line") == 1
        assert await tx.fetchval("SELECT count(*) FROM billing.line WHERE id = $1", theirs) == 0


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_is_written_stays(trial: Any, table: str, role: str | None, statement: str) -> None:
    if role:
        await trial.execute(f"SET LOCAL ROLE {role}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as told:
        await trial.execute(statement.format(f"billing.{table}"))
    if role is None:
        assert "append-only" in str(told.value), "where rights do not refuse, the trigger does"


@pytest.mark.parametrize("table", ["line", "buyer_balance", "drawdown", "drawdown_use", "receipt"])
async def test_not_even_the_money_role_deletes(trial: Any, table: str) -> None:
    await trial.execute("SET LOCAL ROLE tradeline_money")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await trial.execute(f"DELETE FROM billing.{table}")


@pytest.mark.parametrize(
    "change",
    [
        "amount_minor = amount_minor + 1",
        "effective_on = effective_on - 1",
        "external_ref = 'other'",
        "currency = 'USD'",
        "buyer_id = gen_random_uuid()",
        "channel = 'other'",
    ],
)
async def test_a_receipts_money_stays(desk: Desk, till: Till, trial: Any, change: str) -> None:
    receipt = await _receipt(desk, till)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await trial.execute(f"UPDATE billing.receipt SET {change} WHERE id = $1", receipt)


@pytest.mark.parametrize("statement", ["DELETE FROM billing.receipt", "TRUNCATE billing.receipt CASCADE"])
async def test_receipts_stay(trial: Any, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await trial.execute(statement)


async def test_a_receipt_is_reversed_once(desk: Desk, till: Till, admin: Any) -> None:
    receipt = await _receipt(desk, till)
    change = ReceiptSet(
        id=receipt,
        was="posted",
        status="reversed",
        buyer_id=desk.buyer_id,
        excess_minor=100,
        reversal_reason="bounced",
        reversed_on=desk.today,
    )
    reverse = desk.command(rows=Rows(receipt_set=(change,)))
    assert await till.one(reverse) == "ok"
    with pytest.raises(asyncpg.SerializationError, match="moved meanwhile"):
        await till.run(reverse)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await admin.execute(
            """UPDATE billing.receipt SET status = 'posted', reversal_reason = NULL, reversed_on = NULL
            WHERE id = $1""",
            receipt,
        )


async def _receipt(desk: Desk, till: Till) -> Any:
    receipt = ReceiptRow(
        id=uuid7(),
        buyer_id=desk.buyer_id,
        channel="bank_transfer",
        currency="CNY",
        amount_minor=100,
        excess_minor=100,
        status="posted",
        effective_on=desk.today,
        booked_on=desk.today,
        created_at=desk.workspace.ctx().now,
    )
    assert await till.one(desk.command(rows=Rows(receipt=(receipt,)))) == "ok"
    return receipt.id
