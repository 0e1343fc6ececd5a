from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0001_products"
VERSION = "1.38.0"
DESCRIPTION = "Books, programmes, credit products and their versions"

FORWARDS = """
CREATE TABLE products.book (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    legal_entity text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT kernel.tenant_table('products.book', app => 'SELECT, INSERT');

CREATE TABLE products.programme (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    lender_of_record text NOT NULL,
    licence text NOT NULL,
    legal_form text NOT NULL CHECK (legal_form IN ('loan')),
    currency text NOT NULL CHECK (length(currency) = 3),
    lender_book uuid NOT NULL,
    tenant_book uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT programme_lender_book FOREIGN KEY (tenant_id, lender_book) REFERENCES products.book (tenant_id, id),
    CONSTRAINT programme_tenant_book FOREIGN KEY (tenant_id, tenant_book) REFERENCES products.book (tenant_id, id)
);
SELECT kernel.tenant_table('products.programme', app => 'SELECT, INSERT, UPDATE (status)');

CREATE TABLE products.product (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    code text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT product_code UNIQUE (tenant_id, code),
    CONSTRAINT product_programme FOREIGN KEY (tenant_id, programme_id) REFERENCES products.programme (tenant_id, id)
);
SELECT kernel.tenant_table('products.product', app => 'SELECT, INSERT, UPDATE (name_zh, name_en)');

CREATE TABLE products.product_version (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    document jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published')),
    published_at timestamptz,
    published_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, product_id, version),
    CONSTRAINT product_version_published CHECK (
        (status = 'published') = (published_at IS NOT NULL) AND (status = 'published') = (published_by IS NOT NULL)
    ),
    CONSTRAINT product_version_product FOREIGN KEY (tenant_id, product_id) REFERENCES products.product (tenant_id, id)
);
CREATE UNIQUE INDEX product_version_one_draft ON products.product_version (tenant_id, product_id) WHERE status = 'draft';
SELECT kernel.tenant_table(
    'products.product_version',
    app => 'SELECT, INSERT, UPDATE (document, status, published_at, published_by)'
);
CREATE TRIGGER published_is_frozen BEFORE UPDATE OR DELETE ON products.product_version
    FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION kernel.refuse_change();
CREATE TRIGGER published_is_kept BEFORE TRUNCATE ON products.product_version
    FOR EACH STATEMENT EXECUTE FUNCTION kernel.refuse_change();
"""

BACKWARDS = """
DROP TABLE products.product_version;
DROP TABLE products.product;
DROP TABLE products.programme;
DROP TABLE products.book;
"""


async def forwards() -> MigrationManager:
    return sql_migration("products", ID, DESCRIPTION, FORWARDS, BACKWARDS)
