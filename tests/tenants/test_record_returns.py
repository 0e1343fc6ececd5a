"""Returns are recorded in bulk, once, each told apart; of an order where it is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from kernel.errors import Forbidden, Invalid
from tenants.record_orders import RecordOrders, record_orders
from tenants.record_returns import RecordReturns, record_returns
from tenants.rules.trade import TradeLine, TradeReturnItem
from tests.support.tenants import Workspace
from tests.support.traces import audited, emitted
from tests.tenants.test_record_orders import ORDER, parties, stored

pytestmark = pytest.mark.db

RETURN = TradeReturnItem(
    external_ref="C-1",
    returned_at=datetime(2027, 3, 1, 3, 0, tzinfo=UTC),
    currency="CNY",
    lines=(TradeLine("COTTON", Decimal(2), 16_00),),
    buyer_ref="shop-1",
)


def like(item: TradeReturnItem, **changes: Any) -> TradeReturnItem:
    return msgspec.structs.replace(item, **changes)


async def test_recorded_with_and_without_an_order(tenant: Workspace) -> None:
    await parties(tenant)
    (order,) = await record_orders(tenant.ctx(), RecordOrders(orders=(ORDER,)))
    told = await record_returns(
        tenant.ctx(), RecordReturns(returns=(RETURN, like(RETURN, external_ref="C-2", order_ref="A-1")))
    )
    assert [one.outcome for one in told] == ["recorded", "recorded"]
    rows = await stored(
        tenant, "SELECT external_ref, order_id, returned_on, amount_minor FROM tenants.trade_return"
    )
    day = date(2027, 3, 1)
    assert rows == [("C-1", None, day, 16_00), ("C-2", order.id, day, 16_00)]
    lines = await stored(tenant, "SELECT sku, quantity, amount_minor FROM tenants.trade_return_line")
    assert lines == [("COTTON", Decimal(2), 16_00)] * 2
    assert await audited(tenant, "returns.recorded") == [{"returns": 2}]
    assert len(await emitted(tenant, "returns.recorded")) == 1


async def test_again_and_otherwise(tenant: Workspace) -> None:
    await parties(tenant)
    await record_returns(tenant.ctx(), RecordReturns(returns=(RETURN,)))
    other = like(RETURN, returned_at=datetime(2027, 3, 1, 4, 0, tzinfo=UTC))
    told = await record_returns(tenant.ctx(), RecordReturns(returns=(RETURN, other)))
    assert [one.outcome for one in told] == ["repeated", "refused"]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"order_ref": "A-9"}, "#/order_ref", "unknown_order"),
        ({"order_ref": "A-1", "currency": "USD"}, "#/currency", "currency_mismatch"),
        ({"returned_at": datetime(2027, 3, 2, tzinfo=UTC)}, "#/returned_at", "effective_in_future"),
        ({"buyer_ref": "nobody"}, "#/buyer_ref", "unknown_buyer"),
        ({"lines": ()}, "#/lines", "wrong_length"),
    ],
)
async def test_refused(tenant: Workspace, changes: dict[str, Any], pointer: str, code: str) -> None:
    await parties(tenant)
    await record_orders(tenant.ctx(), RecordOrders(orders=(ORDER,)))
    (bad,) = await record_returns(tenant.ctx(), RecordReturns(returns=(like(RETURN, **changes),)))
    assert bad.problem is not None
    assert (bad.problem.pointer, bad.problem.code) == (pointer, code)
    assert await stored(tenant, "SELECT external_ref, id FROM tenants.trade_return") == []


async def test_a_key_has_one_effect(tenant: Workspace) -> None:
    await parties(tenant)
    command = RecordReturns(returns=(RETURN,))
    told = await record_returns(tenant.ctx(key="k", request=command), command)
    assert await record_returns(tenant.ctx(key="k", request=command), command) == told


async def test_refusals_of_the_whole(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await record_returns(tenant.ctx(permissions=frozenset()), RecordReturns(returns=(RETURN,)))
    with pytest.raises(Invalid):
        await record_returns(tenant.ctx(), RecordReturns(returns=()))
