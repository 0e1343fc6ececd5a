"""What the demo reads of a tenant's book: who has which line, which orders it holds, and its sums."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx


class Account(msgspec.Struct, frozen=True):
    """A buyer, and its line where one was opened."""

    buyer_id: UUID
    line_id: UUID | None


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Of a whole book, in minor units of its one currency; names as in docs/real-orders.md."""

    lines_opened: int
    limits_minor: int
    held_minor: int
    outstanding_minor: int
    authorised_orders: int
    authorised_minor: int
    captured_orders: int
    captured_minor: int
    refunds: int
    refunded_minor: int
    voided_minor: int
    expired_drawdowns: int
    receipts: int
    received_minor: int
    reversed_receipts: int
    credit_uses: int
    principal_paid_minor: int
    interest_paid_minor: int
    penalty_paid_minor: int
    interest_charged_minor: int
    penalty_charged_minor: int
    merchant_fee_minor: int
    credit_balance_minor: int
    past_due_drawdowns: int
    past_due_minor: int
    closed_drawdowns: int
    refused_orders: int
    refused_minor: int
    refused_shortfall_minor: int
    frozen_refusals: int


async def accounts(tx: Tx, ctx: Ctx) -> dict[str, Account]:
    """By the platform's own id of the buyer."""
    rows = await tx.fetch(
        """SELECT b.external_ref, b.id, l.id AS line_id FROM tenants.buyer b
        LEFT JOIN billing.line l ON l.tenant_id = b.tenant_id AND l.buyer_id = b.id AND l.status <> 'closed'
        WHERE b.tenant_id = $1 AND b.external_ref IS NOT NULL ORDER BY b.id""",
        ctx.tenant_id,
    )
    return {row["external_ref"]: Account(row["id"], row["line_id"]) for row in rows}


async def orders(tx: Tx, ctx: Ctx) -> dict[str, UUID]:
    """The drawdowns by their order references."""
    rows = await tx.fetch(
        "SELECT order_ref, id FROM billing.drawdown WHERE tenant_id = $1 AND order_ref IS NOT NULL",
        ctx.tenant_id,
    )
    return {row["order_ref"]: row["id"] for row in rows}


async def receipts(tx: Tx, ctx: Ctx) -> dict[str, UUID]:
    """By the platform's own references."""
    rows = await tx.fetch(
        "SELECT external_ref, id FROM billing.receipt WHERE tenant_id = $1 AND external_ref IS NOT NULL",
        ctx.tenant_id,
    )
    return {row["external_ref"]: row["id"] for row in rows}


async def roomiest_line(tx: Tx, ctx: Ctx) -> UUID:
    """The open line with the most room for new orders."""
    line_id: UUID = await tx.fetchval(
        """SELECT id FROM billing.line WHERE tenant_id = $1 AND status = 'active'
        ORDER BY limit_minor - held_minor - outstanding_minor DESC, id LIMIT 1""",
        ctx.tenant_id,
    )
    return line_id


async def sums(tx: Tx, ctx: Ctx, on: date) -> Sums:
    """As the book stands on its day `on`. Orders refused are those that the asking member was told of."""
    row = await tx.fetchrow(_SUMS, ctx.tenant_id, on, ctx.family)
    return msgspec.convert(dict(row), Sums)


_SUMS: Final = """
    SELECT l.*, d.*, f.*, r.*, i.*, m.*, b.*, p.*, x.* FROM
    (SELECT count(*) AS lines_opened, coalesce(sum(limit_minor), 0)::bigint AS limits_minor,
        coalesce(sum(held_minor), 0)::bigint AS held_minor,
        coalesce(sum(outstanding_minor), 0)::bigint AS outstanding_minor
    FROM billing.line WHERE tenant_id = $1) l,
    (SELECT count(*) AS authorised_orders, coalesce(sum(authorised_minor), 0)::bigint AS authorised_minor,
        count(*) FILTER (WHERE captured_minor > 0) AS captured_orders,
        coalesce(sum(captured_minor), 0)::bigint AS captured_minor,
        coalesce(sum(voided_minor), 0)::bigint AS voided_minor,
        count(*) FILTER (WHERE status = 'expired') AS expired_drawdowns,
        count(*) FILTER (WHERE status = 'closed') AS closed_drawdowns
    FROM billing.drawdown WHERE tenant_id = $1) d,
    (SELECT count(*) AS refunds, coalesce(sum(amount_minor), 0)::bigint AS refunded_minor
    FROM billing.refund WHERE tenant_id = $1) f,
    (SELECT count(*) FILTER (WHERE status = 'posted' AND channel <> 'credit_balance') AS receipts,
        coalesce(sum(amount_minor)
            FILTER (WHERE status = 'posted' AND channel <> 'credit_balance'), 0)::bigint AS received_minor,
        count(*) FILTER (WHERE status = 'reversed' AND channel <> 'credit_balance') AS reversed_receipts,
        count(*) FILTER (WHERE status = 'posted' AND channel = 'credit_balance') AS credit_uses
    FROM billing.receipt WHERE tenant_id = $1) r,
    (SELECT coalesce(sum(principal_paid_minor), 0)::bigint AS principal_paid_minor,
        coalesce(sum(interest_paid_minor), 0)::bigint AS interest_paid_minor,
        coalesce(sum(penalty_paid_minor), 0)::bigint AS penalty_paid_minor,
        coalesce(sum(interest_minor), 0)::bigint AS interest_charged_minor,
        coalesce(sum(penalty_minor), 0)::bigint AS penalty_charged_minor
    FROM billing.instalment WHERE tenant_id = $1) i,
    (SELECT coalesce(sum(CASE credit_account WHEN 'merchant_fee_income' THEN amount_minor
        ELSE -amount_minor END), 0)::bigint AS merchant_fee_minor
    FROM billing.entry WHERE tenant_id = $1 AND 'merchant_fee_income' IN (debit_account, credit_account)) m,
    (SELECT coalesce(sum(credit_minor), 0)::bigint AS credit_balance_minor
    FROM billing.buyer_balance WHERE tenant_id = $1) b,
    (SELECT count(DISTINCT drawdown_id) AS past_due_drawdowns,
        coalesce(sum(principal_minor - principal_paid_minor), 0)::bigint AS past_due_minor
    FROM billing.instalment WHERE tenant_id = $1 AND settled_on IS NULL AND past_due_on <= $2) p,
    (SELECT count(*) FILTER (WHERE outcome = 'limit_exceeded') AS refused_orders,
        coalesce(sum((detail->>'requested_minor')::bigint), 0)::bigint AS refused_minor,
        coalesce(sum((detail->>'requested_minor')::bigint - (detail->>'available_minor')::bigint), 0)::bigint
            AS refused_shortfall_minor,
        count(*) FILTER (WHERE outcome = 'line_frozen') AS frozen_refusals
    FROM kernel.idempotency WHERE tenant_id = $1 AND family = $3
        AND outcome IN ('limit_exceeded', 'line_frozen')) x
"""
