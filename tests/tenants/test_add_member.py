"""People are let in once, with no more rights than those of whoever lets them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from kernel.idempotency import KeyReused
from kernel.ids import encode
from tenants.add_member import AddMember, add_member
from tenants.errors import MemberExists
from tenants.queries import find_member, list_members
from tenants.rules.roles import ROLES
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db
RISK = AddMember(email="li@example.com", name="李", roles=("risk", "finance"))


async def test_added_with_roles_and_traces(tenant: Workspace) -> None:
    member = await add_member(tenant.ctx(), RISK)
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await find_member(tx, tenant.id, RISK.email) == member
        assert [one.id for one in await list_members(tx, tenant.id, limit=9)] == [
            tenant.opened.member_id,
            member.id,
        ]
        assert await list_members(tx, tenant.id, after=tenant.opened.member_id, limit=1) == [member]
    assert member.roles == RISK.roles
    assert await audited(tenant, "member.added") == [{"roles": ["risk", "finance"]}]
    assert [event["id"] for event in await emitted(tenant, "member.added")] == [str(member.id)]


async def test_repeated_it_is_the_same(tenant: Workspace) -> None:
    ctx = tenant.ctx(key="k", request=RISK)
    assert await add_member(ctx, RISK) == await add_member(ctx, RISK)
    with pytest.raises(KeyReused):
        await add_member(tenant.ctx(key="k", request="other"), RISK)
    assert len(await emitted(tenant, "member.added")) == 1


async def test_an_address_is_one_member(tenant: Workspace) -> None:
    member = await add_member(tenant.ctx(), RISK)
    with pytest.raises(MemberExists) as refused:
        await add_member(tenant.ctx(), RISK)
    assert refused.value.params == {"existing_id": encode("mem", member.id)}


async def test_an_address_may_stand_in_two_tenants(
    make_tenant: Callable[..., Awaitable[Workspace]],
) -> None:
    members = [await add_member((await make_tenant()).ctx(), RISK) for _ in range(2)]
    assert members[0].id != members[1].id


async def test_nobody_gives_what_they_have_not(tenant: Workspace) -> None:
    admin = tenant.ctx(permissions=ROLES["admin"])
    with pytest.raises(Forbidden) as refused:
        await add_member(admin, AddMember(email="a@example.com", name="A", roles=("owner",)))
    assert refused.value.params == {"permission": "owners:write"}
    assert (await add_member(admin, RISK)).roles == RISK.roles
    with pytest.raises(Forbidden):
        await add_member(tenant.ctx(permissions=ROLES["risk"]), RISK)


@pytest.mark.parametrize("roles", [(), ("risk", "king")])
async def test_unknown_roles_are_refused(tenant: Workspace, roles: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        await add_member(tenant.ctx(), AddMember(email="a@example.com", name="A", roles=roles))
