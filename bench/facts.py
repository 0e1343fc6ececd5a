"""`bench facts`: all facts of all buyers of a big platform, then a review of their tiers.

Orders, lines, returns and instalments are made by SQL: only what facts read of them is true to life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any, Final, TypeVar

import msgspec
from rich.console import Console
from rich.table import Table

from bench.book import DOCUMENT, Platform, open_platform
from bench.errors import BenchError
from bench.figures import columns
from bench.stage import Stage, stage
from kernel.context import Ctx
from products.draft_product import DraftProduct, NewProduct, draft_product
from products.publish_product import PublishProduct, publish_product
from products.review_tiers import ReviewTiers, review_tiers
from reports.buyer_facts import ComputeFacts, compute_facts

T = TypeVar("T")
Tell = Callable[[str], None]

BUYERS: Final = 100_000
LINES: Final = 5_000_000
SPREAD_DAYS: Final = 365 * 11 // 10
"""Days over which orders are spread: a tenth of them is older than the longest window."""
LINES_AN_ORDER: Final = 5
GOAL_SECONDS: Final = 60

_TIERS: Final[list[dict[str, Any]]] = [
    {
        "code": code,
        "name_zh": name_zh,
        "name_en": code.title(),
        "condition": condition,
        "initial_limit": "purchases_minor_365d / 12 * 2",
        "maximum_limit_minor": 10**9,
    }
    for code, name_zh, condition in (
        ("gold", "金牌", "orders_90d >= 4 && trend_bp_90d >= 0 && max_days_past_due_365d == 0"),
        ("silver", "银牌", "orders_270d >= 6 && days_since_last_order <= 60 && days_past_due <= 5"),
        ("basic", "普通", "orders_365d >= 3 && regularity_bp_365d >= 3000"),
    )
]

_ORDERS: Final = """
INSERT INTO tenants.trade_order (tenant_id, id, external_ref, buyer_id, merchant_id, ordered_at, ordered_on,
    currency, amount_minor, content, recorded_at)
SELECT $1, gen_random_uuid(), n::text, ($2::uuid[])[1 + (random() * ($3::integer - 1))::integer], $4,
    day, day, 'CNY', 1 + (random() * 1000000)::bigint, gen_random_uuid(), now()
FROM (SELECT n, $5::date - (random() * $7)::integer AS day FROM generate_series(1, $6::bigint) n) spread"""
_LINES: Final = """
INSERT INTO tenants.trade_order_line (tenant_id, order_id, no, sku, category, quantity, amount_minor)
SELECT $1, o.id, no, 'sku', CASE WHEN random() < 0.9 THEN 'category ' || (random() * 30)::integer END, 1,
    o.amount_minor / $2
FROM tenants.trade_order o CROSS JOIN generate_series(1, $2::integer) no WHERE o.tenant_id = $1"""
_RETURNS: Final = """
INSERT INTO tenants.trade_return (tenant_id, id, external_ref, buyer_id, order_id, returned_at, returned_on,
    currency, amount_minor, content, recorded_at)
SELECT $1, gen_random_uuid(), 'r' || o.external_ref, o.buyer_id, o.id, o.ordered_at, o.ordered_on, 'CNY',
    greatest(1, o.amount_minor / 3), gen_random_uuid(), now()
FROM tenants.trade_order o WHERE o.tenant_id = $1 AND random() < 0.05"""
_DRAWDOWNS: Final = """
INSERT INTO billing.drawdown (tenant_id, id, programme_id, product_id, buyer_id, merchant_id, terms_id,
    currency, authorised_on, created_at, status, authorised_minor, captured_minor, voided_minor,
    refunded_minor,
    principal_due_minor, interest_due_minor, fee_due_minor, penalty_due_minor, engine_version, state)
SELECT $1, gen_random_uuid(), $2, $3, buyer, $4, $5, 'CNY', $6, now(), status, 100000, 100000, 0, 0,
    CASE status WHEN 'closed' THEN 0 ELSE 100000 END, 0, 0, 0, 1, '{}'
FROM unnest($7::uuid[]) buyer, unnest(ARRAY['closed', 'closed', 'captured']) status"""
_INSTALMENTS: Final = """
INSERT INTO billing.instalment (tenant_id, drawdown_id, no, capture_no, start_on, nominal_on, due_on,
    past_due_on, principal_minor, interest_minor, fee_minor, penalty_minor, principal_paid_minor,
    interest_paid_minor, fee_paid_minor, penalty_paid_minor, settled_on)
SELECT $1, d.id, 1, 1, due - 60, due, due, due + 4, 100000, 0, 0, 0,
    CASE d.status WHEN 'closed' THEN 100000 ELSE 0 END, 0, 0, 0,
    CASE d.status WHEN 'closed' THEN least(due - 5 + (random() * 12)::integer, $2::date) END
FROM (SELECT id, status, $2::date + 30 - (random() * 300)::integer AS due FROM billing.drawdown
    WHERE tenant_id = $1) d"""
# A captured one lies in the future or is past due: both are read.


class Step(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    rows: int
    seconds: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`reached`: the first computing within the goal."""

    buyers: int
    order_lines: int
    steps: tuple[Step, ...]
    goal_seconds: int
    reached: bool


def run(*, buyers: int, lines: int, keep: bool, tell: Tell) -> Run:
    """Raises BenchError where the facts do not add up to the orders."""
    with stage(keep=keep) as on:
        steps = asyncio.run(_measure(on, buyers, lines // LINES_AN_ORDER, tell))
    return Run(
        buyers=buyers,
        order_lines=lines // LINES_AN_ORDER * LINES_AN_ORDER,
        steps=tuple(steps),
        goal_seconds=GOAL_SECONDS,
        reached=steps[0].seconds <= GOAL_SECONDS,
    )


async def _measure(on: Stage, buyers: int, orders: int, tell: Tell) -> list[Step]:
    async with on.database():
        tell(f"a platform of {buyers:,} buyers")
        platform = await open_platform(on, "facts", buyers)
        ctx = await platform.ctx()
        tell(f"{orders:,} orders with {LINES_AN_ORDER} lines each")
        await _fill(on, platform, ctx, orders)
        product_id = await _tiered(ctx, platform)
        steps = []
        for name in ("facts, first", "facts, again"):
            tell(name)
            computed, seconds = await _timed(partial(compute_facts, ctx, ComputeFacts()))
            steps.append(Step(name=name, rows=computed.rows, seconds=seconds))
        await _verify(on, platform, ctx)
        for name, dry_run in (
            ("review, dry", True),
            ("review, all move", False),
            ("review, none moves", False),
        ):
            tell(name)
            command = ReviewTiers(product_id=product_id, dry_run=dry_run)
            reviewed, seconds = await _timed(partial(review_tiers, ctx, command))
            steps.append(Step(name=f"{name} ({reviewed.moved:,})", rows=reviewed.reviewed, seconds=seconds))
    return steps


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    began = perf_counter()
    return await work(), perf_counter() - began


async def _fill(on: Stage, platform: Platform, ctx: Ctx, orders: int) -> None:
    tenant = platform.tenant_id
    async with on.admin() as connection:
        await connection.execute("SELECT setseed(0.5)")
        for sql, values in (
            (
                _ORDERS,
                (platform.buyers, len(platform.buyers), platform.merchant_id, ctx.today, orders, SPREAD_DAYS),
            ),
            (_LINES, (LINES_AN_ORDER,)),
            (_RETURNS, ()),
            (
                _DRAWDOWNS,
                (
                    platform.programme_id, platform.product_id, platform.merchant_id, platform.terms_id,
                    ctx.today, platform.buyers,
                ),
            ),
            (_INSTALMENTS, (ctx.today,)),
        ):  # fmt: skip
            await connection.execute(sql, tenant, *values, timeout=3600)
        await connection.execute("VACUUM (ANALYZE)", timeout=3600)
        await connection.execute("CHECKPOINT", timeout=3600)


async def _tiered(ctx: Ctx, platform: Platform) -> Any:
    new = NewProduct(programme_id=platform.programme_id, code="tiered", name_zh="分级", name_en="Tiered")
    product = await draft_product(ctx, DraftProduct(product=new, document=DOCUMENT | {"tiers": _TIERS}))
    await publish_product(ctx, PublishProduct(product_id=product.id, version=1, revision=1))
    return product.id


async def _verify(on: Stage, platform: Platform, ctx: Ctx) -> None:
    """Counts and sums over all buyers are those of the orders."""
    async with on.admin() as connection:
        told = await connection.fetchrow(
            """SELECT count(*), sum(orders_365d), sum(orders_90d), sum(drawdowns_closed), sum(due_minor_180d)
            FROM products.buyer_facts WHERE tenant_id = $1 AND as_of_on = $2""",
            platform.tenant_id, ctx.today,
        )  # fmt: skip
        real = await connection.fetchrow(
            """SELECT $3::bigint, count(*) FILTER (WHERE ordered_on > $2::date - 365),
                count(*) FILTER (WHERE ordered_on > $2::date - 90),
                (SELECT count(*) FROM billing.drawdown WHERE tenant_id = $1 AND status = 'closed'),
                (SELECT sum(principal_minor) FROM billing.instalment
                    WHERE tenant_id = $1 AND due_on <= $2 AND due_on > $2::date - 180)
            FROM tenants.trade_order WHERE tenant_id = $1 AND ordered_on <= $2""",
            platform.tenant_id, ctx.today, len(platform.buyers),
        )  # fmt: skip
    if tuple(told) != tuple(real):
        raise BenchError(f"facts say {tuple(told)}, the rows {tuple(real)}", "this is a fault: report it")


def show(console: Console, done: Run) -> None:
    table = Table(title=f"{done.buyers:,} buyers, {done.order_lines:,} order lines")
    columns(table, "", "rows", "seconds")
    for step in done.steps:
        table.add_row(step.name, f"{step.rows:,}", f"{step.seconds:.1f}")
    console.print(table)
    told = "reached" if done.reached else "not reached"
    console.print(f"goal: all facts within {done.goal_seconds} s: {told}")
