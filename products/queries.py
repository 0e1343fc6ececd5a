"""Reads of what is offered: programmes, products with their versions, and the terms of the published one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from time import monotonic_ns
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import NotFound
from products.errors import ProductNotPublished, ProgrammeClosed
from products.rules.product import PLAIN, Choice, cut_day, due_days, resolve
from products.rules.product import Programme as ProgrammeTerms
from products.rules.terms import LegalForm, MonthDay, Terms, terms_id

_OFFERS_KEPT: Final = 10_000
_CHOICES_KEPT: Final = 1_000
"""Of one product: days × what buyers choose."""
_FRESH_NS: Final = 1_000_000_000
_RENEW_NS: Final = 500_000_000
_FIRST: Final = UUID(int=0)


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    lender_of_record: str
    licence: str
    legal_form: LegalForm
    currency: str
    lender_book: UUID
    tenant_book: UUID
    status: Literal["active", "closed"]
    created_at: datetime


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` counts how often the draft was written; `drafted_by` wrote it last."""

    version: int
    revision: int
    status: Literal["draft", "published"]
    document: dict[str, Any]
    drafted_by_kind: str
    drafted_by: UUID
    created_at: datetime
    published_at: datetime | None
    published_by_kind: str | None
    published_by: UUID | None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """`versions` in their order; at most the last is a draft."""

    id: UUID
    programme_id: UUID
    code: str
    name_zh: str
    name_en: str
    created_at: datetime
    versions: tuple[Version, ...]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A product as a drawdown authorised now gets it. `cut_day`: its lines' bill day, if there is one."""

    product_id: UUID
    version: int
    programme_id: UUID
    currency: str
    terms: Terms
    terms_id: UUID
    cut_day: MonthDay | None = None


class Billing(msgspec.Struct, frozen=True, kw_only=True):
    """How lines of a product are billed. `cut_day`: None where there are no statements."""

    cut_day: MonthDay | None
    lender_book: UUID


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    """From what terms are resolved, whatever the day and the choice."""

    product_id: UUID
    version: int
    programme_id: UUID
    programme: ProgrammeTerms
    document: dict[str, Any]


class _Kept(msgspec.Struct):
    published: _Published
    config_version: int
    checked_ns: int
    renewing: bool = False
    offers: dict[tuple[date, Choice], Offered] = {}


_offers: dict[tuple[UUID, UUID], _Kept] = {}


async def read_programme(tx: Tx, tenant_id: UUID, programme_id: UUID) -> Programme:
    """Raises NotFound."""
    row = await tx.fetchrow(f"{_PROGRAMME} AND id = $2", tenant_id, programme_id)
    if row is None:
        raise NotFound()
    return Programme(**row)


async def list_programmes(
    tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int
) -> list[Programme]:
    """In the order of their opening."""
    rows = await tx.fetch(f"{_PROGRAMME} AND id > $2 ORDER BY id LIMIT $3", tenant_id, after or _FIRST, limit)
    return [Programme(**row) for row in rows]


async def read_product(tx: Tx, tenant_id: UUID, product_id: UUID) -> Product:
    """Raises NotFound."""
    return await _one(tx, tenant_id, await tx.fetch(f"{_PRODUCT} AND id = $2", tenant_id, product_id))


async def find_product(tx: Tx, tenant_id: UUID, code: str) -> Product:
    """Raises NotFound."""
    return await _one(tx, tenant_id, await tx.fetch(f"{_PRODUCT} AND code = $2", tenant_id, code))


async def list_products(tx: Tx, tenant_id: UUID, *, after: UUID | None = None, limit: int) -> list[Product]:
    """In the order of their making."""
    rows = await tx.fetch(f"{_PRODUCT} AND id > $2 ORDER BY id LIMIT $3", tenant_id, after or _FIRST, limit)
    return await _with_versions(tx, tenant_id, rows)


async def due_days_offered(tx: Tx, tenant_id: UUID, product_id: UUID, version: int) -> tuple[MonthDay, ...]:
    """The due days of which a buyer may choose under that published version. Raises NotFound."""
    document = await tx.fetchval(
        """SELECT document FROM products.product_version
        WHERE tenant_id = $1 AND product_id = $2 AND version = $3 AND status = 'published'""",
        tenant_id, product_id, version,
    )  # fmt: skip
    if document is None:
        raise NotFound()
    return due_days(msgspec.json.decode(document))


async def billing_of(
    tx: Tx, tenant_id: UUID, product_ids: Sequence[UUID] | None = None
) -> dict[UUID, Billing]:
    """By the latest published version of each product, of a closed programme too: debt is billed until it is
    paid. Without ids: of all products.
    """
    rows = await tx.fetch(
        """SELECT DISTINCT ON (p.id) p.id, v.document, g.lender_book
        FROM products.product p
        JOIN products.programme g ON g.tenant_id = p.tenant_id AND g.id = p.programme_id
        JOIN products.product_version v
            ON v.tenant_id = p.tenant_id AND v.product_id = p.id AND v.status = 'published'
        WHERE p.tenant_id = $1 AND ($2::uuid[] IS NULL OR p.id = ANY ($2)) ORDER BY p.id, v.version DESC""",
        tenant_id, None if product_ids is None else list(product_ids),
    )  # fmt: skip
    return {
        row["id"]: Billing(
            cut_day=cut_day(msgspec.json.decode(row["document"])), lender_book=row["lender_book"]
        )
        for row in rows
    }


def known_offer(
    ctx: Ctx, product_id: UUID, choice: Choice = PLAIN, *, seen: int | None = None
) -> Offered | None:
    """What `published` gives, if this process read the product less than a second ago. Raises Invalid.

    `seen`: the config_version under which the choice is known; None where the product is kept from a later
    one, for the buyer's tier may have changed.

    Halfway one caller hears None and reads it anew while all others go on: they must not all read at once
    when the second is over.
    """
    kept = _offers.get((ctx.tenant_id, product_id))
    age_ns = monotonic_ns() - kept.checked_ns if kept else _FRESH_NS
    if kept is None or age_ns >= _FRESH_NS or (seen is not None and seen < kept.config_version):
        return None
    if age_ns >= _RENEW_NS and not kept.renewing:
        kept.renewing = True
        return None
    return _offer(kept, ctx.today, choice)


def forget_offer(ctx: Ctx, product_id: UUID) -> None:
    """For the process that has just published: others follow within a second."""
    _offers.pop((ctx.tenant_id, product_id), None)


async def published(tx: Tx, ctx: Ctx, product_id: UUID, choice: Choice = PLAIN) -> Offered:
    """The latest published version, at most a second old, with the terms of today and of this choice.

    Kept per process under the tenant's config_version, which every publishing raises. Raises NotFound,
    ProductNotPublished, ProgrammeClosed, Invalid (a choice that the product or today's law does not allow).
    """
    return _offer(await _fresh(tx, ctx, product_id), ctx.today, choice)


async def config_version(tx: Tx, ctx: Ctx, product_id: UUID) -> int:
    """The version of the tenant's configuration under which the product is kept. Raises as `published`."""
    return (await _fresh(tx, ctx, product_id)).config_version


async def _fresh(tx: Tx, ctx: Ctx, product_id: UUID) -> _Kept:
    place = (ctx.tenant_id, product_id)
    kept, checked_ns = _offers.get(place), monotonic_ns()
    if kept is not None and checked_ns - kept.checked_ns < _RENEW_NS:
        return kept
    now = await tx.fetchval("SELECT config_version FROM kernel.tenant WHERE id = $1", ctx.tenant_id)
    if kept is not None and kept.config_version == now:
        kept.checked_ns, kept.renewing = checked_ns, False
        return kept
    found = _Kept(await _load_published(tx, ctx.tenant_id, product_id), now, checked_ns)
    if len(_offers) >= _OFFERS_KEPT:
        _offers.clear()
    _offers[place] = found
    return found


def _offer(kept: _Kept, on: date, choice: Choice) -> Offered:
    found = kept.offers.get((on, choice))
    if found is None:
        product = kept.published
        terms = resolve(
            product.document,
            product_id=product.product_id,
            product_version=product.version,
            programme=product.programme,
            on=on,
            choice=choice,
        )
        found = Offered(
            product_id=product.product_id,
            version=product.version,
            programme_id=product.programme_id,
            currency=terms.currency,
            terms=terms,
            terms_id=terms_id(terms),
            cut_day=cut_day(product.document),
        )
        if len(kept.offers) >= _CHOICES_KEPT:
            kept.offers.clear()
        kept.offers[on, choice] = found
    return found


_PROGRAMME: Final = """
    SELECT id, lender_of_record, licence, legal_form, currency, lender_book, tenant_book, status, created_at
    FROM products.programme WHERE tenant_id = $1"""
_PRODUCT: Final = """
    SELECT id, programme_id, code, name_zh, name_en, created_at FROM products.product WHERE tenant_id = $1"""
_VERSIONS: Final = """
    SELECT product_id, version, revision, status, document, drafted_by_kind, drafted_by, created_at,
        published_at, published_by_kind, published_by
    FROM products.product_version WHERE tenant_id = $1 AND product_id = ANY ($2)
    ORDER BY product_id, version"""
_OFFER: Final = """
    SELECT p.programme_id, g.status, g.currency, g.legal_form, g.lender_book, g.tenant_book,
        v.version, v.document
    FROM products.product p
    JOIN products.programme g ON g.tenant_id = p.tenant_id AND g.id = p.programme_id
    LEFT JOIN products.product_version v
        ON v.tenant_id = p.tenant_id AND v.product_id = p.id AND v.status = 'published'
    WHERE p.tenant_id = $1 AND p.id = $2 ORDER BY v.version DESC LIMIT 1"""


async def _one(tx: Tx, tenant_id: UUID, rows: list[Any]) -> Product:
    if not rows:
        raise NotFound()
    return (await _with_versions(tx, tenant_id, rows))[0]


async def _with_versions(tx: Tx, tenant_id: UUID, rows: list[Any]) -> list[Product]:
    versions: dict[UUID, list[Version]] = {row["id"]: [] for row in rows}
    for row in await tx.fetch(_VERSIONS, tenant_id, list(versions)):
        values = dict(row)
        document = msgspec.json.decode(values.pop("document"))
        versions[values.pop("product_id")].append(Version(document=document, **values))
    return [Product(**row, versions=tuple(versions[row["id"]])) for row in rows]


async def _load_published(tx: Tx, tenant_id: UUID, product_id: UUID) -> _Published:
    row = await tx.fetchrow(_OFFER, tenant_id, product_id)
    if row is None:
        raise NotFound()
    if row["version"] is None:
        raise ProductNotPublished()
    if row["status"] == "closed":
        raise ProgrammeClosed()
    programme = ProgrammeTerms(
        currency=row["currency"],
        legal_form=row["legal_form"],
        lender_book=row["lender_book"],
        tenant_book=row["tenant_book"],
    )
    return _Published(
        product_id=product_id,
        version=row["version"],
        programme_id=row["programme_id"],
        programme=programme,
        document=msgspec.json.decode(row["document"]),
    )
