from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0002_day_end"
VERSION = "1.38.0"
DESCRIPTION = "How far each tenant's day end and verification have come"

FORWARDS = """
CREATE TABLE billing.day_end (
    tenant_id uuid NOT NULL,
    business_on date NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    advanced bigint NOT NULL DEFAULT 0,
    credit_uses bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, business_on)
);
SELECT kernel.tenant_table(
    'billing.day_end', app => 'SELECT, INSERT, UPDATE (finished_at, advanced, credit_uses)');
CREATE TABLE billing.verified (
    tenant_id uuid NOT NULL,
    below_xid xid8 NOT NULL,
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
);
SELECT kernel.tenant_table('billing.verified', app => 'SELECT, INSERT, UPDATE (below_xid, verified_at)');
CREATE INDEX buyer_balance_credit ON billing.buyer_balance (tenant_id, buyer_id) WHERE credit_minor > 0;
"""

BACKWARDS = """
DROP INDEX billing.buyer_balance_credit;
DROP TABLE billing.verified, billing.day_end;
"""


async def forwards() -> MigrationManager:
    return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)
