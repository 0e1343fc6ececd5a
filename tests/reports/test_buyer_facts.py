"""Each fact, computed set by set, is what one buyer's own list says; what computing refuses."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.open_dispute import OpenDispute, open_dispute
from kernel.db.scope import scope
from kernel.errors import DomainError, Forbidden
from products.buyer_tiers import read_facts
from products.rules.facts import FACTS
from reports.buyer_facts import ComputeFacts, FactsComputed, compute_facts
from reports.errors import DayNotEnded
from reports.jobs import buyer_facts
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.add_merchant import AddMerchant, add_merchant
from tenants.record_orders import RecordOrders, record_orders
from tenants.record_returns import RecordReturns, record_returns
from tenants.rules.trade import TradeLine, TradeOrderItem, TradeReturnItem
from tests.reports.naive_facts import Known, Order, Row, facts
from tests.support.offers import SIXTY_DAYS, offer
from tests.support.shop import Shop, open_shop
from tests.support.tenants import Workspace, open_workspace
from tests.support.traces import audited, emitted

TODAY = date(2028, 2, 29)
CATEGORIES = ("yarn", "fabric", "thread", None)
EDGES = [n + d for n in (0, 90, 180, 270, 365) for d in (-1, 0, 1) if n + d >= 0]


async def new_buyer(workspace: Workspace) -> UUID:
    return (await add_buyer(workspace.ctx(), AddBuyer(name="某厂", party_type="company", owner_name="O"))).id


async def compute(workspace: Workspace, on: date | None = None) -> FactsComputed:
    return await compute_facts(workspace.ctx(on), ComputeFacts())


async def stored(workspace: Workspace, buyer_id: UUID, on: date | None = None) -> dict[str, dict[str, Any]]:
    """By currency."""
    ctx = workspace.ctx(on)
    async with scope(ctx, read_only=True) as tx:
        rows = await read_facts(tx, ctx, buyer_id)
    assert all(row.as_of_on == ctx.today and row.computed_at == ctx.now for row in rows)
    return {row.currency: row.values for row in rows}


def noon(on: date) -> datetime:
    return datetime.combine(on, time(4), tzinfo=UTC)


async def trade(workspace: Workspace, chance: random.Random, merchants: list[UUID]) -> dict[Any, Known]:
    """Random orders and returns of a few buyers, sent as a platform would; by buyer and currency."""
    orders: dict[Any, list[Order]] = defaultdict(list)
    returns: dict[Any, list[tuple[date, int]]] = defaultdict(list)
    sent: list[TradeOrderItem] = []
    back: list[TradeReturnItem] = []
    for number, buyer_id in enumerate([await new_buyer(workspace) for _ in range(8)]):
        for _ in range(chance.choice([0, 1, 2, 5, 30, 60])):
            ago = chance.choice([chance.randint(0, 420), chance.choice(EDGES), chance.randrange(0, 400, 14)])
            on, currency = TODAY - timedelta(ago), chance.choice(["CNY", "CNY", "CNY", "USD"])
            lines = tuple(
                (chance.choice(CATEGORIES), chance.choice([0, chance.randint(1, 10**6)])) for _ in range(3)
            )
            amount, merchant = sum(minor for _, minor in lines), chance.choice([None, *merchants])
            if not amount:
                continue
            orders[buyer_id, currency].append(Order(on, amount, merchant, lines))
            sent.append(
                TradeOrderItem(
                    external_ref=f"o-{number}-{len(sent)}", ordered_at=noon(on), currency=currency,
                    buyer_id=buyer_id, merchant_id=merchant,
                    lines=tuple(TradeLine("s", Decimal(1), minor, kind) for kind, minor in lines),
                )
            )  # fmt: skip
            if chance.random() < 0.2:
                on = min(TODAY, on + timedelta(chance.randint(0, 120)))
                minor = chance.randint(1, 2 * amount)
                returns[buyer_id, currency].append((on, minor))
                back.append(
                    TradeReturnItem(
                        external_ref=f"r-{len(back)}", returned_at=noon(on), currency=currency,
                        buyer_id=buyer_id, lines=(TradeLine("s", Decimal(1), minor, None),),
                    )
                )  # fmt: skip
        orders.setdefault((buyer_id, "CNY"), [])
    told = await record_orders(workspace.ctx(TODAY), RecordOrders(orders=tuple(sent)))
    if back:
        told += await record_returns(workspace.ctx(TODAY), RecordReturns(returns=tuple(back)))
    assert {one.outcome for one in told} == {"recorded"}
    return {key: Known(orders=tuple(orders[key]), returns=tuple(returns[key])) for key in {*orders, *returns}}


@pytest.mark.parametrize("seed", range(6))
async def test_what_the_platform_sent(database: None, seed: int) -> None:
    workspace, chance = await open_workspace(), random.Random(seed)
    await offer(workspace, SIXTY_DAYS)
    ctx = workspace.ctx()
    merchants = [(await add_merchant(ctx, AddMerchant(name="M"))).id for _ in range(3)]
    await workspace.roll(TODAY)
    known = await trade(workspace, chance, merchants)
    await compute(workspace, TODAY)
    for (buyer_id, currency), what in known.items():
        found = (await stored(workspace, buyer_id, TODAY))[currency]
        assert found == {name: facts(what, TODAY)[name] for name in FACTS}


MONTHLY = SIXTY_DAYS | {
    "due_dates": {"rule": "periods"},
    "repayment": {"form": "equal_principal", "instalments": [3, 1]},
    "authorisation": {"days": 5},
}


async def book_of(shop: Shop) -> Known:
    """The buyer's part of the book as it stands in the tables."""
    where = "buyer_id = $2"
    rows = await shop.rows(
        "billing.instalment",
        "due_on, past_due_on, settled_on, disputed, "
        "principal_minor - principal_waived_minor + interest_minor - interest_waived_minor "
        "+ fee_minor - fee_waived_minor, principal_paid_minor + interest_paid_minor + fee_paid_minor",
        f"drawdown_id IN (SELECT id FROM billing.drawdown WHERE tenant_id = $1 AND {where})",
        shop.buyer_id,
    )
    lines = await shop.rows(
        "billing.line", "limit_minor, held_minor, outstanding_minor, status = 'closed'", where, shop.buyer_id
    )
    drawn = await shop.rows("billing.drawdown", "status", where, shop.buyer_id)
    return Known(
        rows=tuple(Row(*row) for row in rows), lines=tuple(lines), statuses=tuple(one for (one,) in drawn)
    )


@pytest.mark.parametrize("seed", range(2))
async def test_what_our_own_book_says(database: None, seed: int) -> None:
    chance, first = random.Random(seed), await open_shop(MONTHLY)
    shops = [first, await first.with_another_buyer(), await first.with_another_buyer()]
    for step in range(18):
        for shop in shops:
            await _live(shop, chance)
        await first.go(first.today + timedelta(chance.choice([3, 14, 30, 45])))
        shops = [first, *(_on(shop, first.today) for shop in shops[1:])]
        if step % 3 == 2:
            assert (await compute(first.workspace, first.today)).rows == 3
            for shop in shops:
                found = (await stored(first.workspace, shop.buyer_id, first.today))["CNY"]
                known = await book_of(shop)
                assert found == {name: facts(known, first.today)[name] for name in FACTS}


def _on(shop: Shop, today: date) -> Shop:
    shop.today = today
    return shop


async def _live(shop: Shop, chance: random.Random) -> None:
    """Orders, pays late or in time, disputes, closes its line."""
    try:
        drawn = await shop.authorise(chance.randint(10_000, 400_000))
        if chance.random() < 0.8:
            await shop.capture(drawn.id)
            if chance.random() < 0.3:
                await shop.refund(drawn.id, chance.randint(1, 10_000))
            if chance.random() < 0.2:
                command = OpenDispute(dispute_id=uuid4(), drawdown_id=drawn.id, amount_minor=5_000)
                await open_dispute(shop.ctx, command)
        if chance.random() < 0.7:
            await shop.pay(chance.randint(1, 500_000))
        if chance.random() < 0.03:
            await shop.decide("close")
    except DomainError:
        assert (await shop.rows("billing.line", "status", "id = $2", shop.line_id)) == [("closed",)]


async def test_paid_on_the_last_day_of_grace_and_a_day_later(database: None) -> None:
    """Due on day 60 with 3 days of grace: settled on day 63 in time, on day 64 four days late."""
    punctual = await open_shop(SIXTY_DAYS)
    opened, late = punctual.today, await punctual.with_another_buyer()
    for shop in (punctual, late):
        await shop.draw(100_000)
    found = {}
    for day in (59, 60, 63, 64, 239, 240, 243, 244, 428, 429):
        today = opened + timedelta(day)
        await punctual.go(today)
        late = _on(late, today)
        if day in (63, 64):
            payer = punctual if day == 63 else late
            await payer.pay(await payer.owed(await _drawdown(payer)))
        await compute(punctual.workspace, today)
        told = [(await stored(shop.workspace, shop.buyer_id, today))["CNY"] for shop in (punctual, late)]
        found[day] = [tuple(one[name] for name in TOLD) for one in told]
    assert found[59] == [(0, None, None, None, 0, 0)] * 2
    assert found[60] == [(101_000, 0, None, None, 0, 0)] * 2
    assert found[63] == [(101_000, 10_000, None, None, 0, 0), (101_000, 0, None, None, 0, 0)]
    settled = [(101_000, 10_000, 10_000, 0, 0, 0), (101_000, 10_000, 0, 4, 4, 0)]
    assert found[64] == found[239] == settled
    assert found[240] == found[243] == [(0, None, 10_000, 0, 0, 0), (0, None, 0, 4, 4, 0)]
    assert found[244] == found[428] == [(0, None, None, None, 0, 0), (0, None, None, None, 4, 0)]
    assert found[429] == [(0, None, None, None, 0, 0)] * 2


TOLD = (
    "due_minor_180d", "repaid_bp_180d", "on_time_bp_180d", "mean_days_late_180d", "max_days_past_due_365d",
    "days_past_due",
)  # fmt: skip


async def _drawdown(shop: Shop) -> UUID:
    ((drawdown_id,),) = await shop.rows("billing.drawdown", "id", "buyer_id = $2", shop.buyer_id)
    return UUID(str(drawdown_id))


async def test_past_due_now(database: None) -> None:
    shop = await open_shop(SIXTY_DAYS)
    await shop.draw(100_000)
    for day, expected in ((63, 0), (64, 4), (90, 30)):
        await shop.go(shop.workspace.opened_on + timedelta(day))
        await compute(shop.workspace, shop.today)
        found = (await stored(shop.workspace, shop.buyer_id, shop.today))["CNY"]
        assert (found["days_past_due"], found["max_days_past_due_365d"]) == (expected, expected)
        assert (found["outstanding_minor"], found["limit_use_bp"]) == (100_000, 100)


async def test_a_buyer_of_whom_nothing_is_known(tenant: Workspace) -> None:
    await offer(tenant, SIXTY_DAYS)
    buyer = await new_buyer(tenant)
    assert await compute(tenant) == FactsComputed(as_of_on=tenant.opened_on, rows=1)
    found = (await stored(tenant, buyer))["CNY"]
    assert found == {name: None if fact.null_en else 0 for name, fact in FACTS.items()}


async def test_a_day_later_they_are_written_over(tenant: Workspace) -> None:
    await offer(tenant, SIXTY_DAYS)
    buyer = await new_buyer(tenant)
    order = TradeOrderItem(
        external_ref="o", ordered_at=noon(tenant.opened_on), currency="CNY", buyer_id=buyer,
        lines=(TradeLine("s", Decimal(1), 900, None),),
    )  # fmt: skip
    await record_orders(tenant.ctx(), RecordOrders(orders=(order,)))
    for days in (0, 1, 90):
        today = tenant.opened_on + timedelta(days)
        await tenant.roll(today)
        assert (await compute(tenant, today)).rows == 1
        found = (await stored(tenant, buyer, today))["CNY"]
        assert (found["days_since_last_order"], found["orders_90d"]) == (days, int(days < 90))


async def test_without_a_programme_only_those_who_ordered(tenant: Workspace) -> None:
    await new_buyer(tenant)
    assert (await compute(tenant)).rows == 0


async def test_leaves_traces(tenant: Workspace) -> None:
    await compute(tenant)
    told = [{"as_of_on": str(tenant.opened_on)}]
    assert await audited(tenant, "buyer_facts.computed") == told
    assert await emitted(tenant, "buyer_facts.computed") == told


async def test_waits_for_the_end_of_the_day(database: None) -> None:
    shop = await open_shop(MONTHLY)
    await shop.draw(100_000)
    await shop.jump(shop.today + timedelta(40))
    with pytest.raises(DayNotEnded) as refused:
        await compute(shop.workspace, shop.today)
    assert refused.value.params == {"on": str(shop.today)}
    await shop.go(shop.today)
    assert (await compute(shop.workspace, shop.today)).rows == 1


async def test_needs_the_permission(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await compute_facts(tenant.ctx(permissions=frozenset({"buyers:write"})), ComputeFacts())


async def test_another_tenants_buyers_are_not_touched(tenant: Workspace) -> None:
    stranger = await open_workspace()
    await offer(stranger, SIXTY_DAYS)
    buyer = await new_buyer(stranger)
    await offer(tenant, SIXTY_DAYS)
    assert (await compute(tenant)).rows == 0
    assert await stored(stranger, buyer) == {}


async def test_the_job_computes_for_today_and_leaves_days_missed(tenant: Workspace) -> None:
    await offer(tenant, SIXTY_DAYS)
    buyer = await new_buyer(tenant)
    await buyer_facts(tenant.ctx(), tenant.opened_on - timedelta(1))
    assert await stored(tenant, buyer) == {}
    await buyer_facts(tenant.ctx(), tenant.opened_on)
    assert list(await stored(tenant, buyer)) == ["CNY"]
