"""What a command line names by id or by the platform's own name of it: buyers, merchants, products, lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from app.cli.failures import CommandError
from billing.queries import Line, find_line
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.ids import InvalidId, decode
from products.queries import Product, find_product, read_product
from tenants.queries import Buyer, Merchant, find_buyer, find_merchant, read_buyer, read_merchant

T = TypeVar("T")


async def buyer(ctx: Ctx, text: str) -> Buyer:
    """By id `buy_…` or external reference."""
    return await _named(ctx, "buyer", "buy", text, read_buyer, find_buyer)


async def merchant(ctx: Ctx, text: str) -> Merchant:
    """By id `mer_…` or external reference."""
    return await _named(ctx, "merchant", "mer", text, read_merchant, find_merchant)


async def product(ctx: Ctx, text: str) -> Product:
    """By id `prd_…` or code."""
    return await _named(ctx, "product", "prd", text, read_product, find_product)


async def line(ctx: Ctx, text: str) -> Line:
    """By id `lin_…`."""
    line_id = identified("line", "lin", text)
    async with scope(ctx, read_only=True) as tx:
        found = await find_line(tx, ctx, line_id)
    if found is None:
        raise _missing("line", text)
    return found


def identified(kind: str, prefix: str, text: str) -> UUID:
    """The id behind `drw_…`."""
    try:
        return decode(prefix, text)
    except InvalidId:
        raise CommandError(f"{text!r} is no id of a {kind}", f"copy it whole: {prefix}_…") from None


async def _named(
    ctx: Ctx,
    kind: str,
    prefix: str,
    text: str,
    read: Callable[[Tx, UUID, UUID], Awaitable[T]],
    find: Callable[[Tx, UUID, str], Awaitable[T]],
) -> T:
    try:
        async with scope(ctx, read_only=True) as tx:
            try:
                key: Any = decode(prefix, text)
            except InvalidId:
                return await find(tx, ctx.tenant_id, text)
            return await read(tx, ctx.tenant_id, key)
    except NotFound:
        raise _missing(kind, text) from None


def _missing(kind: str, text: str) -> CommandError:
    return CommandError(f"this tenant has no {kind} {text!r}", f"list them: tradeline {kind} list")
