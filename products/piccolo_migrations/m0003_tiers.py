"""What is known about buyers, the tiers that follow, and what was proposed for their limits."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0003_tiers"
VERSION = "1.38.0"
DESCRIPTION = "Buyer facts, buyers' tiers and their moves, limit proposals"

FORWARDS = """
CREATE TABLE products.buyer_facts (
    tenant_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    currency text NOT NULL CONSTRAINT buyer_facts_currency CHECK (length(currency) = 3),
    as_of_on date NOT NULL,
    computed_at timestamptz NOT NULL,
    days_since_last_order bigint,
    months_since_first_order bigint,
    orders_90d bigint NOT NULL,
    orders_270d bigint NOT NULL,
    orders_365d bigint NOT NULL,
    active_months_12 bigint NOT NULL,
    median_gap_days_365d bigint,
    regularity_bp_365d bigint,
    purchases_minor_90d bigint NOT NULL,
    purchases_minor_270d bigint NOT NULL,
    purchases_minor_365d bigint NOT NULL,
    average_order_minor_365d bigint,
    trend_bp_90d bigint,
    categories_365d bigint NOT NULL,
    top_category_bp_365d bigint,
    returns_bp_365d bigint,
    merchants_365d bigint NOT NULL,
    due_minor_180d bigint NOT NULL,
    repaid_bp_180d bigint,
    on_time_bp_180d bigint,
    mean_days_late_180d bigint,
    max_days_past_due_365d bigint NOT NULL,
    days_past_due bigint NOT NULL,
    outstanding_minor bigint NOT NULL,
    limit_use_bp bigint,
    drawdowns_closed bigint NOT NULL,
    drawdowns_open bigint NOT NULL,
    PRIMARY KEY (tenant_id, buyer_id, currency),
    CONSTRAINT buyer_facts_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id)
) WITH (fillfactor = 60);
SELECT kernel.tenant_table('products.buyer_facts', app => 'SELECT, INSERT, UPDATE');

CREATE TABLE products.tier_review (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    product_version integer NOT NULL,
    facts_as_of_on date NOT NULL,
    reviewed bigint NOT NULL CHECK (reviewed >= 0),
    moved bigint NOT NULL CHECK (moved >= 0),
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    effective_on date NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT tier_review_version FOREIGN KEY (tenant_id, product_id, product_version)
        REFERENCES products.product_version (tenant_id, product_id, version)
);
CREATE INDEX tier_review_of_product ON products.tier_review (tenant_id, product_id, id);
SELECT kernel.tenant_table('products.tier_review', app => 'SELECT, INSERT');
SELECT kernel.append_only('products.tier_review');

CREATE TABLE products.buyer_tier (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    tier text,
    move_id uuid NOT NULL,
    since_on date NOT NULL,
    PRIMARY KEY (tenant_id, product_id, buyer_id),
    CONSTRAINT buyer_tier_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id),
    CONSTRAINT buyer_tier_product FOREIGN KEY (tenant_id, product_id) REFERENCES products.product (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX buyer_tier_of_buyer ON products.buyer_tier (tenant_id, buyer_id);
SELECT kernel.tenant_table('products.buyer_tier', app => 'SELECT, INSERT, UPDATE (tier, move_id, since_on)');

CREATE TABLE products.tier_move (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    product_id uuid NOT NULL,
    product_version integer NOT NULL,
    buyer_id uuid NOT NULL,
    old_tier text,
    new_tier text,
    direction text NOT NULL CONSTRAINT tier_move_direction CHECK (direction IN ('first', 'up', 'down', 'out')),
    rule text NOT NULL,
    facts jsonb NOT NULL,
    missing jsonb NOT NULL,
    facts_as_of_on date NOT NULL,
    limit_minor bigint CHECK (limit_minor >= 0),
    maximum_limit_minor bigint NOT NULL CHECK (maximum_limit_minor >= 0),
    limit_refusal text,
    reason text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    effective_on date NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT tier_move_really CHECK (old_tier IS DISTINCT FROM new_tier),
    CONSTRAINT tier_move_review FOREIGN KEY (tenant_id, review_id) REFERENCES products.tier_review (tenant_id, id),
    CONSTRAINT tier_move_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id)
);
CREATE INDEX tier_move_of_buyer ON products.tier_move (tenant_id, buyer_id, id);
SELECT kernel.tenant_table('products.tier_move', app => 'SELECT, INSERT');
SELECT kernel.append_only('products.tier_move');

-- The list of moves whose limit is not decided yet; a row goes when it is, or when a newer move takes its place.
CREATE TABLE products.limit_proposal (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    move_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, product_id, buyer_id),
    CONSTRAINT limit_proposal_move FOREIGN KEY (tenant_id, move_id) REFERENCES products.tier_move (tenant_id, id)
);
SELECT kernel.tenant_table('products.limit_proposal', app => 'SELECT, INSERT, UPDATE (move_id), DELETE');
"""

BACKWARDS = """
DROP TABLE products.limit_proposal;
DROP TABLE products.tier_move;
DROP TABLE products.buyer_tier;
DROP TABLE products.tier_review;
DROP TABLE products.buyer_facts;
"""


async def forwards() -> MigrationManager:
    return sql_migration("products", ID, DESCRIPTION, FORWARDS, BACKWARDS)
