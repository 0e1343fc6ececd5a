"""A buyer is added once under its reference, with the person who owns the account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from kernel.idempotency import KeyReused
from kernel.ids import encode
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.errors import ExternalRefConflict
from tenants.queries import find_buyer, list_buyer_users, list_buyers
from tests.support.tenants import Workspace
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db
Make = Callable[..., Awaitable[Workspace]]
SHOP = AddBuyer(
    name="喵喵宠物店",
    party_type="sole_trader",
    owner_name="王芳",
    mobile="13800000000",
    external_ref="shop-1",
    metadata={"city": "杭州"},
)


async def test_added_with_its_owner_and_traces(tenant: Workspace) -> None:
    buyer = await add_buyer(tenant.ctx(), SHOP)
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await find_buyer(tx, tenant.id, "shop-1") == buyer
        (owner,) = await list_buyer_users(tx, tenant.id, buyer.id)
    assert (owner.role, owner.name, owner.mobile) == ("owner", "王芳", "13800000000")
    assert (buyer.name, buyer.metadata, buyer.version) == ("喵喵宠物店", {"city": "杭州"}, 1)
    assert buyer.created_at == tenant.ctx().now
    assert await audited(tenant, "buyer.added") == [{"external_ref": "shop-1"}]
    assert [event["id"] for event in await emitted(tenant, "buyer.added")] == [str(buyer.id)]


async def test_a_reference_is_one_buyer_for_ever(tenant: Workspace) -> None:
    results = await together(*(add_buyer(tenant.ctx(), SHOP) for _ in range(5)))
    (buyer,) = [result for result in results if not isinstance(result, BaseException)]
    conflicts = [result for result in results if isinstance(result, ExternalRefConflict)]
    assert len(conflicts) == 4
    assert {error.params["existing_id"] for error in conflicts} == {encode("buy", buyer.id)}
    assert len(await emitted(tenant, "buyer.added")) == 1


async def test_the_reference_is_free_in_another_tenant(make_tenant: Make) -> None:
    buyers = [await add_buyer((await make_tenant()).ctx(), SHOP) for _ in range(2)]
    assert buyers[0].id != buyers[1].id


async def test_without_a_reference_each_is_another(tenant: Workspace) -> None:
    plain = AddBuyer(name="A", party_type="company", owner_name="B")
    made = [await add_buyer(tenant.ctx(), plain) for _ in range(3)]
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await list_buyers(tx, tenant.id, limit=9) == sorted(made, key=lambda buyer: buyer.id)
        assert await list_buyers(tx, tenant.id, after=max(b.id for b in made), limit=9) == []


async def test_repeated_it_is_the_same(tenant: Workspace) -> None:
    ctx = tenant.ctx(key="k", request=SHOP)
    assert len({str(buyer) for buyer in await together(*(add_buyer(ctx, SHOP) for _ in range(5)))}) == 1
    with pytest.raises(KeyReused):
        await add_buyer(tenant.ctx(key="k", request="other"), SHOP)
    assert len(await emitted(tenant, "buyer.added")) == 1


async def test_not_without_permission(tenant: Workspace) -> None:
    with pytest.raises(Forbidden) as refused:
        await add_buyer(tenant.ctx(permissions=frozenset({"buyers:read"})), SHOP)
    assert refused.value.params == {"permission": "buyers:write"}


async def test_all_that_is_wrong_is_told_at_once(tenant: Workspace) -> None:
    bad = AddBuyer(
        name=" ",
        party_type="company",
        owner_name="a\nb",
        mobile="",
        external_ref="x" * 201,
        metadata={"a/b": "x" * 501},
    )
    with pytest.raises(Invalid) as refused:
        await add_buyer(tenant.ctx(), bad)
    assert [(problem.pointer, problem.code) for problem in refused.value.errors] == [
        ("#/name", "wrong_form"),
        ("#/owner_name", "wrong_form"),
        ("#/mobile", "wrong_length"),
        ("#/external_ref", "wrong_length"),
        ("#/metadata/a~1b", "wrong_length"),
    ]


async def test_the_database_refuses_an_unknown_party_type(tenant: Workspace) -> None:
    odd = AddBuyer(name="A", party_type="ghost", owner_name="B")  # type: ignore[arg-type]
    with pytest.raises(asyncpg.CheckViolationError):
        await add_buyer(tenant.ctx(), odd)
