"""What products tell and are told over HTTP: ids with their prefixes, one Struct a resource."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from kernel import ids
from kernel.context import Ctx
from kernel.web.ids import Id
from products.queries import Product, Programme, Version

_ACTORS: Final = {"member": "mem", "key": "key", "buyer_user": "bus", "system": "sys"}


class ProgrammeId(Id, prefix="pgm"):
    """A programme."""


class ProductId(Id, prefix="prd"):
    """A credit product."""


class BookId(Id, prefix="bok"):
    """The accounts of one legal entity."""


class NewProgramme(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`tenant_entity`: the platform's own company. `licence`: the lender's; none is refused for a loan."""

    lender_of_record: str
    licence: str | None = None
    tenant_entity: str
    currency: str
    legal_form: str = "loan"


class ProgrammeView(msgspec.Struct, kw_only=True):
    id: ProgrammeId
    object: Literal["programme"] = "programme"
    livemode: bool
    lender_of_record: str
    licence: str
    legal_form: str
    currency: str
    lender_book: BookId
    tenant_book: BookId
    status: str
    created_at: datetime


class NewProduct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`document`: the settings in their groups; rates are decimal strings. `code` is unique for ever."""

    programme_id: ProgrammeId
    code: str
    name_zh: str
    name_en: str
    document: dict[str, Any]


class NewDraft(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Written over the draft that stands; without one it becomes the next version."""

    document: dict[str, Any]


class Publication(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`version` and `revision` of the draft that was looked at."""

    version: int
    revision: int


class VersionView(msgspec.Struct, kw_only=True):
    """`drafted_by` and `published_by` are members or keys."""

    version: int
    revision: int
    status: Literal["draft", "published"]
    document: dict[str, Any]
    drafted_by: str
    published_by: str | None
    created_at: datetime
    published_at: datetime | None


class ProductView(msgspec.Struct, kw_only=True):
    """`published_version`: what new drawdowns are made under; null until there is one."""

    id: ProductId
    object: Literal["product"] = "product"
    livemode: bool
    programme_id: ProgrammeId
    code: str
    name_zh: str
    name_en: str
    published_version: int | None
    versions: list[VersionView]
    created_at: datetime


def programme_view(ctx: Ctx, programme: Programme) -> ProgrammeView:
    return ProgrammeView(
        id=ProgrammeId(programme.id),
        livemode=ctx.mode == "live",
        lender_of_record=programme.lender_of_record,
        licence=programme.licence,
        legal_form=programme.legal_form,
        currency=programme.currency,
        lender_book=BookId(programme.lender_book),
        tenant_book=BookId(programme.tenant_book),
        status=programme.status,
        created_at=programme.created_at,
    )


def product_view(ctx: Ctx, product: Product) -> ProductView:
    published = [version.version for version in product.versions if version.status == "published"]
    return ProductView(
        id=ProductId(product.id),
        livemode=ctx.mode == "live",
        programme_id=ProgrammeId(product.programme_id),
        code=product.code,
        name_zh=product.name_zh,
        name_en=product.name_en,
        published_version=max(published, default=None),
        versions=[_version(version) for version in product.versions],
        created_at=product.created_at,
    )


def actor_id(kind: str, actor: UUID) -> str:
    """Whoever did something, with the prefix of its kind: `mem_…`, `key_…`."""
    return ids.encode(_ACTORS[kind], actor)


def _version(version: Version) -> VersionView:
    by_kind, by = version.published_by_kind, version.published_by
    return VersionView(
        version=version.version,
        revision=version.revision,
        status=version.status,
        document=version.document,
        drafted_by=actor_id(version.drafted_by_kind, version.drafted_by),
        published_by=actor_id(by_kind, by) if by_kind and by else None,
        created_at=version.created_at,
        published_at=version.published_at,
    )
