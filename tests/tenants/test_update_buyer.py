"""A buyer changes by who has seen its last version; what is not given stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from kernel.errors import Forbidden, Invalid, NotFound
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.errors import VersionMismatch
from tenants.queries import Buyer
from tenants.update_buyer import UpdateBuyer, update_buyer
from tests.support.tenants import Workspace
from tests.support.together import together
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db


async def _add(tenant: Workspace) -> Buyer:
    command = AddBuyer(name="A", party_type="company", owner_name="B", metadata={"city": "杭州"})
    return await add_buyer(tenant.ctx(), command)


async def test_what_is_given_changes(tenant: Workspace) -> None:
    before = await _add(tenant)
    after = await update_buyer(tenant.ctx(), UpdateBuyer(buyer_id=before.id, version=1, name="新"))
    assert (after.name, after.party_type, after.metadata, after.version) == (
        "新",
        "company",
        {"city": "杭州"},
        2,
    )
    again = UpdateBuyer(buyer_id=before.id, version=2, party_type="individual", metadata={})
    last = await update_buyer(tenant.ctx(), again)
    assert (last.name, last.party_type, last.metadata, last.version) == ("新", "individual", {}, 3)
    told = await audited(tenant, "buyer.updated")
    assert [(one["before"]["name"], one["after"]["name"]) for one in told] == [("A", "新"), ("新", "新")]
    assert len(await emitted(tenant, "buyer.updated")) == 2


async def test_of_many_at_once_one_changes(tenant: Workspace) -> None:
    buyer = await _add(tenant)
    results = await together(
        *(
            update_buyer(tenant.ctx(), UpdateBuyer(buyer_id=buyer.id, version=1, name=f"n{number}"))
            for number in range(4)
        )
    )
    assert sorted(type(result).__name__ for result in results) == ["Buyer", *["VersionMismatch"] * 3]
    assert [result.params for result in results if isinstance(result, VersionMismatch)] == [
        {"version": 2}
    ] * 3
    assert len(await emitted(tenant, "buyer.updated")) == 1


async def test_refusals(make_tenant: Callable[..., Awaitable[Workspace]]) -> None:
    mine, theirs = await make_tenant(), await make_tenant()
    buyer = await _add(theirs)
    with pytest.raises(NotFound):
        await update_buyer(mine.ctx(), UpdateBuyer(buyer_id=buyer.id, version=1, name="x"))
    with pytest.raises(Forbidden):
        await update_buyer(
            theirs.ctx(permissions=frozenset()), UpdateBuyer(buyer_id=buyer.id, version=1, name="x")
        )
    with pytest.raises(Invalid):
        await update_buyer(
            theirs.ctx(), UpdateBuyer(buyer_id=buyer.id, version=1, name="", metadata={"": ""})
        )
