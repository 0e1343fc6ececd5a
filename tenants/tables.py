"""Who, as the catalogue has it, from the platform down. Keys and checks: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Bytea, Integer, Text, Timestamptz
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
