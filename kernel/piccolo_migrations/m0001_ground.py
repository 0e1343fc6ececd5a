"""The ground's tables. They carry tenant_id without a foreign key: they stand below the tenant's own package."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0001_ground"
VERSION = "1.38.0"
DESCRIPTION = "Tenants and their days, outbox, idempotency, audit, schedule, scope keys"

FORWARDS = """
CREATE TABLE kernel.scope_key (
    id text PRIMARY KEY CONSTRAINT scope_key_id_digit CHECK (id ~ '^[0-9]$'),
    key bytea NOT NULL CONSTRAINT scope_key_length CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON kernel.scope_key TO tradeline_lookup;

-- Every tenant may be seen (its name is no secret between jobs), only its own scope writes it.
CREATE TABLE kernel.tenant (
    id uuid PRIMARY KEY,
    platform_id uuid NOT NULL,
    mode text NOT NULL CONSTRAINT tenant_mode CHECK (mode IN ('live', 'test')),
    slug text NOT NULL CONSTRAINT tenant_slug_unique UNIQUE,
    name text NOT NULL,
    timezone text NOT NULL,
    cut_off time NOT NULL,
    locale text NOT NULL,
    config_version bigint NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'open' CONSTRAINT tenant_status CHECK (status IN ('open', 'closed')),
    created_at timestamptz NOT NULL,
    CONSTRAINT tenant_platform_mode UNIQUE (platform_id, mode)
);
CREATE TABLE kernel.tenant_day (
    tenant_id uuid PRIMARY KEY,
    business_on date NOT NULL,
    closed_through date CONSTRAINT tenant_day_closed_past CHECK (closed_through < business_on),
    clock_at timestamptz
) WITH (fillfactor = 50);
ALTER TABLE kernel.tenant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.tenant_day ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON kernel.tenant FOR SELECT USING (true);
CREATE POLICY opened ON kernel.tenant FOR INSERT WITH CHECK (id = (SELECT kernel.tenant_id()));
CREATE POLICY changed ON kernel.tenant FOR UPDATE USING (id = (SELECT kernel.tenant_id()));
CREATE POLICY seen ON kernel.tenant_day FOR SELECT USING (true);
CREATE POLICY opened ON kernel.tenant_day FOR INSERT WITH CHECK (tenant_id = (SELECT kernel.tenant_id()));
CREATE POLICY changed ON kernel.tenant_day FOR UPDATE USING (tenant_id = (SELECT kernel.tenant_id()));
-- billing.commit reads the day FOR SHARE, which PostgreSQL counts as an update; it never writes it.
CREATE POLICY money ON kernel.tenant_day FOR UPDATE TO tradeline_money USING (true) WITH CHECK (false);
GRANT SELECT, INSERT, UPDATE ON kernel.tenant, kernel.tenant_day TO tradeline_app;
GRANT SELECT ON kernel.tenant, kernel.tenant_day TO tradeline_lookup;
GRANT SELECT, UPDATE ON kernel.tenant_day TO tradeline_money;

-- A consumer reads behind a watermark of transactions, never behind an id or a time: those lose late commits.
CREATE TABLE kernel.outbox (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_xid ON kernel.outbox (xid, id);
SELECT kernel.tenant_table('kernel.outbox', app => 'SELECT, INSERT', lookup => 'SELECT', money => 'SELECT, INSERT');
CREATE TABLE kernel.outbox_cursor (
    consumer text PRIMARY KEY,
    after_xid xid8 NOT NULL DEFAULT '0',
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    lease_until timestamptz
);
GRANT SELECT, INSERT, UPDATE ON kernel.outbox_cursor TO tradeline_app, tradeline_lookup;

-- outcome and detail are code and parameters, never rendered text.
CREATE TABLE kernel.idempotency (
    tenant_id uuid NOT NULL,
    family uuid NOT NULL,
    key uuid NOT NULL,
    fingerprint uuid NOT NULL,
    outcome text NOT NULL,
    detail jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, family, key)
);
SELECT kernel.tenant_table('kernel.idempotency', app => 'SELECT, INSERT', money => 'SELECT, INSERT');

CREATE TABLE kernel.audit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id uuid NOT NULL,
    detail jsonb NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_xid ON kernel.audit (tenant_id, xid, id);
SELECT kernel.tenant_table('kernel.audit', app => 'SELECT, INSERT', money => 'SELECT, INSERT');
SELECT kernel.append_only('kernel.audit');
CREATE TABLE kernel.audit_seal (
    tenant_id uuid NOT NULL,
    no bigint NOT NULL,
    first_id uuid NOT NULL,
    last_id uuid NOT NULL,
    row_count bigint NOT NULL CONSTRAINT audit_seal_some CHECK (row_count > 0),
    below_xid xid8 NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, no)
);
SELECT kernel.tenant_table('kernel.audit_seal', app => 'SELECT, INSERT');
SELECT kernel.append_only('kernel.audit_seal');

CREATE TABLE kernel.schedule (
    tenant_id uuid NOT NULL,
    job text NOT NULL,
    slot_on date NOT NULL,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    done_at timestamptz,
    error text,
    PRIMARY KEY (tenant_id, job, slot_on)
) WITH (fillfactor = 70);
CREATE INDEX schedule_open ON kernel.schedule (job, slot_on) WHERE done_at IS NULL;
SELECT kernel.tenant_table('kernel.schedule',
    app => 'SELECT, INSERT, UPDATE', lookup => 'SELECT, INSERT, UPDATE, DELETE');
"""

BACKWARDS = """
DROP TABLE kernel.schedule, kernel.audit_seal, kernel.audit, kernel.idempotency, kernel.outbox_cursor, kernel.outbox,
    kernel.tenant_day, kernel.tenant, kernel.scope_key
"""


async def forwards() -> MigrationManager:
    return sql_migration("kernel", ID, DESCRIPTION, FORWARDS, BACKWARDS)
