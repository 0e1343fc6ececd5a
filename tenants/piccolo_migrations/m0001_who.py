"""Who: the platform, its people and their keys, its buyers and merchants."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0001_who"
VERSION = "1.38.0"
DESCRIPTION = "Platform, member, API key, buyer, buyer user, merchant"

FORWARDS = """
-- No tenant's: it stands above its live and its test tenant.
CREATE TABLE tenants.platform (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT platform_slug_unique UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON tenants.platform TO tradeline_app;

CREATE TABLE tenants.member (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT member_email_unique UNIQUE (tenant_id, email)
);
SELECT kernel.tenant_table('tenants.member', app => 'SELECT, INSERT, UPDATE', lookup => 'SELECT');

-- The key itself is shown once and never stored; its hash is looked up before the tenant is known (kernel.find_key).
CREATE TABLE tenants.api_key (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    family uuid NOT NULL,
    hash bytea NOT NULL CONSTRAINT api_key_hash_unique UNIQUE
        CONSTRAINT api_key_hash_length CHECK (octet_length(hash) = 32),
    hint text NOT NULL,
    name text NOT NULL,
    member_id uuid,
    scopes text[] NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_key_member FOREIGN KEY (tenant_id, member_id) REFERENCES tenants.member (tenant_id, id)
);
CREATE INDEX api_key_by_member ON tenants.api_key (tenant_id, member_id);
SELECT kernel.tenant_table('tenants.api_key', app => 'SELECT, INSERT, UPDATE', lookup => 'SELECT');

CREATE TABLE tenants.buyer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    external_ref text,
    party_type text NOT NULL
        CONSTRAINT buyer_party_type CHECK (party_type IN ('company', 'sole_trader', 'individual')),
    name text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT buyer_external_ref_unique UNIQUE (tenant_id, external_ref)
);
SELECT kernel.tenant_table('tenants.buyer', app => 'SELECT, INSERT, UPDATE');

CREATE TABLE tenants.buyer_user (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL CONSTRAINT buyer_user_role CHECK (role IN ('owner')),
    mobile text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT buyer_user_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id)
);
CREATE INDEX buyer_user_by_buyer ON tenants.buyer_user (tenant_id, buyer_id);
SELECT kernel.tenant_table('tenants.buyer_user', app => 'SELECT, INSERT, UPDATE');

CREATE TABLE tenants.merchant (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    external_ref text,
    name text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT merchant_external_ref_unique UNIQUE (tenant_id, external_ref)
);
SELECT kernel.tenant_table('tenants.merchant', app => 'SELECT, INSERT, UPDATE');
"""

BACKWARDS = """
DROP TABLE tenants.merchant, tenants.buyer_user, tenants.buyer, tenants.api_key, tenants.member, tenants.platform
"""


async def forwards() -> MigrationManager:
    return sql_migration("tenants", ID, DESCRIPTION, FORWARDS, BACKWARDS)
