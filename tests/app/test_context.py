"""Who is asking: what a key, a member or the system may do, on which business date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.context import FromKey, context_of_member, context_of_operator, context_of_system
from app.keys import KeyCache
from kernel import clock
from kernel.business_date import read_day, set_clock
from kernel.context import Actor, Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound, Unauthenticated
from tenants.add_member import AddMember, add_member
from tenants.issue_key import IssueKey, issue_key
from tenants.rules.roles import ROLES, VOCABULARY
from tests.support.tenants import OPENED_ON, Workspace, new_slug, open_workspace

pytestmark = pytest.mark.db
MakeTenant = Callable[..., Awaitable[Workspace]]


async def ask(secret: str, *, scheme: str = "Bearer ", language: bytes | None = None) -> Ctx:
    return await FromKey(KeyCache())(f"{scheme}{secret}".encode(), language, "req_1")


async def issued(workspace: Workspace, command: IssueKey) -> str:
    secret = (await issue_key(workspace.ctx(), command)).secret
    assert secret is not None
    return secret


async def test_the_tenants_own_key(tenant: Workspace) -> None:
    ctx = await ask(tenant.opened.secret)
    assert (ctx.tenant_id, ctx.mode, ctx.actor) == (tenant.id, "test", Actor("key", tenant.opened.key_id))
    assert ctx.permissions == VOCABULARY
    assert ctx.today == OPENED_ON
    assert ctx.now == clock.opening(OPENED_ON, "Asia/Shanghai", time(12))
    assert (ctx.locale, ctx.request_id, ctx.key) == ("zh-CN", "req_1", None)
    assert (await ask(tenant.opened.secret, scheme="bearer  ", language=b"en")).locale == "en"


async def test_a_members_key_may_what_scopes_and_roles_both_allow(tenant: Workspace) -> None:
    member = await add_member(tenant.ctx(), AddMember(email="a@example.com", name="A", roles=("support",)))
    scopes = ("buyers:read", "buyers:write", "drawdowns:read")
    ctx = await ask(await issued(tenant, IssueKey(name="k", scopes=scopes, member_id=member.id)))
    assert ctx.actor == Actor("member", member.id)
    assert ctx.permissions == {"buyers:read", "drawdowns:read"}
    named = await context_of_member(tenant.opened.slug, "a@example.com")
    assert (named.actor, named.permissions) == (Actor("member", member.id), ROLES["support"])


@pytest.mark.parametrize(
    "authorization", [None, b"", b"Bearer", b"Bearer ", b"Basic abc", b"Bearer \xff\xfe"]
)
async def test_without_a_good_key_nobody_is_asking(database: None, authorization: bytes | None) -> None:
    with pytest.raises(Unauthenticated):
        await FromKey(KeyCache())(authorization, None, "req_1")


async def test_an_expired_key_is_dead_though_it_is_kept(
    tenant: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = clock.real_now() + timedelta(minutes=5)
    secret = await issued(tenant, IssueKey(name="k", expires_at=soon))
    asking = FromKey(KeyCache())
    assert (await asking(f"Bearer {secret}".encode(), None, "r")).tenant_id == tenant.id
    monkeypatch.setattr(clock, "real_now", lambda: soon)
    with pytest.raises(Unauthenticated):
        await asking(f"Bearer {secret}".encode(), None, "r")


async def test_a_live_tenants_day_is_rolled_by_whoever_comes_first(
    make_tenant: MakeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await make_tenant("live")
    assert (await ask(live.opened.secret)).today == live.opened_on
    tomorrow = clock.real_now() + timedelta(days=1)
    monkeypatch.setattr(clock, "real_now", lambda: tomorrow)
    ctx = await ask(live.opened.secret)
    assert ctx.today == live.opened_on + timedelta(days=1)
    async with scope(live.ctx(), read_only=True) as tx:
        assert (await read_day(tx, live.id)).business_on == ctx.today


async def test_a_test_tenant_lives_by_its_own_clock(
    tenant: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "real_now", lambda real=clock.real_now: real() + timedelta(days=400))
    assert (await ask(tenant.opened.secret)).today == OPENED_ON
    later = clock.opening(OPENED_ON + timedelta(days=9), "Asia/Shanghai", time(8))
    await tenant.roll(OPENED_ON + timedelta(days=9))
    await set_clock(tenant.ctx(), later)
    ctx = await ask(tenant.opened.secret)
    assert (ctx.now, ctx.today) == (later, OPENED_ON + timedelta(days=9))


async def test_the_system_may_what_it_is_told(tenant: Workspace) -> None:
    ctx = await context_of_system(tenant.opened.slug, {"days:write"})
    assert (ctx.tenant_id, ctx.actor.kind) == (tenant.id, "system")
    assert ctx.permissions == {"days:write"}
    for unknown in (context_of_system(new_slug()), context_of_member(tenant.opened.slug, "no@example.com")):
        with pytest.raises(NotFound):
            await unknown


def test_the_operator_opens_a_tenant_at_its_own_date() -> None:
    evening = datetime(2027, 3, 1, 20, tzinfo=UTC)
    assert context_of_operator("test", "Asia/Shanghai", now=evening).today == date(2027, 3, 2)
    assert context_of_operator("test", "Asia/Shanghai", time(6), evening).today == date(2027, 3, 1)
    assert context_of_operator("live", "Asia/Shanghai", now=evening).now != evening


async def test_a_slug_of_ones_own_tenant(database: None) -> None:
    opened = await open_workspace(slug=(slug := new_slug()))
    assert (await context_of_system(f"{slug}-test")).tenant_id == opened.id
