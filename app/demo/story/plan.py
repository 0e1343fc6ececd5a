"""The demo's two small stories, planned: who orders, ships, sends back and pays what, on which day.

All of it is simulated, and says so by its names. A plan is a pure function of its vertical: seeded, no clock,
no database, so the story is the same on every machine. Amounts are fen.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any, Final, Literal

import msgspec

from app.demo.platforms import Platform
from billing.rules.limit import Kind

FIRST_DAY: Final = date(2026, 9, 1)
LAST_DAY: Final = date(2026, 11, 30)
_YUAN: Final = 100

Move = Literal["capture", "void", "refund"]
Share = Literal["whole", "half", "surplus", "bounce"]


class Limit(msgspec.Struct, frozen=True):
    """A limit decision on a buyer's line."""

    on: date
    buyer: int
    kind: Kind
    limit_minor: int | None
    reason: str


class Step(msgspec.Struct, frozen=True):
    """Something done to an order after it was placed. No amount: all that is left."""

    on: date
    move: Move
    amount_minor: int | None = None


class Payment(msgspec.Struct, frozen=True):
    """Of what closes the order and all that the buyer owes by that day: the whole, half, or something over.

    `bounce`: the whole, which comes back three days later.
    """

    on: date
    share: Share = "whole"


class Order(msgspec.Struct, frozen=True):
    """`due_on`: when its first shipment falls due; None where nothing is shipped."""

    no: int
    buyer: int
    merchant: int
    on: date
    amount_minor: int
    steps: tuple[Step, ...]
    due_on: date | None
    payments: tuple[Payment, ...]

    @property
    def ref(self) -> str:
        return f"S{self.no:05}"


class Plan(msgspec.Struct, frozen=True):
    buyers: tuple[str, ...]
    limits: tuple[Limit, ...]
    orders: tuple[Order, ...]


class Vertical(msgspec.Struct, frozen=True, kw_only=True):
    """A platform and how its buyers trade. `busy`: chance of an order a buyer and day, in per mille."""

    platform: Platform
    seed: int
    buyer_kinds: tuple[str, ...]
    buyers: int
    busy: int
    least_yuan: int
    most_yuan: int
    limit_yuan: int

    @property
    def term_days(self) -> int:
        days: int = self.platform.document["due_dates"]["days"]
        return days


def _product(days: int, free_days: int, daily_rate: str, penalty: str, hold_days: int) -> dict[str, Any]:
    return {
        "currency": "CNY",
        "due_dates": {"rule": "days_after", "days": days},
        "price": {
            "daily_rate": daily_rate,
            "interest_free": {"rule": "days", "days": free_days},
            "merchant_fee_rate": "0.006",
        },
        "past_due": {"grace_days": 3, "penalty_daily_rate": penalty},
        "authorisation": {"days": hold_days},
    }


TEXTILES: Final = Vertical(
    platform=Platform(
        slug="textiles",
        name="纺织（演示）",
        timezone="Asia/Shanghai",
        locale="zh-CN",
        lender="示例小额贷款有限公司",
        entity="示例纺织平台有限公司",
        currency="CNY",
        product_code="fabric-60",
        product_zh="面料白条 60 天",
        product_en="Fabric IOU, 60 days",
        document=_product(45, 20, "0.0005", "0.0006", 14),
        merchants=("面料行（模拟）", "辅料行（模拟）", "纱线厂（模拟）"),
        opens_on=FIRST_DAY - timedelta(1),
    ),
    seed=9,
    buyer_kinds=("制衣厂", "针织厂", "服装工作室"),
    buyers=25,
    busy=55,
    least_yuan=3_000,
    most_yuan=40_000,
    limit_yuan=120_000,
)
PET_SUPPLIES: Final = Vertical(
    platform=Platform(
        slug="pet-supplies",
        name="宠物用品（演示）",
        timezone="Asia/Shanghai",
        locale="zh-CN",
        lender="示例小额贷款有限公司",
        entity="示例宠物用品平台有限公司",
        currency="CNY",
        product_code="pet-30",
        product_zh="宠物店白条 30 天",
        product_en="Pet shop IOU, 30 days",
        document=_product(30, 15, "0.0004", "0.0006", 10),
        merchants=("宠物食品仓（模拟）", "宠物药品仓（模拟）"),
        opens_on=FIRST_DAY - timedelta(1),
    ),
    seed=7,
    buyer_kinds=("宠物店", "宠物医院"),
    buyers=25,
    busy=110,
    least_yuan=300,
    most_yuan=4_000,
    limit_yuan=15_000,
)
VERTICALS: Final = (TEXTILES, PET_SUPPLIES)

_STOPS_PAYING: Final = 6
"""This buyer has one order and leaves it unpaid: the one who is past due at the end."""

_FATES: Final = (
    ("whole", 60),
    ("parts", 15),
    ("rest_voided", 6),
    ("voided", 6),
    ("forgotten", 5),
    ("returned", 10),
)
_HABITS: Final = (("early", 25), ("on_day", 43), ("grace", 10), ("late", 9), ("halves", 7), ("surplus", 6))


def story_days() -> list[date]:
    return [FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def plan(vertical: Vertical) -> Plan:
    """The same for the same vertical."""
    rng = Random(vertical.seed)  # noqa: S311  a story, not a secret
    buyers = tuple(
        f"{vertical.buyer_kinds[no % len(vertical.buyer_kinds)]} {no + 1:02} 号（模拟）"
        for no in range(vertical.buyers)
    )
    limit_of = [vertical.limit_yuan * rng.choice((50, 75, 100, 100, 150)) // 100 * _YUAN for _ in buyers]
    orders: list[Order] = []
    for day in story_days():
        for buyer, limit_minor in enumerate(limit_of):
            if buyer != _STOPS_PAYING and rng.randrange(1000) < vertical.busy:
                orders.append(_order(vertical, rng, len(orders) + 1, buyer, day, limit_minor))
    orders.append(_never_paid(vertical, len(orders) + 1))
    return Plan(buyers, _limits(limit_of), tuple(_one_bounces(orders)))


def _order(vertical: Vertical, rng: Random, no: int, buyer: int, day: date, limit_minor: int) -> Order:
    """One in forty asks for more than its line can ever hold."""
    amount_minor = rng.randrange(vertical.least_yuan, vertical.most_yuan) * _YUAN + rng.choice((0, 0, 50, 80))
    if rng.randrange(40) == 0:
        amount_minor = limit_minor + rng.randrange(1, 50) * 100 * _YUAN
    shipped_on = day + timedelta(rng.randrange(1, 4))
    steps = _steps(rng, _draw(rng, _FATES), shipped_on, amount_minor)
    merchant, habit = rng.randrange(len(vertical.platform.merchants)), _draw(rng, _HABITS)
    if steps and steps[0].move == "capture":
        due_on = shipped_on + timedelta(vertical.term_days)
        return Order(no, buyer, merchant, day, amount_minor, steps, due_on, _payments(rng, habit, due_on))
    return Order(no, buyer, merchant, day, amount_minor, steps, None, ())


def _steps(rng: Random, fate: str, shipped_on: date, amount_minor: int) -> tuple[Step, ...]:
    part = amount_minor * rng.choice((4, 5, 6)) // 10
    later_on = shipped_on + timedelta(rng.randrange(2, 6))
    match fate:
        case "whole":
            return (Step(shipped_on, "capture"),)
        case "parts":
            return Step(shipped_on, "capture", part), Step(later_on, "capture")
        case "rest_voided":
            return Step(shipped_on, "capture", part), Step(later_on, "void")
        case "voided":
            return (Step(shipped_on, "void"),)
        case "returned":
            return Step(shipped_on, "capture"), Step(later_on + timedelta(3), "refund", amount_minor // 4)
        case _:
            return ()


def _payments(rng: Random, habit: str, due_on: date) -> tuple[Payment, ...]:
    match habit:
        case "early":
            return (Payment(due_on - timedelta(rng.randrange(1, 12))),)
        case "grace":
            return (Payment(due_on + timedelta(rng.randrange(1, 4))),)
        case "late":
            late_on = due_on + timedelta(rng.randrange(5, 15))
            return (Payment(late_on if late_on <= LAST_DAY else due_on),)
        case "halves":
            return Payment(due_on, "half"), Payment(due_on + timedelta(2))
        case "surplus":
            return (Payment(due_on, "surplus"),)
        case _:
            return (Payment(due_on),)


def _limits(limit_of: list[int]) -> tuple[Limit, ...]:
    """Granted at the start, two buyers later; then raised, cut, frozen and freed again."""
    found = [
        Limit(FIRST_DAY + timedelta(9 if buyer in (3, 17) else 0), buyer, "grant", minor, "首次授信（模拟）")
        for buyer, minor in enumerate(limit_of)
    ]
    found += [
        Limit(FIRST_DAY + timedelta(40), buyer, "raise", limit_of[buyer] * 13 // 10, "按时还款，提额（模拟）")
        for buyer in (1, 4, 9, 12)
    ]
    found += [
        Limit(FIRST_DAY + timedelta(47), buyer, "cut", limit_of[buyer] * 6 // 10, "采购减少，降额（模拟）")
        for buyer in (8, 20)
    ]
    found += [
        Limit(FIRST_DAY + timedelta(50), 14, "freeze", None, "资料待更新（模拟）"),
        Limit(FIRST_DAY + timedelta(62), 14, "unfreeze", None, "资料已更新（模拟）"),
        Limit(LAST_DAY - timedelta(5), _STOPS_PAYING, "freeze", None, "逾期（模拟）"),
    ]
    return tuple(found)


def _never_paid(vertical: Vertical, no: int) -> Order:
    """An order of `_STOPS_PAYING`, shipped whole in the first days."""
    on = FIRST_DAY + timedelta(3)
    shipped = Step(on + timedelta(1), "capture")
    due_on = shipped.on + timedelta(vertical.term_days)
    return Order(no, _STOPS_PAYING, 0, on, 2 * vertical.least_yuan * _YUAN, (shipped,), due_on, ())


def _one_bounces(orders: list[Order]) -> list[Order]:
    """The first order shipped at once and paid on its day: the payment comes back, and is made again."""
    bounced = next(
        order
        for order in orders
        if len(order.steps) == 1 and order.due_on and order.payments == (Payment(order.due_on),)
    )
    on = bounced.payments[0].on
    payments = (Payment(on, "bounce"), Payment(on + timedelta(5)))
    return [
        msgspec.structs.replace(order, payments=payments) if order is bounced else order for order in orders
    ]


def _draw(rng: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return rng.choices([word for word, _ in weighted], [weight for _, weight in weighted])[0]
