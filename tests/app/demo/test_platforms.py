"""A platform of the demo: opened once, completed when it was interrupted, never mixed up with another's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.context import context_of_member
from app.demo import book
from app.demo.errors import DemoError
from app.demo.keyring import Keyring
from app.demo.platforms import Platform, open_workspace
from app.demo.story.plan import PET_SUPPLIES
from kernel.db.scope import scope
from products.queries import list_products, list_programmes
from tenants.queries import list_buyers, list_keys, list_members, list_merchants
from tests.support.tenants import new_slug
from tests.support.tenants import open_workspace as open_others

pytestmark = pytest.mark.db


@pytest.fixture
def platform() -> Platform:
    return msgspec.structs.replace(PET_SUPPLIES.platform, slug=new_slug())


async def test_both_tenants_are_ready_and_the_live_one_is_empty(
    database: None, platform: Platform, tmp_path: Path
) -> None:
    live = await open_workspace(platform, "live", Keyring(tmp_path))
    test = await open_workspace(platform, "test", Keyring(tmp_path))

    assert (live.slug, test.slug) == (platform.slug, f"{platform.slug}-test")
    assert live.key.startswith("sk_live_")
    assert test.key.startswith("sk_test_")
    assert (len(live.merchant_ids), len(test.merchant_ids)) == (0, len(platform.merchants))
    ctx = await context_of_member(live.slug, platform.owner)
    async with scope(ctx, read_only=True) as tx:
        assert await book.sums(tx, ctx, ctx.today) == msgspec.convert(
            dict.fromkeys(book.Sums.__struct_fields__, 0), book.Sums
        )
        assert await list_buyers(tx, ctx.tenant_id, limit=1) == []


@pytest.mark.parametrize("lost_keys", [False, True])
async def test_opened_again_nothing_is_doubled(
    database: None, platform: Platform, tmp_path: Path, lost_keys: bool
) -> None:
    """Also where the process died before it kept the keys: then one more key is issued."""
    first = await open_workspace(platform, "test", Keyring(tmp_path))
    again = await open_workspace(platform, "test", Keyring(tmp_path / "other" if lost_keys else tmp_path))

    assert msgspec.structs.replace(again, key=first.key) == first
    assert (again.key != first.key) is lost_keys
    ctx = await context_of_member(first.slug, platform.owner)
    async with scope(ctx, read_only=True) as tx:
        counts = [
            len(await list_members(tx, ctx.tenant_id, limit=9)),
            len(await list_programmes(tx, ctx.tenant_id, limit=9)),
            len(await list_products(tx, ctx.tenant_id, limit=9)),
            len(await list_merchants(tx, ctx.tenant_id, limit=9)),
            len(await list_keys(tx, ctx.tenant_id, limit=9)),
        ]
    assert counts == [2, 1, 1, len(platform.merchants), 2 if lost_keys else 1]


async def test_anothers_tenant_is_left_alone(database: None, platform: Platform, tmp_path: Path) -> None:
    await open_others("test", slug=platform.slug)
    with pytest.raises(DemoError, match="that the demo did not make"):
        await open_workspace(platform, "test", Keyring(tmp_path))
