"""Rolling the day and committing money wait for each other in turn, so steady commits cannot starve the roll."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0002_day_in_turn"
VERSION = "1.38.0"
DESCRIPTION = "The business date is held by a lock in turn instead of a row lock"

FORWARDS = """
CREATE TRIGGER take_day BEFORE UPDATE OF business_on, closed_through ON kernel.tenant_day
    FOR EACH ROW EXECUTE FUNCTION kernel.take_day();
DROP POLICY money ON kernel.tenant_day;
REVOKE UPDATE ON kernel.tenant_day FROM tradeline_money;
"""

BACKWARDS = """
GRANT UPDATE ON kernel.tenant_day TO tradeline_money;
CREATE POLICY money ON kernel.tenant_day FOR UPDATE TO tradeline_money USING (true) WITH CHECK (false);
DROP TRIGGER take_day ON kernel.tenant_day;
"""


async def forwards() -> MigrationManager:
    return sql_migration("kernel", ID, DESCRIPTION, FORWARDS, BACKWARDS)
