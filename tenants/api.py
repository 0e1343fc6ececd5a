"""Routes of who: the tenant itself, members, keys, buyers, merchants.

The pattern for all others: a permission and the key rule beside the path, one use case, one view.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from litestar import Response, Router, get, patch, post
from litestar.params import FromPath, JSONBody

from kernel.db.scope import scope
from kernel.web import paging
from kernel.web.request import ApiRequest, needs
from kernel.web.versions import expected_version, tagged
from tenants import add_buyer, add_member, add_merchant, issue_key, queries, revoke_key, set_member_roles
from tenants import update_buyer as changing
from tenants.queries import ApiKey, Buyer, Member, Merchant
from tenants.schemas import (
    BuyerChange,
    BuyerId,
    BuyerView,
    KeyId,
    KeyView,
    MemberId,
    MemberView,
    MerchantId,
    MerchantView,
    NewBuyer,
    NewKey,
    NewMember,
    NewMerchant,
    NewRoles,
    TenantView,
    buyer_view,
    key_view,
    member_view,
    merchant_view,
    tenant_view,
)

MEMBERS: Final = "/v1/members"
KEYS: Final = "/v1/keys"
BUYERS: Final = "/v1/buyers"
MERCHANTS: Final = "/v1/merchants"


@get("/tenant", opt=needs("tenant:read"), operation_id="get_tenant", tags=["Tenant"])
async def get_tenant(request: ApiRequest) -> TenantView:
    """The workspace that the key belongs to, its clock and its business date."""
    async with scope(request.ctx, read_only=True) as tx:
        tenant = await queries.read_tenant(tx, request.ctx.tenant_id)
    return tenant_view(request.ctx, tenant)


@post(
    "/members",
    opt=needs(add_member.PERMISSION, key="optional"),
    operation_id="create_member",
    tags=["Members"],
)
async def create_member(request: ApiRequest, data: JSONBody[NewMember]) -> MemberView:
    """Let a person of the platform in, with roles."""
    command = add_member.AddMember(email=data.email, name=data.name, roles=tuple(data.roles))
    return member_view(request.ctx, await add_member.add_member(request.ctx, command))


@get("/members", opt=needs("members:read"), operation_id="list_members", tags=["Members"])
async def list_members(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[MemberView]:
    """Members in the order of their coming."""
    ctx, asked = request.ctx, paging.page(request.ctx.tenant_id, MEMBERS, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_members(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=MEMBERS,
        position=_position,
        view=lambda row: member_view(ctx, row),
    )


@get("/members/{member_id:str}", opt=needs("members:read"), operation_id="get_member", tags=["Members"])
async def get_member(request: ApiRequest, member_id: FromPath[MemberId]) -> Response[MemberView]:
    """One member."""
    async with scope(request.ctx, read_only=True) as tx:
        member = await queries.read_member(tx, request.ctx.tenant_id, member_id.uuid)
    return tagged(member_view(request.ctx, member), member.version)


@post(
    "/members/{member_id:str}/roles",
    opt=needs(set_member_roles.PERMISSION, if_match=True),
    operation_id="set_member_roles",
    tags=["Members"],
    status_code=200,
)
async def change_roles(
    request: ApiRequest, member_id: FromPath[MemberId], data: JSONBody[NewRoles]
) -> Response[MemberView]:
    """Give a member other roles; the member's keys follow within a second."""
    command = set_member_roles.SetMemberRoles(
        member_id=member_id.uuid, version=expected_version(request), roles=tuple(data.roles)
    )
    member = await set_member_roles.set_member_roles(request.ctx, command)
    return tagged(member_view(request.ctx, member), member.version)


@post("/keys", opt=needs(issue_key.PERMISSION, key="optional"), operation_id="create_key", tags=["Keys"])
async def create_key(request: ApiRequest, data: JSONBody[NewKey]) -> KeyView:
    """Make an API key. Its secret is in this answer only."""
    command = issue_key.IssueKey(
        name=data.name,
        scopes=data.scopes,
        member_id=data.member_id.uuid if data.member_id else None,
        expires_at=data.expires_at,
        replaces=data.replaces.uuid if data.replaces else None,
    )
    issued = await issue_key.issue_key(request.ctx, command)
    return key_view(request.ctx, issued.key, issued.secret)


@get("/keys", opt=needs("keys:read"), operation_id="list_keys", tags=["Keys"])
async def list_keys(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[KeyView]:
    """Keys in the order of their making, revoked ones too."""
    ctx, asked = request.ctx, paging.page(request.ctx.tenant_id, KEYS, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_keys(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=KEYS,
        position=_position,
        view=lambda row: key_view(ctx, row),
    )


@get("/keys/{key_id:str}", opt=needs("keys:read"), operation_id="get_key", tags=["Keys"])
async def get_key(request: ApiRequest, key_id: FromPath[KeyId]) -> KeyView:
    """One key, without its secret."""
    async with scope(request.ctx, read_only=True) as tx:
        key = await queries.read_key(tx, request.ctx.tenant_id, key_id.uuid)
    return key_view(request.ctx, key)


@post(
    "/keys/{key_id:str}/revoke",
    opt=needs(revoke_key.PERMISSION),
    operation_id="revoke_key",
    tags=["Keys"],
    status_code=200,
)
async def end_key(request: ApiRequest, key_id: FromPath[KeyId]) -> KeyView:
    """Make a key worthless, everywhere within a second, for good."""
    key = await revoke_key.revoke_key(request.ctx, revoke_key.RevokeKey(key_id=key_id.uuid))
    return key_view(request.ctx, key)


@post(
    "/buyers", opt=needs(add_buyer.PERMISSION, key="optional"), operation_id="create_buyer", tags=["Buyers"]
)
async def create_buyer(request: ApiRequest, data: JSONBody[NewBuyer]) -> Response[BuyerView]:
    """Make a business a buyer, with the person who owns the account. It has no line yet."""
    command = add_buyer.AddBuyer(
        name=data.name,
        party_type=data.party_type,
        owner_name=data.owner_name,
        mobile=data.mobile,
        external_ref=data.external_ref,
        metadata=data.metadata,
    )
    buyer = await add_buyer.add_buyer(request.ctx, command)
    return tagged(buyer_view(request.ctx, buyer), buyer.version)


@get("/buyers", opt=needs("buyers:read"), operation_id="list_buyers", tags=["Buyers"])
async def list_buyers(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[BuyerView]:
    """Buyers in the order of their coming."""
    ctx, asked = request.ctx, paging.page(request.ctx.tenant_id, BUYERS, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_buyers(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=BUYERS,
        position=_position,
        view=lambda row: buyer_view(ctx, row),
    )


@get("/buyers/{buyer_id:str}", opt=needs("buyers:read"), operation_id="get_buyer", tags=["Buyers"])
async def get_buyer(request: ApiRequest, buyer_id: FromPath[BuyerId]) -> Response[BuyerView]:
    """One buyer."""
    async with scope(request.ctx, read_only=True) as tx:
        buyer = await queries.read_buyer(tx, request.ctx.tenant_id, buyer_id.uuid)
    return tagged(buyer_view(request.ctx, buyer), buyer.version)


@patch(
    "/buyers/{buyer_id:str}",
    opt=needs(changing.PERMISSION, if_match=True),
    operation_id="update_buyer",
    tags=["Buyers"],
)
async def update_buyer(
    request: ApiRequest, buyer_id: FromPath[BuyerId], data: JSONBody[BuyerChange]
) -> Response[BuyerView]:
    """Correct what is known of a buyer."""
    command = changing.UpdateBuyer(
        buyer_id=buyer_id.uuid,
        version=expected_version(request),
        name=data.name,
        party_type=data.party_type,
        metadata=data.metadata,
    )
    buyer = await changing.update_buyer(request.ctx, command)
    return tagged(buyer_view(request.ctx, buyer), buyer.version)


@post(
    "/merchants",
    opt=needs(add_merchant.PERMISSION, key="optional"),
    operation_id="create_merchant",
    tags=["Merchants"],
)
async def create_merchant(request: ApiRequest, data: JSONBody[NewMerchant]) -> MerchantView:
    """Make a seller of the platform a merchant who can be paid."""
    command = add_merchant.AddMerchant(name=data.name, external_ref=data.external_ref, metadata=data.metadata)
    return merchant_view(request.ctx, await add_merchant.add_merchant(request.ctx, command))


@get("/merchants", opt=needs("merchants:read"), operation_id="list_merchants", tags=["Merchants"])
async def list_merchants(
    request: ApiRequest, limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None
) -> paging.Listed[MerchantView]:
    """Merchants in the order of their coming."""
    ctx, asked = request.ctx, paging.page(request.ctx.tenant_id, MERCHANTS, limit, cursor)
    async with scope(ctx, read_only=True) as tx:
        rows = await queries.list_merchants(tx, ctx.tenant_id, after=_after(asked), limit=asked.limit + 1)
    return paging.page_of(
        rows,
        asked,
        tenant_id=ctx.tenant_id,
        url=MERCHANTS,
        position=_position,
        view=lambda row: merchant_view(ctx, row),
    )


@get(
    "/merchants/{merchant_id:str}",
    opt=needs("merchants:read"),
    operation_id="get_merchant",
    tags=["Merchants"],
)
async def get_merchant(request: ApiRequest, merchant_id: FromPath[MerchantId]) -> MerchantView:
    """One merchant."""
    async with scope(request.ctx, read_only=True) as tx:
        merchant = await queries.read_merchant(tx, request.ctx.tenant_id, merchant_id.uuid)
    return merchant_view(request.ctx, merchant)


def _after(asked: paging.Page) -> UUID | None:
    return asked.after.id if asked.after else None


def _position(row: Member | ApiKey | Buyer | Merchant) -> paging.Position:
    """Ids grow with time: they are the sort key."""
    return paging.Position("", row.id)


router = Router(
    "/",
    route_handlers=[
        get_tenant,
        create_member,
        list_members,
        get_member,
        change_roles,
        create_key,
        list_keys,
        get_key,
        end_key,
        create_buyer,
        list_buyers,
        get_buyer,
        update_buyer,
        create_merchant,
        list_merchants,
        get_merchant,
    ],
)
