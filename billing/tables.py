"""What is owed, as the catalogue has it, from the line down. Keys, checks and grants: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.table import Table

from kernel.db.columns import Xid8


class Line(Table, tablename="line", schema="billing"):
    """A credit line: room is limit − held − outstanding. `version` counts changes of limit and status."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    buyer_id = UUID(default=None)
    product_id = UUID(default=None)
    kind = Text(default=None)
    currency = Text(default=None)
    limit_minor = BigInt(default=None)
    held_minor = BigInt(default=None)
    outstanding_minor = BigInt(default=None)
    status = Text(default=None)
    over_limit = Boolean(default=None)
    version = Integer(default=None)
    created_at = Timestamptz(default=None)


class LimitDecision(Table, tablename="limit_decision", schema="billing"):
    """Why a line has its limit; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    line_id = UUID(default=None)
    kind = Text(default=None)
    limit_before_minor = BigInt(default=None)
    limit_after_minor = BigInt(default=None)
    status_before = Text(default=None, null=True)
    status_after = Text(default=None)
    reason = Text(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    created_at = Timestamptz(default=None)
    xid = Xid8(default=None)


class BuyerBalance(Table, tablename="buyer_balance", schema="billing"):
    """What a buyer has paid too much and may still use."""

    tenant_id = UUID(default=None)
    buyer_id = UUID(primary_key=True, default=None)
    currency = Text(default=None)
    credit_minor = BigInt(default=None)
    version = Integer(default=None)


class Terms(Table, tablename="terms", schema="billing"):
    """Frozen terms by the hash of their canonical JSON."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    document = Text(default=None)


class Drawdown(Table, tablename="drawdown", schema="billing"):
    """An IOU. `state` is the engine's; the other amounts and dates that move are its projection."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    programme_id = UUID(default=None)
    product_id = UUID(default=None)
    buyer_id = UUID(default=None)
    merchant_id = UUID(default=None)
    terms_id = UUID(default=None)
    currency = Text(default=None)
    order_ref = Text(default=None, null=True)
    external_ref = Text(default=None, null=True)
    authorised_on = Date(default=None)
    created_at = Timestamptz(default=None)
    status = Text(default=None)
    authorised_minor = BigInt(default=None)
    captured_minor = BigInt(default=None)
    voided_minor = BigInt(default=None)
    refunded_minor = BigInt(default=None)
    principal_due_minor = BigInt(default=None)
    interest_due_minor = BigInt(default=None)
    fee_due_minor = BigInt(default=None)
    penalty_due_minor = BigInt(default=None)
    oldest_unpaid_due_on = Date(default=None, null=True)
    expires_on = Date(default=None, null=True)
    next_event_on = Date(default=None, null=True)
    engine_version = Integer(default=None)
    version = Integer(default=None)
    state = JSONB(default=None)


class DrawdownUse(Table, tablename="drawdown_use", schema="billing"):
    """How much of which line a drawdown uses."""

    tenant_id = UUID(default=None)
    drawdown_id = UUID(primary_key=True, default=None)
    line_id = UUID(default=None)
    held_minor = BigInt(default=None)
    outstanding_minor = BigInt(default=None)


class DrawdownEvent(Table, tablename="drawdown_event", schema="billing"):
    """The truth about a drawdown: what the engine was told, in order; never changed."""

    tenant_id = UUID(default=None)
    drawdown_id = UUID(primary_key=True, default=None)
    seq = Integer(default=None)
    kind = Text(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    recorded_at = Timestamptz(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    data = JSONB(default=None)
    xid = Xid8(default=None)


class Instalment(Table, tablename="instalment", schema="billing"):
    """Projection of one instalment."""

    tenant_id = UUID(default=None)
    drawdown_id = UUID(primary_key=True, default=None)
    no = Integer(default=None)
    capture_no = Integer(default=None)
    start_on = Date(default=None)
    nominal_on = Date(default=None)
    due_on = Date(default=None)
    past_due_on = Date(default=None)
    principal_minor = BigInt(default=None)
    interest_minor = BigInt(default=None)
    fee_minor = BigInt(default=None)
    penalty_minor = BigInt(default=None)
    principal_paid_minor = BigInt(default=None)
    interest_paid_minor = BigInt(default=None)
    fee_paid_minor = BigInt(default=None)
    penalty_paid_minor = BigInt(default=None)
    principal_waived_minor = BigInt(default=None)
    interest_waived_minor = BigInt(default=None)
    fee_waived_minor = BigInt(default=None)
    penalty_waived_minor = BigInt(default=None)
    disputed = Boolean(default=None)
    settled_on = Date(default=None, null=True)


class Refund(Table, tablename="refund", schema="billing"):
    """Goods that came back; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    drawdown_id = UUID(default=None)
    capture_no = Integer(default=None)
    external_ref = Text(default=None, null=True)
    amount_minor = BigInt(default=None)
    method = Text(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    created_at = Timestamptz(default=None)


class Charge(Table, tablename="charge", schema="billing"):
    """A change of what is charged, and what it follows from; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    drawdown_id = UUID(default=None)
    instalment_no = Integer(default=None)
    journal_id = UUID(default=None)
    kind = Text(default=None)
    amount_minor = BigInt(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    derivation = JSONB(default=None)


class Receipt(Table, tablename="receipt", schema="billing"):
    """Money that came; its amount and days are never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    buyer_id = UUID(default=None, null=True)
    drawdown_id = UUID(default=None, null=True)
    external_ref = Text(default=None, null=True)
    channel = Text(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    excess_minor = BigInt(default=None)
    advance = Boolean(default=None)
    status = Text(default=None)
    reversal_reason = Text(default=None, null=True)
    reversed_on = Date(default=None, null=True)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    created_at = Timestamptz(default=None)


class Allocation(Table, tablename="allocation", schema="billing"):
    """A change of what a receipt has paid of one component; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    receipt_id = UUID(default=None, null=True)
    drawdown_id = UUID(default=None)
    instalment_no = Integer(default=None)
    component = Text(default=None)
    journal_id = UUID(default=None)
    amount_minor = BigInt(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)


class Journal(Table, tablename="journal", schema="billing"):
    """One business event in the ledger; `reference` makes repeating it harmless. Never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    reference = Text(default=None)
    kind = Text(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    recorded_at = Timestamptz(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    xid = Xid8(default=None)


class Entry(Table, tablename="entry", schema="billing"):
    """A posting: two accounts (code and party) in one book, one positive amount. Never changed."""

    tenant_id = UUID(default=None)
    journal_id = UUID(primary_key=True, default=None)
    no = Integer(default=None)
    book = UUID(default=None)
    debit_account = Text(default=None)
    debit_party = UUID(default=None, null=True)
    credit_account = Text(default=None)
    credit_party = UUID(default=None, null=True)
    amount_minor = BigInt(default=None)
    currency = Text(default=None)
    drawdown_id = UUID(default=None, null=True)
    xid = Xid8(default=None)


class DayEnd(Table, tablename="day_end", schema="billing"):
    """How far day end has come."""

    tenant_id = UUID(default=None)
    business_on = Date(primary_key=True, default=None)
    started_at = Timestamptz(default=None)
    finished_at = Timestamptz(default=None, null=True)
    advanced = BigInt(default=None)
    credit_uses = BigInt(default=None)
    statements = BigInt(default=None)


class Verified(Table, tablename="verified", schema="billing"):
    """How far verification has come."""

    tenant_id = UUID(primary_key=True, default=None)
    below_xid = Xid8(default=None)
    verified_at = Timestamptz(default=None)


class LineCycle(Table, tablename="line_cycle", schema="billing"):
    """When a line's next statement is cut; null where its product has no bill day."""

    tenant_id = UUID(default=None)
    line_id = UUID(primary_key=True, default=None)
    product_id = UUID(default=None)
    next_cut_on = Date(default=None, null=True)
    since = UUID(default=None, null=True)


class StatementNumber(Table, tablename="statement_number", schema="billing"):
    """The last number that was taken, by book, kind and year."""

    tenant_id = UUID(default=None)
    book = UUID(primary_key=True, default=None)
    kind = Text(default=None)
    year = Integer(default=None)
    last_no = Integer(default=None)


class Statement(Table, tablename="statement", schema="billing"):
    """What a line's debt did in a cycle; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    line_id = UUID(default=None)
    buyer_id = UUID(default=None)
    product_id = UUID(default=None)
    book = UUID(default=None)
    year = Integer(default=None)
    no = Integer(default=None)
    number = Text(default=None)
    currency = Text(default=None)
    from_on = Date(default=None, null=True)
    cut_on = Date(default=None)
    next_cut_on = Date(default=None)
    opening_minor = BigInt(default=None)
    captured_minor = BigInt(default=None)
    converted_minor = BigInt(default=None)
    interest_minor = BigInt(default=None)
    fee_minor = BigInt(default=None)
    penalty_minor = BigInt(default=None)
    paid_minor = BigInt(default=None)
    refunded_minor = BigInt(default=None)
    waived_minor = BigInt(default=None)
    corrections_minor = BigInt(default=None)
    closing_minor = BigInt(default=None)
    overdue_minor = BigInt(default=None)
    due_minor = BigInt(default=None)
    not_yet_due_minor = BigInt(default=None)
    disputed_minor = BigInt(default=None)
    credit_minor = BigInt(default=None)
    due_dates = JSONB(default=None)
    booked_on = Date(default=None)
    created_at = Timestamptz(default=None)
    xid = Xid8(default=None)


class StatementLine(Table, tablename="statement_line", schema="billing"):
    """What of a statement one journal did to one drawdown; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    statement_id = UUID(default=None)
    no = Integer(default=None)
    kind = Text(default=None)
    effective_on = Date(default=None)
    booked_on = Date(default=None)
    drawdown_id = UUID(default=None)
    journal_id = UUID(default=None)
    charge_id = UUID(default=None, null=True)
    instalment_no = Integer(default=None, null=True)
    order_ref = Text(default=None, null=True)
    amount_minor = BigInt(default=None)
    late_for = UUID(default=None, null=True)
    late_number = Text(default=None, null=True)
