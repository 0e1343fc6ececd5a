"""Who drafted a version and how often, so that a second member publishes just what was looked at."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0002_drafts"
VERSION = "1.38.0"
DESCRIPTION = "Drafter and revision of a product version; one book a legal entity"

FORWARDS = """
ALTER TABLE products.book ADD CONSTRAINT book_legal_entity UNIQUE (tenant_id, legal_entity);

ALTER TABLE products.product_version
    ADD COLUMN revision integer NOT NULL DEFAULT 1 CONSTRAINT product_version_revision CHECK (revision > 0),
    ADD COLUMN drafted_by_kind text NOT NULL,
    ADD COLUMN drafted_by uuid NOT NULL,
    ADD COLUMN published_by_kind text,
    ADD CONSTRAINT product_version_publisher CHECK ((published_by_kind IS NULL) = (published_by IS NULL));
GRANT UPDATE (revision, drafted_by_kind, drafted_by, published_by_kind) ON products.product_version TO tradeline_app;
"""

BACKWARDS = """
ALTER TABLE products.product_version DROP COLUMN revision, DROP COLUMN drafted_by_kind, DROP COLUMN drafted_by,
    DROP COLUMN published_by_kind;
ALTER TABLE products.book DROP CONSTRAINT book_legal_entity;
"""


async def forwards() -> MigrationManager:
    return sql_migration("products", ID, DESCRIPTION, FORWARDS, BACKWARDS)
