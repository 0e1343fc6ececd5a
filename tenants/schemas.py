"""What tenants' objects look like over HTTP: ids with their prefixes, one Struct a resource."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kernel.context import Ctx, Mode
from kernel.web.ids import Id
from tenants.queries import ApiKey, Buyer, Member, Merchant, PartyType, Tenant

EXAMPLE_NAME: Final = "Golden Thread Garments"

Name = Annotated[str, Meta(description="1 to 200 printable characters", examples=[EXAMPLE_NAME])]
ExternalRef = Annotated[
    str, Meta(description="The platform's own id of the object; unique for ever", examples=["crm-10482"])
]
Metadata = Annotated[
    dict[str, str],
    Meta(description="Up to 50 keys of 40 characters, values of 500", examples=[{"city": "杭州"}]),
]


class TenantId(Id, prefix="tnt"):
    """A tenant: one workspace of a platform."""


class MemberId(Id, prefix="mem"):
    """A person of the platform."""


class KeyId(Id, prefix="key"):
    """An API key."""


class BuyerId(Id, prefix="buy"):
    """A business that owes."""


class MerchantId(Id, prefix="mer"):
    """A seller who is paid."""


class TenantView(msgspec.Struct, kw_only=True):
    """`business_on` is the business date; `now` is the tenant's clock, which in a test tenant is its own."""

    id: TenantId
    object: Literal["tenant"] = "tenant"
    livemode: bool
    mode: Mode
    slug: Annotated[str, Meta(examples=["textiles-test"])]
    name: Name
    timezone: Annotated[str, Meta(examples=["Asia/Shanghai"])]
    locale: Annotated[str, Meta(examples=["zh-CN"])]
    now: datetime
    business_on: date


class NewMember(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A person to let in; nobody gives more than they have."""

    email: Annotated[str, Meta(examples=["lin@example.com"])]
    name: Annotated[str, Meta(examples=["Lin Wei"])]
    roles: Annotated[list[str], Meta(examples=[["credit_officer"]])]


class NewRoles(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All roles the member has from now on."""

    roles: Annotated[list[str], Meta(examples=[["credit_officer", "operations"]])]


class MemberView(msgspec.Struct, kw_only=True):
    """`version` goes into If-Match as `"v1"`."""

    id: MemberId
    object: Literal["member"] = "member"
    livemode: bool
    email: Annotated[str, Meta(examples=["lin@example.com"])]
    name: Annotated[str, Meta(examples=["Lin Wei"])]
    roles: Annotated[list[str], Meta(examples=[["credit_officer"]])]
    version: int
    created_at: datetime


class NewKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`scopes`: permissions, or `*` alone for all. `replaces`: the key that this one takes over from."""

    name: Annotated[str, Meta(examples=["order service"])]
    scopes: Annotated[tuple[str, ...], Meta(examples=[["drawdowns:read", "drawdowns:write"]])] = ("*",)
    member_id: MemberId | None = None
    expires_at: datetime | None = None
    replaces: KeyId | None = None


class KeyView(msgspec.Struct, kw_only=True):
    """`secret` stands only in the answer to its making; keep it, it cannot be shown again."""

    id: KeyId
    object: Literal["key"] = "key"
    livemode: bool
    name: Annotated[str, Meta(examples=["order service"])]
    hint: Annotated[str, Meta(examples=["sk_test_…x9Qd"])]
    scopes: Annotated[list[str], Meta(examples=[["drawdowns:read", "drawdowns:write"]])]
    member_id: MemberId | None
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime
    secret: str | None = None


class NewBuyer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A business, and the person who owns its account."""

    name: Name
    party_type: PartyType
    owner_name: Annotated[str, Meta(examples=["Chen Yu"])]
    mobile: str | None = None
    external_ref: ExternalRef | None = None
    metadata: Metadata = {}


class BuyerChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is not given stays; `metadata` is replaced whole."""

    name: Name | UnsetType = UNSET
    party_type: PartyType | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class BuyerView(msgspec.Struct, kw_only=True):
    """`version` goes into If-Match as `"v1"`."""

    id: BuyerId
    object: Literal["buyer"] = "buyer"
    livemode: bool
    name: Name
    party_type: PartyType
    external_ref: ExternalRef | None
    metadata: Metadata
    version: int
    created_at: datetime


class NewMerchant(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A seller of the platform."""

    name: Name
    external_ref: ExternalRef | None = None
    metadata: Metadata = {}


class MerchantView(msgspec.Struct, kw_only=True):
    """A seller who is paid by settlement."""

    id: MerchantId
    object: Literal["merchant"] = "merchant"
    livemode: bool
    name: Name
    external_ref: ExternalRef | None
    metadata: Metadata
    version: int
    created_at: datetime


def tenant_view(ctx: Ctx, tenant: Tenant) -> TenantView:
    return TenantView(
        id=TenantId(tenant.id),
        livemode=ctx.mode == "live",
        mode=tenant.mode,
        slug=tenant.slug,
        name=tenant.name,
        timezone=tenant.timezone,
        locale=tenant.locale,
        now=ctx.now,
        business_on=ctx.today,
    )


def member_view(ctx: Ctx, member: Member) -> MemberView:
    return MemberView(
        id=MemberId(member.id),
        livemode=ctx.mode == "live",
        email=member.email,
        name=member.name,
        roles=list(member.roles),
        version=member.version,
        created_at=member.created_at,
    )


def key_view(ctx: Ctx, key: ApiKey, secret: str | None = None) -> KeyView:
    return KeyView(
        id=KeyId(key.id),
        livemode=ctx.mode == "live",
        name=key.name,
        hint=key.hint,
        scopes=list(key.scopes),
        member_id=MemberId(key.member_id) if key.member_id else None,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        created_at=key.created_at,
        secret=secret,
    )


def buyer_view(ctx: Ctx, buyer: Buyer) -> BuyerView:
    return BuyerView(
        id=BuyerId(buyer.id),
        livemode=ctx.mode == "live",
        name=buyer.name,
        party_type=buyer.party_type,
        external_ref=buyer.external_ref,
        metadata=buyer.metadata,
        version=buyer.version,
        created_at=buyer.created_at,
    )


def merchant_view(ctx: Ctx, merchant: Merchant) -> MerchantView:
    return MerchantView(
        id=MerchantId(merchant.id),
        livemode=ctx.mode == "live",
        name=merchant.name,
        external_ref=merchant.external_ref,
        metadata=merchant.metadata,
        version=merchant.version,
        created_at=merchant.created_at,
    )
