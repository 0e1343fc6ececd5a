"""Who, as the catalogue has it, from the platform down. Keys and checks: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Bytea,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Platform(Table, tablename="platform", schema="tenants"):
    """A trade platform; above its live and its test tenant, so without a tenant_id."""

    id = UUID(primary_key=True, default=None)
    slug = Text(default=None)
    name = Text(default=None)
    created_at = Timestamptz(default=None)


class Member(Table, tablename="member", schema="tenants"):
    """A person of the platform; `roles` are names in rules/roles.py."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    email = Text(default=None)
    name = Text(default=None)
    roles = Array(Text(), default=None)
    version = Integer(default=1)
    created_at = Timestamptz(default=None)


class ApiKey(Table, tablename="api_key", schema="tenants"):
    """A key of the tenant, or of a member. Only its hash is kept; times are real."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    family = UUID(default=None)
    hash = Bytea(default=None)
    hint = Text(default=None)
    name = Text(default=None)
    member_id = UUID(default=None, null=True)
    scopes = Array(Text(), default=None)
    expires_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)
    created_at = Timestamptz(default=None)


class Buyer(Table, tablename="buyer", schema="tenants"):
    """The business that owes."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    external_ref = Text(default=None, null=True)
    party_type = Text(default=None)
    name = Text(default=None)
    metadata = JSONB(default=None)
    version = Integer(default=1)
    created_at = Timestamptz(default=None)


class BuyerUser(Table, tablename="buyer_user", schema="tenants"):
    """A person who acts for a buyer."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    buyer_id = UUID(default=None)
    name = Text(default=None)
    role = Text(default=None)
    mobile = Text(default=None, null=True)
    created_at = Timestamptz(default=None)


class Merchant(Table, tablename="merchant", schema="tenants"):
    """The seller on the platform, paid by settlement."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    external_ref = Text(default=None, null=True)
    name = Text(default=None)
    metadata = JSONB(default=None)
    version = Integer(default=1)
    created_at = Timestamptz(default=None)


class TradeOrder(Table, tablename="trade_order", schema="tenants"):
    """An order on the platform, financed or not; `amount_minor` is the sum of its lines. Never edited."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    external_ref = Text(default=None)
    buyer_id = UUID(default=None)
    merchant_id = UUID(default=None, null=True)
    ordered_at = Timestamptz(default=None)
    ordered_on = Date(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    content = UUID(default=None)
    recorded_at = Timestamptz(default=None)


class TradeOrderLine(Table, tablename="trade_order_line", schema="tenants"):
    """A line of it, `no` from 1."""

    tenant_id = UUID(default=None)
    order_id = UUID(primary_key=True, default=None)
    no = Integer(default=None)
    sku = Text(default=None)
    category = Text(default=None, null=True)
    quantity = Numeric(digits=(18, 6), default=None)
    amount_minor = BigInt(default=None)


class TradeReturn(Table, tablename="trade_return", schema="tenants"):
    """Goods that came back; of which order is often not known. Never edited."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    external_ref = Text(default=None)
    buyer_id = UUID(default=None)
    order_id = UUID(default=None, null=True)
    returned_at = Timestamptz(default=None)
    returned_on = Date(default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    content = UUID(default=None)
    recorded_at = Timestamptz(default=None)


class TradeReturnLine(Table, tablename="trade_return_line", schema="tenants"):
    """A line of it, `no` from 1; quantity and amount are those returned, so above 0."""

    tenant_id = UUID(default=None)
    return_id = UUID(primary_key=True, default=None)
    no = Integer(default=None)
    sku = Text(default=None)
    category = Text(default=None, null=True)
    quantity = Numeric(digits=(18, 6), default=None)
    amount_minor = BigInt(default=None)


class ImportRun(Table, tablename="import_run", schema="tenants"):
    """A file under way, or done: `position` rows of it are accounted for in `counts`."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    kind = Text(default=None)
    format = Text(default=None)
    mapping = JSONB(default=None)
    mapping_digest = UUID(default=None)
    columns = Array(Text(), default=None)
    file_name = Text(default=None)
    file_hash = Text(default=None)
    file_bytes = BigInt(default=None)
    status = Text(default=None)
    position = BigInt(default=0)
    counts = JSONB(default=None)
    problem = JSONB(default=None, null=True)
    created_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)


class ImportRefusal(Table, tablename="import_refusal", schema="tenants"):
    """A row that could not be taken: where, why, and as it came."""

    tenant_id = UUID(default=None)
    import_id = UUID(primary_key=True, default=None)
    row_no = BigInt(default=None)
    column_name = Text(default=None, null=True)
    code = Text(default=None)
    params = JSONB(default=None)
    cells = JSONB(default=None)
