"""The demo's keys: kept for their owner's eyes only, found again, replaced when they open nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.demo.errors import DemoError
from app.demo.keyring import FILE, Keyring
from kernel.db.scope import unscoped
from tenants.queries import find_key
from tenants.revoke_key import RevokeKey, revoke_key
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    Keyring(tmp_path / "home").keep("textiles", "sk_live_1")
    kept = tmp_path / "home" / FILE
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text()) == {"keys": {"textiles": "sk_live_1"}}
    assert list(kept.parent.iterdir()) == [kept]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(DemoError, match=r"demo\.json is damaged"):
        Keyring(tmp_path)


async def test_a_kept_key_is_found_again(tenant: Workspace, tmp_path: Path) -> None:
    slug = tenant.opened.slug
    Keyring(tmp_path).keep(slug, tenant.opened.secret)
    assert await Keyring(tmp_path).key_of(tenant.ctx(), slug) == tenant.opened.secret


@pytest.mark.parametrize("kept", [None, "sk_test_of_another_database"])
async def test_a_key_that_opens_nothing_is_replaced(
    tenant: Workspace, tmp_path: Path, kept: str | None
) -> None:
    slug = tenant.opened.slug
    if kept is not None:
        Keyring(tmp_path).keep(slug, kept)
    issued = await Keyring(tmp_path).key_of(tenant.ctx(), slug)
    async with unscoped() as tx:
        found = await find_key(tx, issued)
    assert found is not None
    assert found.tenant_id == tenant.id
    assert await Keyring(tmp_path).key_of(tenant.ctx(), slug) == issued


async def test_a_revoked_key_is_replaced(tenant: Workspace, tmp_path: Path) -> None:
    slug = tenant.opened.slug
    keyring = Keyring(tmp_path)
    keyring.keep(slug, tenant.opened.secret)
    await revoke_key(tenant.ctx(), RevokeKey(key_id=tenant.opened.key_id))
    assert await keyring.key_of(tenant.ctx(), slug) != tenant.opened.secret
