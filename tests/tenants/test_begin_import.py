"""A file is under way once; what kind of objects it holds decides who may."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from kernel.errors import Forbidden, Invalid
from kernel.idempotency import KeyReused
from tenants.begin_import import BeginImport, begin_import
from tenants.end_import import EndImport, end_import
from tests.support.import_files import ORDERS
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

BEGIN = BeginImport(
    mapping=ORDERS, format="csv", columns=("no", "shop", "at", "sku", "pieces", "price"),
    file_name="orders.csv", file_hash="0" * 64, file_bytes=100,
)  # fmt: skip


def like(**changes: Any) -> BeginImport:
    return msgspec.structs.replace(BEGIN, **changes)


async def test_begun_with_traces(tenant: Workspace) -> None:
    run = await begin_import(tenant.ctx(), BEGIN)
    assert (run.kind, run.status, run.position) == ("orders", "running", 0)
    assert (await audited(tenant, "import.begun"))[0]["file_name"] == "orders.csv"
    assert len(await emitted(tenant, "import.begun")) == 1


async def test_the_same_file_is_under_way_once(tenant: Workspace) -> None:
    first, second = await asyncio.gather(*(begin_import(tenant.ctx(), BEGIN) for _ in range(2)))
    assert first.id == second.id
    await end_import(tenant.ctx(), EndImport(import_id=first.id, position=0))
    assert (await begin_import(tenant.ctx(), BEGIN)).id != first.id


async def test_under_a_key(tenant: Workspace) -> None:
    first = await begin_import(tenant.ctx(key="k", request=1), BEGIN)
    assert (await begin_import(tenant.ctx(key="k", request=1), BEGIN)).id == first.id
    with pytest.raises(KeyReused):
        await begin_import(tenant.ctx(key="k", request=2), like(file_hash="1" * 64))


@pytest.mark.parametrize("mapping", [{}, {"kind": "orders"}, ORDERS | {"left_out": 1}])
async def test_a_bad_mapping(tenant: Workspace, mapping: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await begin_import(tenant.ctx(), like(mapping=mapping))


async def test_who_may(tenant: Workspace) -> None:
    for permissions in ({"imports:write"}, {"orders:write"}):
        with pytest.raises(Forbidden):
            await begin_import(tenant.ctx(permissions=frozenset(permissions)), BEGIN)
