"""A platform gets its live and its test tenant, each whole or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from kernel.db.scope import unscoped
from tenants.queries import find_tenant
from tests.support.tenants import Workspace, new_slug

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]


async def test_live_and_test_belong_to_one_platform(make_tenant: Make) -> None:
    slug = new_slug()
    live, test = await make_tenant("live", slug=slug), await make_tenant("test", slug=slug)
    assert live.opened.platform_id == test.opened.platform_id
    assert live.id != test.id
    async with unscoped() as tx:
        found = [await find_tenant(tx, name) for name in (slug, f"{slug}-test")]
    assert [(one.id, one.mode) for one in found] == [(live.id, "live"), (test.id, "test")]
