"""Writes orders and returns inside the caller's transaction: the single door, the bulk door and imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from kernel.clock import business_date
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import FieldProblem
from kernel.ids import uuid7
from tenants.queries import read_tenant
from tenants.rules.trade import (
    TradeLine,
    TradeOrderItem,
    TradeReturnItem,
    content_of,
    problem_of,
    total_minor,
)

Item = TradeOrderItem | TradeReturnItem
Word = Literal["recorded", "repeated", "refused"]


class Outcome(msgspec.Struct, frozen=True):
    """What one item came to: `id` unless refused, `problem` with its place if refused."""

    external_ref: str
    outcome: Word
    id: UUID | None = None
    problem: FieldProblem | None = None


class _Ready(msgspec.Struct):
    """An item whose parties are known. `order_id` of a return only."""

    place: int
    id: UUID
    item: Item
    buyer_id: UUID
    merchant_id: UUID | None
    order_id: UUID | None
    on: date
    content: UUID


class _Known(msgspec.Struct, frozen=True):
    """Who and what the items may name: by id, and by reference."""

    buyers: dict[str, UUID]
    buyer_ids: frozenset[UUID]
    merchants: dict[str, UUID]
    merchant_ids: frozenset[UUID]
    orders: dict[str, tuple[UUID, UUID, str]]


async def write_orders(tx: Tx, ctx: Ctx, items: Sequence[TradeOrderItem]) -> list[Outcome]:
    """Each with its lines, or why not; the rows of the refused are not written."""
    return await _write(tx, ctx, items, _INSERT_ORDERS, _FIND_ORDERS, _INSERT_ORDER_LINES)


async def write_returns(tx: Tx, ctx: Ctx, items: Sequence[TradeReturnItem]) -> list[Outcome]:
    """As `write_orders`."""
    return await _write(tx, ctx, items, _INSERT_RETURNS, _FIND_RETURNS, _INSERT_RETURN_LINES)


async def _write(
    tx: Tx, ctx: Ctx, items: Sequence[Item], insert: str, find: str, insert_lines: str
) -> list[Outcome]:
    tenant = await read_tenant(tx, ctx.tenant_id)
    known = await _known(tx, ctx, items)
    told: dict[int, Outcome] = {}
    ready: list[_Ready] = []
    for place, item in enumerate(items):
        at = item.ordered_at if isinstance(item, TradeOrderItem) else item.returned_at
        problem = problem_of(item)
        on = ctx.today if problem else business_date(at, tenant.timezone, tenant.cut_off)
        problem = problem or _future(item, on, ctx.today) or _unknown(item, known)
        if problem:
            told[place] = Outcome(item.external_ref, "refused", problem=problem)
        else:
            ready.append(_prepared(place, item, known, on))
    written = await _insert(tx, ctx, ready, insert)
    await _insert_lines(tx, ctx, [one for one in ready if one.id in written], insert_lines)
    for one in ready:
        if one.id in written:
            told[one.place] = Outcome(one.item.external_ref, "recorded", one.id)
    again = [one for one in ready if one.id not in written]
    stored = await _stored(tx, ctx, [one.item.external_ref for one in again], find)
    for one in again:
        told[one.place] = _compared(one, *stored[one.item.external_ref])
    return [told[place] for place in range(len(items))]


def _compared(one: _Ready, stored_id: UUID, content: UUID) -> Outcome:
    ref = one.item.external_ref
    if content == one.content:
        return Outcome(ref, "repeated", stored_id)
    problem = FieldProblem("#/external_ref", "recorded_otherwise", {"external_ref": ref})
    return Outcome(ref, "refused", problem=problem)


def _future(item: Item, on: date, today: date) -> FieldProblem | None:
    place = "#/ordered_at" if isinstance(item, TradeOrderItem) else "#/returned_at"
    return FieldProblem(place, "effective_in_future", {"today": today.isoformat()}) if on > today else None


def _unknown(item: Item, known: _Known) -> FieldProblem | None:
    if (buyer_id := _buyer(item, known)) is None:
        pointer = "#/buyer_id" if item.buyer_id else "#/buyer_ref"
        return FieldProblem(pointer, "unknown_buyer", {"given": str(item.buyer_id or item.buyer_ref)})
    if isinstance(item, TradeOrderItem):
        given = item.merchant_id or item.merchant_ref
        if given is not None and _merchant(item, known) is None:
            pointer = "#/merchant_id" if item.merchant_id else "#/merchant_ref"
            return FieldProblem(pointer, "unknown_merchant", {"given": str(given)})
        return None
    if item.order_ref is None:
        return None
    order = known.orders.get(item.order_ref)
    if order is None or order[1] != buyer_id:
        return FieldProblem("#/order_ref", "unknown_order", {"given": item.order_ref})
    if order[2] != item.currency:
        return FieldProblem("#/currency", "currency_mismatch", {"currency": order[2]})
    return None


def _buyer(item: Item, known: _Known) -> UUID | None:
    if item.buyer_id is not None:
        return item.buyer_id if item.buyer_id in known.buyer_ids else None
    return known.buyers.get(item.buyer_ref or "")


def _merchant(item: TradeOrderItem, known: _Known) -> UUID | None:
    if item.merchant_id is not None:
        return item.merchant_id if item.merchant_id in known.merchant_ids else None
    return known.merchants.get(item.merchant_ref or "")


def _prepared(place: int, item: Item, known: _Known, on: date) -> _Ready:
    buyer_id = _buyer(item, known)
    assert buyer_id is not None
    if isinstance(item, TradeOrderItem):
        merchant_id, order_id, at = _merchant(item, known), None, item.ordered_at
    else:
        order_id = None if item.order_ref is None else known.orders[item.order_ref][0]
        merchant_id, at = None, item.returned_at
    lines = [(line.sku, _plain(line), line.amount_minor, line.category) for line in item.lines]
    content = content_of(buyer_id, merchant_id, order_id, at.timestamp(), item.currency, lines)
    return _Ready(place, uuid7(), item, buyer_id, merchant_id, order_id, on, content)


def _plain(line: TradeLine) -> str:
    """1, 1.0 and 1E0 are one quantity."""
    return f"{line.quantity.normalize():f}"


async def _known(tx: Tx, ctx: Ctx, items: Sequence[Item]) -> _Known:
    orders = [item for item in items if isinstance(item, TradeOrderItem)]
    returns = [item for item in items if isinstance(item, TradeReturnItem)]
    return _Known(
        await _by_ref(tx, ctx, "buyer", (item.buyer_ref for item in items)),
        await _by_id(tx, ctx, "buyer", (item.buyer_id for item in items)),
        await _by_ref(tx, ctx, "merchant", (item.merchant_ref for item in orders)),
        await _by_id(tx, ctx, "merchant", (item.merchant_id for item in orders)),
        await _orders_of(tx, ctx, (item.order_ref for item in returns)),
    )


async def _by_ref(tx: Tx, ctx: Ctx, table: str, refs: Iterable[str | None]) -> dict[str, UUID]:
    wanted = _texts(refs)
    if not wanted:
        return {}
    rows = await tx.fetch(_BY_REF[table], ctx.tenant_id, wanted)
    return {row["external_ref"]: row["id"] for row in rows}


async def _by_id(tx: Tx, ctx: Ctx, table: str, ids: Iterable[UUID | None]) -> frozenset[UUID]:
    wanted = list({one for one in ids if one is not None})
    if not wanted:
        return frozenset()
    return frozenset(row["id"] for row in await tx.fetch(_BY_ID[table], ctx.tenant_id, wanted))


async def _orders_of(tx: Tx, ctx: Ctx, refs: Iterable[str | None]) -> dict[str, tuple[UUID, UUID, str]]:
    wanted = _texts(refs)
    rows = await tx.fetch(_ORDERS_BY_REF, ctx.tenant_id, wanted) if wanted else []
    return {row["external_ref"]: (row["id"], row["buyer_id"], row["currency"]) for row in rows}


async def _stored(tx: Tx, ctx: Ctx, refs: Sequence[str], find: str) -> dict[str, tuple[UUID, UUID]]:
    """Id and content of what stands under each reference: a statement later than the insert, so that what
    another transaction committed meanwhile is seen."""
    rows = await tx.fetch(find, ctx.tenant_id, list(refs)) if refs else []
    return {row["external_ref"]: (row["id"], row["content"]) for row in rows}


def _texts(values: Iterable[str | None]) -> list[str]:
    """PostgreSQL takes no NUL; what has one is refused by its form and names nobody."""
    return list({value for value in values if value is not None and "\x00" not in value})


async def _insert(tx: Tx, ctx: Ctx, ready: Sequence[_Ready], insert: str) -> frozenset[UUID]:
    """Ids of those that were not there."""
    if not ready:
        return frozenset()
    rows = await tx.fetch(
        insert,
        ctx.tenant_id,
        [one.id for one in ready],
        [one.item.external_ref for one in ready],
        [one.buyer_id for one in ready],
        [one.order_id or one.merchant_id for one in ready],
        [
            one.item.ordered_at if isinstance(one.item, TradeOrderItem) else one.item.returned_at
            for one in ready
        ],
        [one.on for one in ready],
        [one.item.currency for one in ready],
        [total_minor(one.item.lines) for one in ready],
        [one.content for one in ready],
        ctx.now,
    )
    return frozenset(row["id"] for row in rows)


async def _insert_lines(tx: Tx, ctx: Ctx, written: Sequence[_Ready], insert: str) -> None:
    if not written:
        return
    lines = [(one.id, no, line) for one in written for no, line in enumerate(one.item.lines, 1)]
    await tx.execute(
        insert,
        ctx.tenant_id,
        [owner for owner, _, _ in lines],
        [no for _, no, _ in lines],
        [line.sku for _, _, line in lines],
        [line.category for _, _, line in lines],
        [line.quantity for _, _, line in lines],
        [line.amount_minor for _, _, line in lines],
    )


_BY_REF: Final = {
    "buyer": "SELECT external_ref, id FROM tenants.buyer WHERE tenant_id = $1 AND external_ref = ANY($2)",
    "merchant": (
        "SELECT external_ref, id FROM tenants.merchant WHERE tenant_id = $1 AND external_ref = ANY($2)"
    ),
}
_BY_ID: Final = {
    "buyer": "SELECT id FROM tenants.buyer WHERE tenant_id = $1 AND id = ANY($2)",
    "merchant": "SELECT id FROM tenants.merchant WHERE tenant_id = $1 AND id = ANY($2)",
}
_ORDERS_BY_REF: Final = (
    "SELECT external_ref, id, buyer_id, currency FROM tenants.trade_order "
    "WHERE tenant_id = $1 AND external_ref = ANY($2)"
)
# In the order of the references, so that two writers of the same ones wait for each other and do not lock up.
_INSERT_ORDERS: Final = """
    INSERT INTO tenants.trade_order (tenant_id, id, external_ref, buyer_id, merchant_id, ordered_at,
        ordered_on, currency, amount_minor, content, recorded_at)
    SELECT $1, r.*, $11 FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
        $7::date[], $8::text[], $9::bigint[], $10::uuid[]) r (id, ref)
    ORDER BY r.ref, r.id ON CONFLICT (tenant_id, external_ref) DO NOTHING RETURNING id
"""
_INSERT_RETURNS: Final = """
    INSERT INTO tenants.trade_return (tenant_id, id, external_ref, buyer_id, order_id, returned_at,
        returned_on, currency, amount_minor, content, recorded_at)
    SELECT $1, r.*, $11 FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
        $7::date[], $8::text[], $9::bigint[], $10::uuid[]) r (id, ref)
    ORDER BY r.ref, r.id ON CONFLICT (tenant_id, external_ref) DO NOTHING RETURNING id
"""
_FIND_ORDERS: Final = (
    "SELECT external_ref, id, content FROM tenants.trade_order "
    "WHERE tenant_id = $1 AND external_ref = ANY($2)"
)
_FIND_RETURNS: Final = (
    "SELECT external_ref, id, content FROM tenants.trade_return "
    "WHERE tenant_id = $1 AND external_ref = ANY($2)"
)
_INSERT_ORDER_LINES: Final = """
    INSERT INTO tenants.trade_order_line (tenant_id, order_id, no, sku, category, quantity, amount_minor)
    SELECT $1, l.* FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::numeric[], $7::bigint[]) l
"""
_INSERT_RETURN_LINES: Final = """
    INSERT INTO tenants.trade_return_line (tenant_id, return_id, no, sku, category, quantity, amount_minor)
    SELECT $1, l.* FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::numeric[], $7::bigint[]) l
"""
