"""The rows of billing cycles and statements in a money command (command.py has all others)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec


class _Wire(msgspec.Struct, frozen=True, omit_defaults=True):
    """Encoded once, in the request; absent fields are NULL or 0 in the database."""


class LineCycleRow(_Wire, frozen=True, kw_only=True):
    """A line's billing cycle begins: `next_cut_on` is its first bill day, null where there is none."""

    line_id: UUID
    product_id: UUID
    next_cut_on: date | None = None


class LineCycleSet(_Wire, frozen=True, kw_only=True):
    """Moves a cycle on from the cut of `was_on`; were it another by now, the command is stale.

    `since`: no journal with a lower id is missing on the line's statements so far.
    """

    line_id: UUID
    was_on: date | None = None
    next_cut_on: date | None = None
    since: UUID | None = None


class StatementRow(_Wire, frozen=True, kw_only=True):
    """Its number is taken, and its event told, where it is written (sql/write_statements.sql)."""

    id: UUID
    line_id: UUID
    buyer_id: UUID
    product_id: UUID
    book: UUID
    currency: str
    from_on: date | None = None
    cut_on: date
    next_cut_on: date
    opening_minor: int
    captured_minor: int
    converted_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    paid_minor: int
    refunded_minor: int
    waived_minor: int
    corrections_minor: int
    closing_minor: int
    overdue_minor: int
    due_minor: int
    not_yet_due_minor: int
    disputed_minor: int
    credit_minor: int
    due_dates: msgspec.Raw
    booked_on: date
    created_at: datetime


class StatementLineRow(_Wire, frozen=True, kw_only=True):
    """`amount_minor` is what it adds to the debt. `late_for`, `late_number`: the statement that it came too
    late for.
    """

    id: UUID
    statement_id: UUID
    no: int
    kind: str
    effective_on: date
    booked_on: date
    drawdown_id: UUID
    journal_id: UUID
    charge_id: UUID | None = None
    instalment_no: int | None = None
    order_ref: str | None = None
    amount_minor: int
    late_for: UUID | None = None
    late_number: str | None = None
