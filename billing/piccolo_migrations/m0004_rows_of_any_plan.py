"""Rows of any plan: what is waived and disputed of them, and rows that are no more."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0004_rows_of_any_plan"
VERSION = "1.38.0"
DESCRIPTION = "Instalments: waived, disputed, gone"

FORWARDS = """
ALTER TABLE billing.instalment
    ADD COLUMN principal_waived_minor bigint NOT NULL DEFAULT 0 CHECK (principal_waived_minor >= 0),
    ADD COLUMN interest_waived_minor bigint NOT NULL DEFAULT 0 CHECK (interest_waived_minor >= 0),
    ADD COLUMN fee_waived_minor bigint NOT NULL DEFAULT 0 CHECK (fee_waived_minor >= 0),
    ADD COLUMN penalty_waived_minor bigint NOT NULL DEFAULT 0 CHECK (penalty_waived_minor >= 0),
    ADD COLUMN disputed boolean NOT NULL DEFAULT false;
GRANT DELETE, UPDATE (principal_waived_minor, interest_waived_minor, fee_waived_minor, penalty_waived_minor, disputed)
    ON billing.instalment TO tradeline_money;
"""

BACKWARDS = """
REVOKE DELETE ON billing.instalment FROM tradeline_money;
ALTER TABLE billing.instalment DROP COLUMN principal_waived_minor, DROP COLUMN interest_waived_minor,
    DROP COLUMN fee_waived_minor, DROP COLUMN penalty_waived_minor, DROP COLUMN disputed;
"""


async def forwards() -> MigrationManager:
    return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)
