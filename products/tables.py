"""What is offered, as the catalogue has it, from the book down. Keys and checks: piccolo_migrations/."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Integer, Text, Timestamptz
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
