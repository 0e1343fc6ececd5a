"""Roles change under one's own rights only, and a tenant never loses its last owner."""

from __future__ import annotations

from uuid import UUID

import pytest

from kernel.db.scope import scope, unscoped
from kernel.errors import Forbidden, NotFound
from kernel.ids import uuid7
from tenants.add_member import AddMember, add_member
from tenants.errors import LastOwner, VersionMismatch
from tenants.issue_key import IssueKey, issue_key
from tenants.queries import Member, find_key, read_tenant
from tenants.rules.roles import ROLES
from tenants.set_member_roles import SetMemberRoles, set_member_roles
from tests.support.tenants import Workspace
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def _add(tenant: Workspace, *roles: str) -> Member:
    return await add_member(tenant.ctx(), AddMember(email=f"{uuid7()}@example.com", name="x", roles=roles))


def _to(member_id: UUID, *roles: str, version: int = 1) -> SetMemberRoles:
    return SetMemberRoles(member_id=member_id, version=version, roles=roles)


async def _config_version(tenant: Workspace) -> int:
    async with scope(tenant.ctx(), read_only=True) as tx:
        return (await read_tenant(tx, tenant.id)).config_version


async def test_roles_change_with_traces_and_a_new_config_version(tenant: Workspace) -> None:
    member, before = await _add(tenant, "risk"), await _config_version(tenant)
    changed = await set_member_roles(tenant.ctx(), _to(member.id, "finance"))
    assert (changed.roles, changed.version) == (("finance",), 2)
    assert await _config_version(tenant) == before + 1
    assert await audited(tenant, "member.roles_changed") == [{"before": ["risk"], "after": ["finance"]}]
    assert len(await emitted(tenant, "member.roles_changed")) == 1


async def test_a_members_key_follows(tenant: Workspace) -> None:
    member = await _add(tenant, "finance")
    issued = await issue_key(tenant.ctx(), IssueKey(name="own", member_id=member.id))
    await set_member_roles(tenant.ctx(), _to(member.id, "support"))
    async with unscoped() as tx:
        found = await find_key(tx, issued.secret or "")
    assert found is not None
    assert found.permissions == ROLES["support"]


async def test_an_old_version_is_refused(tenant: Workspace) -> None:
    member = await _add(tenant, "risk")
    await set_member_roles(tenant.ctx(), _to(member.id, "finance"))
    with pytest.raises(VersionMismatch) as refused:
        await set_member_roles(tenant.ctx(), _to(member.id, "support"))
    assert refused.value.params == {"version": 2}


async def test_nobody_gives_or_takes_what_they_have_not(tenant: Workspace) -> None:
    member = await _add(tenant, "risk")
    admin = tenant.ctx(permissions=ROLES["admin"])
    for command in (_to(member.id, "owner"), _to(tenant.opened.member_id, "support")):
        with pytest.raises(Forbidden):
            await set_member_roles(admin, command)
    with pytest.raises(Forbidden):
        await set_member_roles(tenant.ctx(permissions=ROLES["support"]), _to(member.id, "support"))
    with pytest.raises(NotFound):
        await set_member_roles(tenant.ctx(), _to(uuid7(), "support"))


async def test_the_last_owner_stays(tenant: Workspace) -> None:
    with pytest.raises(LastOwner):
        await set_member_roles(tenant.ctx(), _to(tenant.opened.member_id, "admin"))
    kept = await set_member_roles(tenant.ctx(), _to(tenant.opened.member_id, "owner", "risk"))
    assert kept.roles == ("owner", "risk")


async def test_two_owners_cannot_demote_each_other(tenant: Workspace) -> None:
    other = await _add(tenant, "owner")
    results = await together(
        *(
            set_member_roles(tenant.ctx(), _to(member_id, "support"))
            for member_id in (other.id, tenant.opened.member_id)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "Member"]
