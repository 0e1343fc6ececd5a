"""A platform gets its live and its test tenant, each whole or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest

from kernel.business_date import read_day
from kernel.db.scope import scope, unscoped
from kernel.errors import Forbidden, Invalid
from tenants.errors import TenantExists
from tenants.open_tenant import OpenTenant, open_tenant
from tenants.queries import find_key, find_tenant, list_tenants, read_member, read_tenant
from tenants.rules.roles import VOCABULARY
from tests.support.tenants import Workspace, new_slug, open_workspace
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]


async def test_live_and_test_belong_to_one_platform(make_tenant: Make) -> None:
    slug = new_slug()
    live, test = await make_tenant("live", slug=slug), await make_tenant("test", slug=slug)
    assert live.opened.platform_id == test.opened.platform_id
    assert live.id != test.id
    async with unscoped() as tx:
        found = [await find_tenant(tx, name) for name in (slug, f"{slug}-test")]
        assert {live.id, test.id} <= {tenant.id for tenant in await list_tenants(tx)}
    assert [(one.id, one.mode) for one in found] == [(live.id, "live"), (test.id, "test")]


async def test_it_has_an_owner_a_key_a_day_and_traces(tenant: Workspace) -> None:
    async with scope(tenant.ctx(), read_only=True) as tx:
        owner = await read_member(tx, tenant.id, tenant.opened.member_id)
        day = await read_day(tx, tenant.id)
        assert (await read_tenant(tx, tenant.id)).slug == tenant.opened.slug
    assert owner.roles == ("owner",)
    assert day.business_on == tenant.opened_on
    assert day.clock_at == tenant.ctx().now
    async with unscoped() as tx:
        key = await find_key(tx, tenant.opened.secret)
    assert key is not None
    assert (key.tenant_id, key.permissions, key.member_id) == (tenant.id, VOCABULARY, None)
    assert tenant.opened.secret.startswith("sk_test_")
    assert len(await audited(tenant, "tenant.opened")) == 1
    (told,) = await emitted(tenant, "tenant.opened")
    assert tenant.opened.secret not in str(told)


async def test_a_live_tenant_has_no_clock(make_tenant: Make) -> None:
    live = await make_tenant("live")
    async with scope(live.ctx(), read_only=True) as tx:
        assert (await read_day(tx, live.id)).clock_at is None
    assert live.opened.secret.startswith("sk_live_")


async def test_the_business_date_is_that_of_the_zone(make_tenant: Make) -> None:
    far = await make_tenant(timezone="Pacific/Auckland", opened_on=date(2027, 6, 1))
    async with scope(far.ctx(), read_only=True) as tx:
        assert (await read_day(tx, far.id)).business_on == date(2027, 6, 1)


async def test_one_of_many_at_once_opens_it(database: None) -> None:
    slug = new_slug()
    results = await together(*(open_workspace(mode, slug=slug) for mode in ("live", "test") * 4))
    opened = [result for result in results if isinstance(result, Workspace)]
    assert sorted(one.mode for one in opened) == ["live", "test"]
    assert all(isinstance(result, Workspace | TenantExists) for result in results)
    assert len({one.opened.platform_id for one in opened}) == 1


async def test_a_second_one_leaves_nothing(tenant: Workspace) -> None:
    slug = tenant.opened.slug.removesuffix("-test")
    with pytest.raises(TenantExists) as refused:
        await open_workspace(slug=slug)
    assert refused.value.params == {"slug": tenant.opened.slug, "mode": "test"}


async def test_only_the_operator_opens(tenant: Workspace) -> None:
    command = OpenTenant(slug="any", name="x", timezone="UTC", email="a@b.cn", owner_name="x")
    with pytest.raises(Forbidden):
        await open_tenant(tenant.ctx(), command)


async def test_all_that_is_wrong_is_told_at_once(tenant: Workspace) -> None:
    command = OpenTenant(
        slug="No Slug",
        name="",
        timezone="Mars/Base",
        cut_off=time(0),
        locale="fr",
        email="nobody",
        owner_name=" x",
    )
    with pytest.raises(Invalid) as refused:
        await open_tenant(tenant.ctx(permissions=frozenset({"tenants:open"})), command)
    assert [problem.pointer for problem in refused.value.errors] == [
        "#/slug",
        "#/name",
        "#/timezone",
        "#/locale",
        "#/email",
        "#/owner_name",
    ]
