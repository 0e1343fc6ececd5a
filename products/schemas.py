"""What products tell and are told over HTTP: ids with their prefixes, one Struct a resource."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from kernel import ids
from kernel.context import Ctx
from kernel.web.ids import Id
from products.buyer_tiers import BuyerTier, KeptMove, Move
from products.queries import Product, Programme, Version
from products.rules.tiers import Direction
from products.templates import Template
from products.tier_judging import Reviewed
from tenants.schemas import BuyerId

_ACTORS: Final = {"member": "mem", "key": "key", "buyer_user": "bus", "system": "sys"}


class ProgrammeId(Id, prefix="pgm"):
    """A programme."""


class ProductId(Id, prefix="prd"):
    """A credit product."""


class TierReviewId(Id, prefix="trv"):
    """A review of all buyers under a product."""


class TierMoveId(Id, prefix="tmv"):
    """A buyer's move from one tier to another."""


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


class NewTierReview(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`dry_run`: tell who would move, write nothing. `reason`: kept with each move."""

    dry_run: bool = False
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "regular review"


class TierMoveView(msgspec.Struct, kw_only=True):
    """Why a buyer moves. `rule`: the condition that decided, or all that did not hold; `facts`: those that it
    names. `missing`: conditions of better tiers without a value, as tier:fact. `limit_minor`: what is
    proposed; null with the reason in `limit_refusal`, or where the buyer falls out of all tiers.
    """

    id: TierMoveId
    buyer_id: BuyerId
    old_tier: str | None
    new_tier: str | None
    direction: Direction
    rule: str
    facts: dict[str, int | None]
    missing: list[str]
    facts_as_of_on: date
    limit_minor: int | None
    maximum_limit_minor: int
    limit_refusal: str | None


class TierReviewView(msgspec.Struct, kw_only=True):
    """`id`: null for a dry run. `tiers`: buyers by tier afterwards, those in none under "". `moves`: the
    first 1,000.
    """

    id: TierReviewId | None
    object: Literal["tier_review"] = "tier_review"
    livemode: bool
    product_id: ProductId
    product_version: int
    facts_as_of_on: date
    reviewed: int
    moved: int
    tiers: dict[str, int]
    moves: list[TierMoveView]


class KeptMoveView(TierMoveView, kw_only=True):
    """A move with what was written of it; `actor`: who held the review."""

    review_id: TierReviewId
    product_version: int
    reason: str
    actor: str
    effective_on: date
    created_at: datetime


class BuyerTierView(msgspec.Struct, kw_only=True):
    """`tier`: null since the buyer fell out of all. `moves`: the latest 20, newest first."""

    product_id: ProductId
    tier: str | None
    since_on: date
    moves: list[KeptMoveView]


class BuyerTiersView(msgspec.Struct, kw_only=True):
    """Under each product whose review has moved the buyer."""

    object: Literal["buyer_tiers"] = "buyer_tiers"
    livemode: bool
    buyer_id: BuyerId
    tiers: list[BuyerTierView]


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


def tier_review_view(ctx: Ctx, reviewed: Reviewed) -> TierReviewView:
    return TierReviewView(
        id=None if reviewed.id is None else TierReviewId(reviewed.id),
        livemode=ctx.mode == "live",
        product_id=ProductId(reviewed.product_id),
        product_version=reviewed.product_version,
        facts_as_of_on=reviewed.facts_as_of_on,
        reviewed=reviewed.reviewed,
        moved=reviewed.moved,
        tiers=reviewed.tiers,
        moves=[TierMoveView(**_move(move)) for move in reviewed.moves],
    )


def buyer_tiers_view(ctx: Ctx, buyer_id: BuyerId, tiers: list[BuyerTier]) -> BuyerTiersView:
    return BuyerTiersView(
        livemode=ctx.mode == "live",
        buyer_id=buyer_id,
        tiers=[
            BuyerTierView(
                product_id=ProductId(one.product_id),
                tier=one.tier,
                since_on=one.since_on,
                moves=[_kept_move(move) for move in one.moves],
            )
            for one in tiers
        ],
    )


def _move(move: Move) -> dict[str, Any]:
    fields = {name: getattr(move, name) for name in Move.__struct_fields__}
    ours = {"id": TierMoveId(move.id), "buyer_id": BuyerId(move.buyer_id), "missing": list(move.missing)}
    return fields | ours


def _kept_move(move: KeptMove) -> KeptMoveView:
    return KeptMoveView(
        **_move(move),
        review_id=TierReviewId(move.review_id),
        product_version=move.product_version,
        reason=move.reason,
        actor=actor_id(move.actor_kind, move.actor_id),
        effective_on=move.effective_on,
        created_at=move.created_at,
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


class TemplateView(msgspec.Struct, kw_only=True):
    """`document` is what `POST /v1/products` takes."""

    object: Literal["product_template"] = "product_template"
    code: str
    name_zh: str
    name_en: str
    about_zh: str
    about_en: str
    document: dict[str, Any]


class TemplatesView(msgspec.Struct, kw_only=True):
    """There are few: no page after this one."""

    object: Literal["list"] = "list"
    data: list[TemplateView]


def template_view(found: Template) -> TemplateView:
    return TemplateView(
        code=found.code,
        name_zh=found.name_zh,
        name_en=found.name_en,
        about_zh=found.about_zh,
        about_en=found.about_en,
        document=found.document,
    )
