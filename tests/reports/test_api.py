"""Buyer facts over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest

from kernel.ids import encode
from products.rules.facts import FACTS
from reports.api import router
from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.http import asking
from tests.support.tenants import Workspace, open_workspace
from tests.support.tiers import GOLD, store_facts

pytestmark = pytest.mark.db


async def test_what_is_known_of_a_buyer(tenant: Workspace) -> None:
    buyer = await add_buyer(tenant.ctx(), AddBuyer(name="某厂", party_type="company", owner_name="O"))
    path = f"/v1/buyers/{encode('buy', buyer.id)}/facts"
    async with asking(tenant, [router]) as client:
        assert (await client.get(path)).json()["currencies"] == []
        await store_facts(tenant, buyer.id, **GOLD)
        told = (await client.get(path)).json()
        (found,) = told["currencies"]
    assert (told["object"], told["buyer_id"], found["currency"]) == (
        "buyer_facts", encode("buy", buyer.id), "CNY",
    )  # fmt: skip
    assert found["as_of_on"] == str(tenant.opened_on)
    assert list(found["facts"]) == list(FACTS)
    assert (found["facts"]["orders_90d"], found["facts"]["limit_use_bp"]) == (9, None)


async def test_a_strangers_buyer_is_not_there(tenant: Workspace) -> None:
    stranger = await open_workspace()
    buyer = await add_buyer(stranger.ctx(), AddBuyer(name="某厂", party_type="company", owner_name="O"))
    async with asking(tenant, [router]) as client:
        for buyer_id in (buyer.id, uuid4()):
            assert (await client.get(f"/v1/buyers/{encode('buy', buyer_id)}/facts")).status_code == 404
