"""Orders are recorded in bulk, once, each told apart."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from kernel.idempotency import KeyReused
from kernel.ids import uuid7
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.record_orders import RecordOrders, record_orders
from tenants.rules.trade import TradeLine, TradeOrderItem
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

COTTON = TradeLine("COTTON", Decimal("12.5"), 100_00, "fabric")
THREAD = TradeLine("THREAD", Decimal(3), 0)
ORDER = TradeOrderItem(
    external_ref="A-1",
    ordered_at=datetime(2027, 2, 28, 17, 0, tzinfo=UTC),
    currency="CNY",
    lines=(COTTON, THREAD),
    buyer_ref="shop-1",
    merchant_ref="mill-1",
)


def like(order: TradeOrderItem, **changes: Any) -> TradeOrderItem:
    return msgspec.structs.replace(order, **changes)


async def parties(tenant: Workspace) -> None:
    await add_buyer(
        tenant.ctx(),
        AddBuyer(name="Shop", party_type="company", owner_name="Chen", external_ref="shop-1"),
    )
    await add_merchant(tenant.ctx(), AddMerchant(name="Mill", external_ref="mill-1"))


async def stored(tenant: Workspace, sql: str) -> list[tuple[Any, ...]]:
    async with scope(tenant.ctx(), read_only=True) as tx:
        return [tuple(row) for row in await tx.fetch(f"{sql} WHERE tenant_id = $1 ORDER BY 1, 2", tenant.id)]


async def test_recorded_with_traces(tenant: Workspace) -> None:
    await parties(tenant)
    first, second = await record_orders(
        tenant.ctx(), RecordOrders(orders=(ORDER, like(ORDER, external_ref="A-2", merchant_ref=None)))
    )
    assert (first.outcome, second.outcome) == ("recorded", "recorded")
    rows = await stored(
        tenant, "SELECT external_ref, ordered_on, currency, amount_minor FROM tenants.trade_order"
    )
    day = date(2027, 3, 1)  # 17:00 UTC is the next day in Shanghai
    assert rows == [("A-1", day, "CNY", 100_00), ("A-2", day, "CNY", 100_00)]
    lines = await stored(
        tenant, "SELECT order_id, no, sku, category, quantity, amount_minor FROM tenants.trade_order_line"
    )
    assert [line[1:] for line in lines if line[0] == first.id] == [
        (1, "COTTON", "fabric", Decimal("12.5"), 100_00),
        (2, "THREAD", None, Decimal(3), 0),
    ]
    assert await audited(tenant, "orders.recorded") == [{"orders": 2}]
    assert await emitted(tenant, "orders.recorded") == [{"orders": 2, "first_id": str(first.id)}]


async def test_the_same_again_is_a_repetition_and_another_is_refused(tenant: Workspace) -> None:
    await parties(tenant)
    (first,) = await record_orders(tenant.ctx(), RecordOrders(orders=(ORDER,)))
    same = like(ORDER, lines=(msgspec.structs.replace(COTTON, quantity=Decimal("12.50")), THREAD))
    again, other = await record_orders(
        tenant.ctx(), RecordOrders(orders=(same, like(ORDER, lines=(COTTON,))))
    )
    assert (again.outcome, again.id) == ("repeated", first.id)
    assert other.outcome == "refused"
    assert other.problem is not None
    assert (other.problem.pointer, other.problem.code) == ("#/external_ref", "recorded_otherwise")
    assert len(await stored(tenant, "SELECT order_id, no FROM tenants.trade_order_line")) == 2
    assert len(await emitted(tenant, "orders.recorded")) == 1


async def test_twice_in_one_command_is_once(tenant: Workspace) -> None:
    await parties(tenant)
    told = await record_orders(tenant.ctx(), RecordOrders(orders=(ORDER, ORDER)))
    assert [one.outcome for one in told] == ["recorded", "repeated"]


async def test_two_at_once_record_each_once(tenant: Workspace) -> None:
    await parties(tenant)
    orders = tuple(like(ORDER, external_ref=f"A-{n}") for n in range(200))
    told = await asyncio.gather(
        record_orders(tenant.ctx(), RecordOrders(orders=orders)),
        record_orders(tenant.ctx(), RecordOrders(orders=orders[::-1])),
    )
    assert sum(one.outcome == "recorded" for each in told for one in each) == 200
    assert sum(one.outcome == "repeated" for each in told for one in each) == 200
    assert len(await stored(tenant, "SELECT order_id, no FROM tenants.trade_order_line")) == 400


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"external_ref": ""}, "#/external_ref", "wrong_length"),
        ({"external_ref": "A\x00"}, "#/external_ref", "wrong_form"),
        ({"ordered_at": ORDER.ordered_at.replace(tzinfo=None)}, "#/ordered_at", "wrong_form"),
        ({"ordered_at": datetime(1022, 2, 28, tzinfo=UTC)}, "#/ordered_at", "out_of_range"),
        ({"ordered_at": ORDER.ordered_at + timedelta(days=1)}, "#/ordered_at", "effective_in_future"),
        ({"currency": "XXX"}, "#/currency", "unknown_currency"),
        ({"buyer_ref": None}, "#/buyer_ref", "required"),
        ({"buyer_id": uuid7()}, "#/buyer_ref", "named_twice"),
        ({"buyer_ref": "nobody"}, "#/buyer_ref", "unknown_buyer"),
        ({"buyer_ref": None, "buyer_id": uuid7()}, "#/buyer_id", "unknown_buyer"),
        ({"merchant_ref": "nobody"}, "#/merchant_ref", "unknown_merchant"),
        ({"merchant_ref": None, "merchant_id": uuid7()}, "#/merchant_id", "unknown_merchant"),
        ({"lines": ()}, "#/lines", "wrong_length"),
        ({"lines": (THREAD,)}, "#/lines", "total_not_positive"),
        ({"lines": (TradeLine(" ", Decimal(1), 1),)}, "#/lines/0/sku", "wrong_form"),
        ({"lines": (COTTON, TradeLine("A", Decimal(0), 1))}, "#/lines/1/quantity", "out_of_range"),
        ({"lines": (TradeLine("A", Decimal("NaN"), 1),)}, "#/lines/0/quantity", "out_of_range"),
        ({"lines": (TradeLine("A", Decimal("1e-7"), 1),)}, "#/lines/0/quantity", "wrong_form"),
        ({"lines": (TradeLine("A", Decimal(1), -1),)}, "#/lines/0/amount_minor", "out_of_range"),
        ({"lines": (TradeLine("A", Decimal(1), 1, ""),)}, "#/lines/0/category", "wrong_length"),
    ],
)
async def test_each_refusal_stops_no_other(
    tenant: Workspace, changes: dict[str, Any], pointer: str, code: str
) -> None:
    await parties(tenant)
    bad, good = await record_orders(
        tenant.ctx(), RecordOrders(orders=(like(ORDER, **changes), like(ORDER, external_ref="good")))
    )
    assert bad.outcome == "refused"
    assert bad.problem is not None
    assert (bad.problem.pointer, bad.problem.code) == (pointer, code)
    assert good.outcome == "recorded"
    assert [row[0] for row in await stored(tenant, "SELECT external_ref, id FROM tenants.trade_order")] == [
        "good"
    ]


async def test_a_key_has_one_effect(tenant: Workspace) -> None:
    await parties(tenant)
    command = RecordOrders(orders=(ORDER,))
    told = await record_orders(tenant.ctx(key="k", request=command), command)
    assert await record_orders(tenant.ctx(key="k", request=command), command) == told
    assert told[0].outcome == "recorded"
    with pytest.raises(KeyReused):
        await record_orders(tenant.ctx(key="k", request="other"), command)


async def test_refusals_of_the_whole(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await record_orders(tenant.ctx(permissions=frozenset({"orders:read"})), RecordOrders(orders=(ORDER,)))
    for orders in ((), (ORDER,) * 1001):
        with pytest.raises(Invalid):
            await record_orders(tenant.ctx(), RecordOrders(orders=orders))


async def test_a_strangers_buyer_is_unknown(tenant: Workspace, make_tenant: Any) -> None:
    await parties(tenant)
    other = await make_tenant()
    (told,) = await record_orders(other.ctx(), RecordOrders(orders=(like(ORDER, merchant_ref=None),)))
    assert told.problem is not None
    assert told.problem.code == "unknown_buyer"
