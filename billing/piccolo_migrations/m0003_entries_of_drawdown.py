"""Verification reads the entries of a thousand drawdowns at a time: without an index, the whole ledger each time."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0003_entries_of_drawdown"
VERSION = "1.38.0"
DESCRIPTION = "Entries are found by their drawdown"

FORWARDS = (
    "CREATE INDEX entry_of_drawdown ON billing.entry (tenant_id, drawdown_id) WHERE drawdown_id IS NOT NULL"
)

BACKWARDS = "DROP INDEX billing.entry_of_drawdown"


async def forwards() -> MigrationManager:
    return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)
