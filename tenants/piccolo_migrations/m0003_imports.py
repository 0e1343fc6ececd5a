"""Imports: how far a file has come, and the rows that could not be taken."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0003_imports"
VERSION = "1.38.0"
DESCRIPTION = "Import runs and their refused rows"

FORWARDS = """
-- `position`: rows of the file that are accounted for, committed with what they came to.
CREATE TABLE tenants.import_run (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL
        CONSTRAINT import_run_kind CHECK (kind IN ('buyers', 'merchants', 'orders', 'returns', 'receipts')),
    format text NOT NULL CONSTRAINT import_run_format CHECK (format IN ('csv', 'ndjson', 'parquet')),
    mapping jsonb NOT NULL,
    mapping_digest uuid NOT NULL,
    columns text[] NOT NULL,
    file_name text NOT NULL,
    file_hash text NOT NULL CONSTRAINT import_run_file_hash CHECK (file_hash ~ '^[0-9a-f]{64}$'),
    file_bytes bigint NOT NULL CONSTRAINT import_run_file_bytes CHECK (file_bytes >= 0),
    status text NOT NULL CONSTRAINT import_run_status CHECK (status IN ('running', 'done', 'failed')),
    position bigint NOT NULL DEFAULT 0 CONSTRAINT import_run_position CHECK (position >= 0),
    counts jsonb NOT NULL,
    problem jsonb,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT import_run_ended CHECK ((ended_at IS NOT NULL) = (status IN ('done', 'failed'))),
    CONSTRAINT import_run_problem CHECK ((problem IS NOT NULL) = (status = 'failed'))
);
-- One file is under way once.
CREATE UNIQUE INDEX import_run_under_way ON tenants.import_run (tenant_id, file_hash, mapping_digest)
    WHERE ended_at IS NULL;
SELECT kernel.tenant_table('tenants.import_run', app => 'SELECT, INSERT, UPDATE');

CREATE TABLE tenants.import_refusal (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    row_no bigint NOT NULL CONSTRAINT import_refusal_row_no CHECK (row_no > 0),
    column_name text,
    code text NOT NULL,
    params jsonb NOT NULL,
    cells jsonb NOT NULL,
    PRIMARY KEY (tenant_id, import_id, row_no),
    CONSTRAINT import_refusal_import FOREIGN KEY (tenant_id, import_id)
        REFERENCES tenants.import_run (tenant_id, id)
);
SELECT kernel.tenant_table('tenants.import_refusal', app => 'SELECT, INSERT');
SELECT kernel.append_only('tenants.import_refusal');
"""

BACKWARDS = "DROP TABLE tenants.import_refusal, tenants.import_run"


async def forwards() -> MigrationManager:
    return sql_migration("tenants", ID, DESCRIPTION, FORWARDS, BACKWARDS)
