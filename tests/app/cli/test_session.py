"""Which tenant and which member a command acts for."""

from __future__ import annotations

import pytest

from app.cli import session
from app.cli.failures import CommandError
from app.cli.session import context
from kernel.ids import encode
from tenants.rules.roles import VOCABULARY, permissions_of
from tests.support.tenants import Workspace, open_workspace

pytestmark = pytest.mark.db


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The slugs of all tenants there are, for a test to set."""
    found: list[str] = []

    async def slugs() -> list[str]:
        return found

    monkeypatch.setattr(session, "slugs", slugs)
    return found


async def test_the_only_tenant_need_not_be_named(tenant: Workspace, known: list[str]) -> None:
    with pytest.raises(CommandError, match="there is no tenant yet"):
        await context(None, None)
    known.append(tenant.opened.slug)
    assert (await context(None, None)).tenant_id == tenant.id
    known.append("another")
    with pytest.raises(CommandError, match="there are several tenants"):
        await context(None, None)


async def test_without_a_member_it_is_the_operator(tenant: Workspace) -> None:
    ctx = await context(tenant.opened.slug, None)
    assert (ctx.actor.kind, ctx.permissions, ctx.today) == ("system", VOCABULARY, tenant.opened_on)


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_member_by_address_or_id(tenant: Workspace, by_id: bool) -> None:
    member = encode("mem", tenant.opened.member_id) if by_id else "owner@example.com"
    ctx = await context(tenant.opened.slug, member)
    assert (ctx.actor.kind, ctx.actor.id) == ("member", tenant.opened.member_id)
    assert ctx.permissions == permissions_of(["owner"])


async def test_unknown_names_are_told_apart(tenant: Workspace) -> None:
    stranger = await open_workspace()
    for slug, member, says in (
        ("nope", None, "there is no tenant 'nope'"),
        ("nope", "owner@example.com", "there is no tenant 'nope'"),
        (tenant.opened.slug, "x@example.com", "has no member 'x@example.com'"),
        (tenant.opened.slug, encode("mem", stranger.opened.member_id), "has no member 'mem_"),
    ):
        with pytest.raises(CommandError) as refused:
            await context(slug, member)
        assert says in refused.value.message
