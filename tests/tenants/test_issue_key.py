"""A key is shown once, found by its hash alone, and never mightier than who makes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg
import pytest

from kernel.clock import real_now
from kernel.db.scope import scope, unscoped
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.ids import uuid7
from tenants.add_member import AddMember, add_member
from tenants.issue_key import IssueKey, issue_key
from tenants.queries import find_key, list_keys, read_key
from tenants.rules.roles import ROLES, VOCABULARY
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]
READER = IssueKey(name="reader", scopes=("buyers:read", "lines:read"))


async def test_a_restricted_key_is_found_with_its_scopes(tenant: Workspace) -> None:
    issued = await issue_key(tenant.ctx(), READER)
    assert issued.secret is not None
    assert issued.secret.startswith("rk_test_")
    async with unscoped() as tx:
        found = await find_key(tx, issued.secret)
    assert found is not None
    assert (found.tenant_id, found.mode, found.key_id) == (tenant.id, "test", issued.key.id)
    assert found.permissions == {"buyers:read", "lines:read"}
    assert found.usable(real_now())


async def test_the_secret_is_kept_nowhere(tenant: Workspace, admin_url: str) -> None:
    issued = await issue_key(tenant.ctx(key="k", request=1), READER)
    assert issued.secret is not None
    connection = await asyncpg.connect(admin_url)
    kept = await connection.fetchval(
        "SELECT concat((SELECT string_agg(to_jsonb(k)::text, '') FROM tenants.api_key k),"
        " (SELECT string_agg(to_jsonb(a)::text, '') FROM kernel.audit a),"
        " (SELECT string_agg(to_jsonb(o)::text, '') FROM kernel.outbox o),"
        " (SELECT string_agg(to_jsonb(i)::text, '') FROM kernel.idempotency i))"
    )
    await connection.close()
    assert issued.key.hint in kept
    assert issued.secret not in kept
    assert issued.secret[8:40] not in kept


async def test_repeated_it_is_the_same_key_without_its_secret(tenant: Workspace) -> None:
    ctx = tenant.ctx(key="k", request=READER)
    first, again = await issue_key(ctx, READER), await issue_key(ctx, READER)
    assert first.secret
    assert (again.key, again.secret) == (first.key, None)
    assert len(await emitted(tenant, "key.issued")) == 1
    assert len(await audited(tenant, "key.issued")) == 1


async def test_nobody_makes_a_key_that_may_more_than_they(tenant: Workspace) -> None:
    developer = tenant.ctx(permissions=ROLES["developer"])
    assert (await issue_key(developer, READER)).secret
    for command in (IssueKey(name="all"), IssueKey(name="writer", scopes=("buyers:write",))):
        with pytest.raises(Forbidden):
            await issue_key(developer, command)
    with pytest.raises(Forbidden):
        await issue_key(tenant.ctx(permissions=ROLES["support"]), READER)


async def test_a_members_key_may_what_both_allow(tenant: Workspace) -> None:
    member = await add_member(
        tenant.ctx(), AddMember(email="s@example.com", name="S", roles=("salesperson",))
    )
    issued = await issue_key(
        tenant.ctx(), IssueKey(name="s", member_id=member.id, scopes=("buyers:write", "keys:write"))
    )
    async with unscoped() as tx:
        found = await find_key(tx, issued.secret or "")
    assert found is not None
    assert (found.member_id, found.family) == (member.id, member.id)
    assert found.permissions == {"buyers:write"}


async def test_a_replacing_key_keeps_the_family(tenant: Workspace) -> None:
    old = await issue_key(tenant.ctx(), READER)
    new = await issue_key(tenant.ctx(), IssueKey(name="new", scopes=READER.scopes, replaces=old.key.id))
    assert (new.key.family, old.key.family) == (old.key.id, old.key.id)


async def test_keys_of_others_do_not_exist(make_tenant: Make) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    issued = await issue_key(theirs.ctx(), READER)
    with pytest.raises(NotFound):
        await issue_key(mine.ctx(), IssueKey(name="x", replaces=issued.key.id))
    with pytest.raises(NotFound):
        await issue_key(mine.ctx(), IssueKey(name="x", member_id=theirs.opened.member_id))
    async with scope(mine.ctx(), read_only=True) as tx:
        with pytest.raises(NotFound):
            await read_key(tx, mine.id, issued.key.id)
        assert [key.id for key in await list_keys(tx, mine.id, limit=9)] == [mine.opened.key_id]


async def test_it_expires_by_real_time(tenant: Workspace) -> None:
    soon = real_now() + timedelta(minutes=5)
    issued = await issue_key(tenant.ctx(), IssueKey(name="x", expires_at=soon))
    async with unscoped() as tx:
        found = await find_key(tx, issued.secret or "")
    assert found is not None
    assert found.usable(soon - timedelta(seconds=1))
    assert not found.usable(soon)


@pytest.mark.parametrize(
    "command",
    [
        IssueKey(name=""),
        IssueKey(name="x", scopes=()),
        IssueKey(name="x", scopes=("buyers:fly",)),
        IssueKey(name="x", scopes=("*", "buyers:read")),
        IssueKey(name="x", scopes=("tenants:open",)),
        IssueKey(name="x", expires_at=datetime(2020, 1, 1)),  # noqa: DTZ001
        IssueKey(name="x", expires_at=real_now()),
    ],
)
async def test_bad_input_is_refused(tenant: Workspace, command: IssueKey) -> None:
    with pytest.raises(Invalid):
        await issue_key(tenant.ctx(), command)


async def test_what_is_no_key_is_not_looked_up(database: None, tenant: Workspace) -> None:
    good = tenant.opened.secret
    async with unscoped() as tx:
        for bad in ("", "x", str(uuid7()), good[:-1], good + "0", good[:-1] + "!", good.swapcase()):
            assert await find_key(tx, bad) is None
        assert await find_key(tx, good) is not None
    assert tenant.ctx().permissions == VOCABULARY
