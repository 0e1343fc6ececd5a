"""What happened on the platform, financed or not: orders and returns with their lines."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0002_trade"
VERSION = "1.38.0"
DESCRIPTION = "Orders and returns of the platform, line by line"

FORWARDS = """
-- `content` is a digest of all that was sent: the same reference with the same content is a repetition.
CREATE TABLE tenants.trade_order (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    external_ref text NOT NULL,
    buyer_id uuid NOT NULL,
    merchant_id uuid,
    ordered_at timestamptz NOT NULL,
    ordered_on date NOT NULL,
    currency text NOT NULL CONSTRAINT trade_order_currency CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT trade_order_amount CHECK (amount_minor > 0),
    content uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT trade_order_external_ref_unique UNIQUE (tenant_id, external_ref),
    CONSTRAINT trade_order_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id),
    CONSTRAINT trade_order_merchant FOREIGN KEY (tenant_id, merchant_id)
        REFERENCES tenants.merchant (tenant_id, id)
);
CREATE INDEX trade_order_by_buyer ON tenants.trade_order (tenant_id, buyer_id, ordered_on);
SELECT kernel.tenant_table('tenants.trade_order', app => 'SELECT, INSERT');
SELECT kernel.append_only('tenants.trade_order');

-- Written in the statement after its order's, in one transaction, by one function (tenants/trade.py).
CREATE TABLE tenants.trade_order_line (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    no integer NOT NULL CONSTRAINT trade_order_line_no CHECK (no > 0),
    sku text NOT NULL,
    category text,
    quantity numeric(18, 6) NOT NULL CONSTRAINT trade_order_line_quantity CHECK (quantity > 0),
    amount_minor bigint NOT NULL CONSTRAINT trade_order_line_amount CHECK (amount_minor >= 0),
    PRIMARY KEY (tenant_id, order_id, no),
    CONSTRAINT trade_order_line_order FOREIGN KEY (tenant_id, order_id)
        REFERENCES tenants.trade_order (tenant_id, id)
);
SELECT kernel.tenant_table('tenants.trade_order_line', app => 'SELECT, INSERT');
SELECT kernel.append_only('tenants.trade_order_line');

CREATE TABLE tenants.trade_return (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    external_ref text NOT NULL,
    buyer_id uuid NOT NULL,
    order_id uuid,
    returned_at timestamptz NOT NULL,
    returned_on date NOT NULL,
    currency text NOT NULL CONSTRAINT trade_return_currency CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CONSTRAINT trade_return_amount CHECK (amount_minor > 0),
    content uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT trade_return_external_ref_unique UNIQUE (tenant_id, external_ref),
    CONSTRAINT trade_return_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id),
    CONSTRAINT trade_return_order FOREIGN KEY (tenant_id, order_id) REFERENCES tenants.trade_order (tenant_id, id)
);
CREATE INDEX trade_return_by_buyer ON tenants.trade_return (tenant_id, buyer_id, returned_on);
CREATE INDEX trade_return_by_order ON tenants.trade_return (tenant_id, order_id);
SELECT kernel.tenant_table('tenants.trade_return', app => 'SELECT, INSERT');
SELECT kernel.append_only('tenants.trade_return');

CREATE TABLE tenants.trade_return_line (
    tenant_id uuid NOT NULL,
    return_id uuid NOT NULL,
    no integer NOT NULL CONSTRAINT trade_return_line_no CHECK (no > 0),
    sku text NOT NULL,
    category text,
    quantity numeric(18, 6) NOT NULL CONSTRAINT trade_return_line_quantity CHECK (quantity > 0),
    amount_minor bigint NOT NULL CONSTRAINT trade_return_line_amount CHECK (amount_minor >= 0),
    PRIMARY KEY (tenant_id, return_id, no),
    CONSTRAINT trade_return_line_return FOREIGN KEY (tenant_id, return_id)
        REFERENCES tenants.trade_return (tenant_id, id)
);
SELECT kernel.tenant_table('tenants.trade_return_line', app => 'SELECT, INSERT');
SELECT kernel.append_only('tenants.trade_return_line');
"""

BACKWARDS = """
DROP TABLE tenants.trade_return_line, tenants.trade_return, tenants.trade_order_line, tenants.trade_order
"""


async def forwards() -> MigrationManager:
    return sql_migration("tenants", ID, DESCRIPTION, FORWARDS, BACKWARDS)
