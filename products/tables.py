"""What is offered, as the catalogue has it, from the book down. Keys and checks: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Book(Table, tablename="book", schema="products"):
    """The accounts of one legal entity."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    legal_entity = Text(default=None)
    created_at = Timestamptz(default=None)


class Programme(Table, tablename="programme", schema="products"):
    """Lender of record, licence, legal form, currency and books."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    lender_of_record = Text(default=None)
    licence = Text(default=None)
    legal_form = Text(default=None)
    currency = Text(default=None)
    lender_book = UUID(default=None)
    tenant_book = UUID(default=None)
    status = Text(default=None)
    created_at = Timestamptz(default=None)


class Product(Table, tablename="product", schema="products"):
    """A credit product under its code."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    programme_id = UUID(default=None)
    code = Text(default=None)
    name_zh = Text(default=None)
    name_en = Text(default=None)
    created_at = Timestamptz(default=None)


class ProductVersion(Table, tablename="product_version", schema="products"):
    """What a product says; frozen once published."""

    tenant_id = UUID(default=None)
    product_id = UUID(primary_key=True, default=None)
    version = Integer(default=None)
    document = JSONB(default=None)
    status = Text(default=None)
    published_at = Timestamptz(default=None, null=True)
    published_by = UUID(default=None, null=True)
    created_at = Timestamptz(default=None)
    published_by_kind = Text(default=None, null=True)
    revision = Integer(default=None)
    drafted_by_kind = Text(default=None)
    drafted_by = UUID(default=None)


class BuyerFacts(Table, tablename="buyer_facts", schema="products"):
    """What is known about a buyer in one currency, a column a fact (rules/facts.py); written by reports."""

    tenant_id = UUID(default=None)
    buyer_id = UUID(primary_key=True, default=None)
    currency = Text(default=None)
    as_of_on = Date(default=None)
    computed_at = Timestamptz(default=None)
    days_since_last_order = BigInt(default=None, null=True)
    months_since_first_order = BigInt(default=None, null=True)
    orders_90d = BigInt(default=None)
    orders_270d = BigInt(default=None)
    orders_365d = BigInt(default=None)
    active_months_12 = BigInt(default=None)
    median_gap_days_365d = BigInt(default=None, null=True)
    regularity_bp_365d = BigInt(default=None, null=True)
    purchases_minor_90d = BigInt(default=None)
    purchases_minor_270d = BigInt(default=None)
    purchases_minor_365d = BigInt(default=None)
    average_order_minor_365d = BigInt(default=None, null=True)
    trend_bp_90d = BigInt(default=None, null=True)
    categories_365d = BigInt(default=None)
    top_category_bp_365d = BigInt(default=None, null=True)
    returns_bp_365d = BigInt(default=None, null=True)
    merchants_365d = BigInt(default=None)
    due_minor_180d = BigInt(default=None)
    repaid_bp_180d = BigInt(default=None, null=True)
    on_time_bp_180d = BigInt(default=None, null=True)
    mean_days_late_180d = BigInt(default=None, null=True)
    max_days_past_due_365d = BigInt(default=None)
    days_past_due = BigInt(default=None)
    outstanding_minor = BigInt(default=None)
    limit_use_bp = BigInt(default=None, null=True)
    drawdowns_closed = BigInt(default=None)
    drawdowns_open = BigInt(default=None)


class TierReview(Table, tablename="tier_review", schema="products"):
    """A review of all buyers under one product; never changed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    product_id = UUID(default=None)
    product_version = Integer(default=None)
    facts_as_of_on = Date(default=None)
    reviewed = BigInt(default=None)
    moved = BigInt(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    effective_on = Date(default=None)
    created_at = Timestamptz(default=None)


class BuyerTier(Table, tablename="buyer_tier", schema="products"):
    """The tier that a buyer has now under a product; without `tier` it fell out of all."""

    tenant_id = UUID(default=None)
    product_id = UUID(primary_key=True, default=None)
    buyer_id = UUID(default=None)
    tier = Text(default=None, null=True)
    move_id = UUID(default=None)
    since_on = Date(default=None)


class TierMove(Table, tablename="tier_move", schema="products"):
    """Why a buyer changed its tier: rule, facts, version; never changed. `limit_minor`: what is proposed."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    review_id = UUID(default=None)
    product_id = UUID(default=None)
    product_version = Integer(default=None)
    buyer_id = UUID(default=None)
    old_tier = Text(default=None, null=True)
    new_tier = Text(default=None, null=True)
    direction = Text(default=None)
    rule = Text(default=None)
    facts = JSONB(default=None)
    missing = JSONB(default=None)
    facts_as_of_on = Date(default=None)
    limit_minor = BigInt(default=None, null=True)
    maximum_limit_minor = BigInt(default=None)
    limit_refusal = Text(default=None, null=True)
    reason = Text(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None)
    effective_on = Date(default=None)
    created_at = Timestamptz(default=None)


class LimitProposal(Table, tablename="limit_proposal", schema="products"):
    """A move whose limit is not decided yet; at most one a buyer and product, the newest."""

    tenant_id = UUID(default=None)
    product_id = UUID(primary_key=True, default=None)
    buyer_id = UUID(default=None)
    move_id = UUID(default=None)
