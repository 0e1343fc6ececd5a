"""Opens a platform of the demo, through the real use cases: tenants, members, programme, product, keys.

Everything looks first whether it is there, so an interrupted opening is completed by the next one.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from app.context import context_of_member, context_of_operator, step_of
from app.demo.errors import DemoError
from app.demo.keyring import Keyring
from kernel import clock
from kernel.context import Ctx, Mode
from kernel.db.scope import scope, unscoped
from kernel.errors import NotFound
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.open_programme import OpenProgramme, open_programme
from products.publish_product import PublishProduct, publish_product
from products.queries import Product, find_product
from tenants.add_member import AddMember, add_member
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.open_tenant import OpenTenant, open_tenant
from tenants.queries import find_member, find_merchant, find_tenant

_NINE: Final = timedelta(hours=9)


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform of the demo is called and offers; its test tenant's clock starts on `opens_on`."""

    slug: str
    name: str
    timezone: str
    locale: str
    lender: str
    entity: str
    currency: str
    product_code: str
    product_zh: str
    product_en: str
    document: dict[str, Any]
    merchants: tuple[str, ...]
    opens_on: date

    def slug_of(self, mode: Mode) -> str:
        return self.slug if mode == "live" else f"{self.slug}-test"

    @property
    def owner(self) -> str:
        """Addresses end in `.example`: they can belong to nobody (RFC 2606)."""
        return f"owner@{self.slug}.example"

    @property
    def approver(self) -> str:
        """The second member, who publishes what the owner drafts."""
        return f"approver@{self.slug}.example"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """An open tenant of the demo; `key` is its API key."""

    slug: str
    key: str
    product_id: UUID
    merchant_ids: tuple[UUID, ...]


async def open_workspace(platform: Platform, mode: Mode, keyring: Keyring) -> Opened:
    """The platform's live or test tenant. A live one has no merchants: it stays empty, ready to use."""
    slug = platform.slug_of(mode)
    await _open(platform, mode, keyring)
    try:
        owner = await context_of_member(slug, platform.owner)
    except NotFound:
        raise DemoError(
            f"there is a tenant {slug} that the demo did not make", "run the demo on a database of its own"
        ) from None
    approver = await _approver(platform, owner)
    product = await _product(platform, owner)
    last = product.versions[-1]
    if last.status == "draft":
        command = PublishProduct(product_id=product.id, version=last.version, revision=last.revision)
        product = await publish_product(approver, command)
    names = platform.merchants if mode == "test" else ()
    return Opened(
        slug=slug,
        key=await keyring.key_of(owner, slug),
        product_id=product.id,
        merchant_ids=tuple([await _merchant(owner, no, name) for no, name in enumerate(names, 1)]),
    )


async def _open(platform: Platform, mode: Mode, keyring: Keyring) -> None:
    slug = platform.slug_of(mode)
    try:
        async with unscoped() as tx:
            await find_tenant(tx, slug)
    except NotFound:
        now = clock.opening(platform.opens_on, platform.timezone, time(0)) + _NINE
        opened = await open_tenant(
            context_of_operator(mode, platform.timezone, now=now),
            OpenTenant(
                slug=platform.slug,
                name=platform.name,
                timezone=platform.timezone,
                locale=platform.locale,
                email=platform.owner,
                owner_name="Owner",
            ),
        )
        keyring.keep(slug, opened.secret)


async def _approver(platform: Platform, owner: Ctx) -> Ctx:
    try:
        async with scope(owner, read_only=True) as tx:
            await find_member(tx, owner.tenant_id, platform.approver)
    except NotFound:
        await add_member(owner, AddMember(email=platform.approver, name="Approver", roles=("admin",)))
    return await context_of_member(platform.slug_of(owner.mode), platform.approver)


async def _product(platform: Platform, owner: Ctx) -> Product:
    try:
        async with scope(owner, read_only=True) as tx:
            return await find_product(tx, owner.tenant_id, platform.product_code)
    except NotFound:
        programme = await open_programme(
            step_of(owner, "programme"),
            OpenProgramme(
                lender_of_record=platform.lender,
                licence="microloan",
                tenant_entity=platform.entity,
                currency=platform.currency,
            ),
        )
        new = NewProduct(
            programme_id=programme.id,
            code=platform.product_code,
            name_zh=platform.product_zh,
            name_en=platform.product_en,
        )
        return await draft_product(owner, DraftProduct(product=new, document=platform.document))


async def _merchant(owner: Ctx, no: int, name: str) -> UUID:
    ref = f"merchant-{no}"
    try:
        async with scope(owner, read_only=True) as tx:
            return (await find_merchant(tx, owner.tenant_id, ref)).id
    except NotFound:
        return (await add_merchant(owner, AddMerchant(name=name, external_ref=ref))).id
