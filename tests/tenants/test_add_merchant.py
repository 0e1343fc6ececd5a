"""A merchant is added once under its reference."""

from __future__ import annotations

import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from kernel.ids import encode
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.errors import ExternalRefConflict
from tenants.queries import find_merchant, list_merchants, read_merchant
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db
MILL = AddMerchant(name="华东纺织", external_ref="mill-1", metadata={"region": "east"})


async def test_added_with_traces(tenant: Workspace) -> None:
    merchant = await add_merchant(tenant.ctx(), MILL)
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await find_merchant(tx, tenant.id, "mill-1") == merchant
        assert await read_merchant(tx, tenant.id, merchant.id) == merchant
        assert await list_merchants(tx, tenant.id, limit=9) == [merchant]
    assert (merchant.name, merchant.metadata, merchant.version) == ("华东纺织", {"region": "east"}, 1)
    assert await audited(tenant, "merchant.added") == [{"name": "华东纺织"}]
    assert [event["id"] for event in await emitted(tenant, "merchant.added")] == [str(merchant.id)]


async def test_a_reference_is_one_merchant(tenant: Workspace) -> None:
    merchant = await add_merchant(tenant.ctx(key="k", request=MILL), MILL)
    assert await add_merchant(tenant.ctx(key="k", request=MILL), MILL) == merchant
    with pytest.raises(ExternalRefConflict) as refused:
        await add_merchant(tenant.ctx(), MILL)
    assert refused.value.params == {"external_ref": "mill-1", "existing_id": encode("mer", merchant.id)}
    assert len(await emitted(tenant, "merchant.added")) == 1


async def test_refusals(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await add_merchant(tenant.ctx(permissions=frozenset({"buyers:write"})), MILL)
    with pytest.raises(Invalid):
        await add_merchant(tenant.ctx(), AddMerchant(name="x", metadata={str(n): "" for n in range(51)}))
