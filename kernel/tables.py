"""The ground's tables as the catalogue has them. Key, checks and policies: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Date, Integer, Text, Time, Timestamptz
from piccolo.table import Table

from kernel.db.columns import Xid8


class Tenant(Table, tablename="tenant", schema="kernel"):
    """A workspace of a platform, live or test. `config_version` rises with every change that others cache."""

    id = UUID(primary_key=True, default=None)
    platform_id = UUID(default=None)
    mode = Text(default=None)
    slug = Text(default=None)
    name = Text(default=None)
    timezone = Text(default=None)
    cut_off = Time(default=None)
    locale = Text(default=None)
    config_version = BigInt(default=1)
    status = Text(default="open")
    created_at = Timestamptz(default=None)


class TenantDay(Table, tablename="tenant_day", schema="kernel"):
    """The business date; apart from `tenant`, for every money commit locks it."""

    tenant_id = UUID(primary_key=True, default=None)
    business_on = Date(default=None)
    closed_through = Date(default=None, null=True)
    clock_at = Timestamptz(default=None, null=True)


class Outbox(Table, tablename="outbox", schema="kernel"):
    """What happened, for consumers behind the watermark of transactions."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    topic = Text(default=None)
    payload = JSONB(default=None)
    xid = Xid8()
    created_at = Timestamptz(default=None)


class OutboxCursor(Table, tablename="outbox_cursor", schema="kernel"):
    """How far a consumer has read; of no tenant."""

    consumer = Text(primary_key=True, default=None)
    after_xid = Xid8()
    after_id = UUID(default=None)
    lease_until = Timestamptz(default=None, null=True)


class Idempotency(Table, tablename="idempotency", schema="kernel"):
    """What a request with this key came to: code and parameters, not text."""

    tenant_id = UUID(default=None)
    family = UUID(default=None)
    key = UUID(primary_key=True, default=None)
    fingerprint = UUID(default=None)
    outcome = Text(default=None)
    detail = JSONB(default=None)
    created_at = Timestamptz(default=None)


class Audit(Table, tablename="audit", schema="kernel"):
    """Who did what to which object. Append-only."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    action = Text(default=None)
    object_kind = Text(default=None)
    object_id = UUID(default=None)
    detail = JSONB(default=None)
    request_id = Text(default=None)
    recorded_at = Timestamptz(default=None)
    xid = Xid8()


class AuditSeal(Table, tablename="audit_seal", schema="kernel"):
    """A link of the chain over a tenant's audit rows of transactions below `below_xid`. Append-only."""

    tenant_id = UUID(default=None)
    no = BigInt(primary_key=True, default=None)
    first_id = UUID(default=None)
    last_id = UUID(default=None)
    row_count = BigInt(default=None)
    below_xid = Xid8()
    prev_hash = Bytea(default=None)
    hash = Bytea(default=None)
    sealed_at = Timestamptz(default=None)


class Schedule(Table, tablename="schedule", schema="kernel"):
    """A job's slot of a tenant's day: due, leased, done."""

    tenant_id = UUID(default=None)
    job = Text(primary_key=True, default=None)
    slot_on = Date(default=None)
    lease_until = Timestamptz(default=None, null=True)
    attempts = Integer(default=0)
    done_at = Timestamptz(default=None, null=True)
    error = Text(default=None, null=True)


class ScopeKey(Table, tablename="scope_key", schema="kernel"):
    """Keys that sign scopes, the present and the last one; the application cannot read them."""

    id = Text(primary_key=True, default=None)
    key = Bytea(default=None)
    created_at = Timestamptz(default=None)


class SqlFunction(Table, tablename="sql_function", schema="kernel"):
    """Checksums of the applied files under sql/."""

    file = Text(primary_key=True, default=None)
    checksum = Text(default=None)
    applied_at = Timestamptz(default=None)
