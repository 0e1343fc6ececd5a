"""The shape of a decided money command, as it travels to the SQL function `billing.commit` (sql/commit.sql).

A command says what it needs (room on lines, versions it was decided on) and carries the rows to write when
all that holds. Names are those of the tables (tables.py); `tenant_id`, `version` and `xid` of a row are for
the database alone to set. Amounts are minor units; a field called `held`, `outstanding` or `credit` is a
change, everything else is the value afterwards. Contract: docs/decisions/0001-money-core.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from billing.statement_rows import LineCycleRow, LineCycleSet, StatementLineRow, StatementRow

LineStatus = Literal["active", "frozen", "closed"]


class _Wire(msgspec.Struct, frozen=True, omit_defaults=True):
    """Encoded once, in the request; absent fields are NULL or 0 in the database."""


class LineMove(_Wire, frozen=True, kw_only=True):
    """Refused unless the line's room is at least `need`. `honour`: frozen and closed do not refuse it.

    `patient`: where there is no room it is `stale`, not refused: the caller may still make some.
    """

    id: UUID
    need: int = 0
    held: int = 0
    outstanding: int = 0
    honour: bool = False
    patient: bool = False


class LimitChange(_Wire, frozen=True, kw_only=True):
    """`version` is the line's as it was read; a drawdown does not change it, another limit change does."""

    id: UUID
    version: int
    limit: int
    status: LineStatus


class Expected(_Wire, frozen=True, kw_only=True):
    """A drawdown the decision was made on; another version by now means `stale`."""

    id: UUID
    version: int


class CreditMove(_Wire, frozen=True, kw_only=True):
    """Change of a buyer's credit balance, which may not fall below zero."""

    buyer: UUID
    currency: str
    credit: int


class RefusalNote(_Wire, frozen=True, kw_only=True):
    """A refusal already decided; kept under the idempotency key, so that a repeat hears the same."""

    code: str
    params: Mapping[str, str | int | bool | None] = {}


class LineRow(_Wire, frozen=True, kw_only=True):
    id: UUID
    buyer_id: UUID
    product_id: UUID
    kind: Literal["revolving"]
    currency: str
    limit_minor: int
    status: LineStatus
    created_at: datetime


class Projection(_Wire, frozen=True, kw_only=True):
    """What of the engine's state SQL may see; from `project(state)` and nowhere else."""

    id: UUID
    status: str
    authorised_minor: int
    captured_minor: int
    voided_minor: int
    refunded_minor: int
    principal_due_minor: int
    interest_due_minor: int
    fee_due_minor: int
    penalty_due_minor: int
    oldest_unpaid_due_on: date | None = None
    expires_on: date | None = None
    next_event_on: date | None = None
    engine_version: int
    state: msgspec.Raw


class DrawdownSet(Projection, frozen=True, kw_only=True):
    """Replaces the projection of a drawdown named in `Command.drawdowns`; its version goes up by one."""


class DrawdownRow(Projection, frozen=True, kw_only=True):
    """A new drawdown, version 1. `authorised_on` is the business date the authorisation counts for."""

    programme_id: UUID
    product_id: UUID
    buyer_id: UUID
    merchant_id: UUID
    terms_id: UUID
    currency: str
    order_ref: str | None = None
    external_ref: str | None = None
    authorised_on: date
    created_at: datetime


class DrawdownUseRow(_Wire, frozen=True, kw_only=True):
    """How much of a line a drawdown uses now; written over where it stands already."""

    drawdown_id: UUID
    line_id: UUID
    held_minor: int
    outstanding_minor: int


class DrawdownEventRow(_Wire, frozen=True, kw_only=True):
    """One input of the engine; `data` is the encoded event, `seq` counts from 1 in a drawdown."""

    drawdown_id: UUID
    seq: int
    kind: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    actor_kind: str
    actor_id: UUID
    data: msgspec.Raw


class InstalmentRow(_Wire, frozen=True, kw_only=True):
    """Projection of one instalment; written over where it stands already."""

    drawdown_id: UUID
    no: int
    capture_no: int
    start_on: date
    nominal_on: date
    due_on: date
    past_due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    principal_paid_minor: int
    interest_paid_minor: int
    fee_paid_minor: int
    penalty_paid_minor: int
    principal_waived_minor: int = 0
    interest_waived_minor: int = 0
    fee_waived_minor: int = 0
    penalty_waived_minor: int = 0
    disputed: bool = False
    settled_on: date | None = None


class InstalmentGone(_Wire, frozen=True, kw_only=True):
    """A row that is no more: what made it was taken back, or counts from another day."""

    drawdown_id: UUID
    no: int


class ChargeRow(_Wire, frozen=True, kw_only=True):
    """A change of what is charged (negative: given back) with the numbers it follows from."""

    id: UUID
    drawdown_id: UUID
    instalment_no: int
    journal_id: UUID
    kind: Literal["interest", "penalty", "fee"]
    amount_minor: int
    effective_on: date
    booked_on: date
    derivation: msgspec.Raw


class ReceiptRow(_Wire, frozen=True, kw_only=True):
    """Money that came. `buyer_id` is null while the payer is unknown (suspense)."""

    id: UUID
    buyer_id: UUID | None = None
    drawdown_id: UUID | None = None
    external_ref: str | None = None
    channel: str
    currency: str
    amount_minor: int
    excess_minor: int = 0
    advance: bool = False
    status: Literal["suspense", "posted"]
    effective_on: date
    booked_on: date
    created_at: datetime


class ReceiptSet(_Wire, frozen=True, kw_only=True):
    """Moves a receipt from status `was`; were it no longer there, the command is stale."""

    id: UUID
    was: Literal["suspense", "posted"]
    status: Literal["posted", "reversed"]
    buyer_id: UUID | None = None
    excess_minor: int = 0
    reversal_reason: Literal["bounced", "our_mistake"] | None = None
    reversed_on: date | None = None


class AllocationRow(_Wire, frozen=True, kw_only=True):
    """A change of what a receipt has paid of one instalment's component; negative: taken back."""

    id: UUID
    receipt_id: UUID | None = None
    drawdown_id: UUID
    instalment_no: int
    component: Literal["penalty", "fee", "interest", "principal"]
    journal_id: UUID
    amount_minor: int
    effective_on: date
    booked_on: date


class RefundRow(_Wire, frozen=True, kw_only=True):
    id: UUID
    drawdown_id: UUID
    capture_no: int
    external_ref: str | None = None
    amount_minor: int
    method: Literal["from_capture", "from_refund"]
    effective_on: date
    booked_on: date
    created_at: datetime


class LimitDecisionRow(_Wire, frozen=True, kw_only=True):
    id: UUID
    line_id: UUID
    kind: Literal["grant", "raise", "cut", "freeze", "unfreeze", "close"]
    limit_before_minor: int
    limit_after_minor: int
    status_before: LineStatus | None = None
    status_after: LineStatus
    reason: str
    actor_kind: str
    actor_id: UUID
    effective_on: date
    booked_on: date
    created_at: datetime


class JournalRow(_Wire, frozen=True, kw_only=True):
    """`reference` is unique in the tenant: posting the same thing twice is refused by the database."""

    id: UUID
    reference: str
    kind: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    actor_kind: str
    actor_id: UUID


class EntryRow(_Wire, frozen=True, kw_only=True):
    """One posting inside one book; `no` counts from 1 in its journal."""

    journal_id: UUID
    no: int
    book: UUID
    debit_account: str
    debit_party: UUID | None = None
    credit_account: str
    credit_party: UUID | None = None
    amount_minor: int
    currency: str
    drawdown_id: UUID | None = None


class OutboxRow(_Wire, frozen=True, kw_only=True):
    id: UUID
    topic: str
    payload: Mapping[str, Any]


class AuditRow(_Wire, frozen=True, kw_only=True):
    id: UUID
    actor_kind: str
    actor_id: UUID
    action: str
    object_kind: str
    object_id: UUID
    detail: Mapping[str, Any] = {}
    request_id: str


class Rows(_Wire, frozen=True, kw_only=True):
    """What an `ok` command writes, table by table."""

    line: tuple[LineRow, ...] = ()
    drawdown: tuple[DrawdownRow, ...] = ()
    drawdown_set: tuple[DrawdownSet, ...] = ()
    drawdown_use: tuple[DrawdownUseRow, ...] = ()
    drawdown_event: tuple[DrawdownEventRow, ...] = ()
    instalment: tuple[InstalmentRow, ...] = ()
    instalment_gone: tuple[InstalmentGone, ...] = ()
    charge: tuple[ChargeRow, ...] = ()
    receipt: tuple[ReceiptRow, ...] = ()
    receipt_set: tuple[ReceiptSet, ...] = ()
    allocation: tuple[AllocationRow, ...] = ()
    refund: tuple[RefundRow, ...] = ()
    limit_decision: tuple[LimitDecisionRow, ...] = ()
    journal: tuple[JournalRow, ...] = ()
    entry: tuple[EntryRow, ...] = ()
    line_cycle: tuple[LineCycleRow, ...] = ()
    line_cycle_set: tuple[LineCycleSet, ...] = ()
    statement: tuple[StatementRow, ...] = ()
    statement_line: tuple[StatementLineRow, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    audit: tuple[AuditRow, ...] = ()


class Command(_Wire, frozen=True, kw_only=True):
    """One decided money command. `result` is kept under the key and given back to every repeat of it."""

    tenant: UUID
    booked_on: date
    effective_on: date
    family: UUID | None = None
    key: UUID | None = None
    fingerprint: UUID | None = None
    lines: tuple[LineMove, ...] = ()
    limits: tuple[LimitChange, ...] = ()
    drawdowns: tuple[Expected, ...] = ()
    balances: tuple[CreditMove, ...] = ()
    refusal: RefusalNote | None = None
    result: Mapping[str, Any] | msgspec.Struct = {}
    rows: Rows = Rows()
