"""Opens a programme: which lender gives credit, under what licence and legal form, and in whose books."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from kernel.audit import record
from kernel.config import touch_config
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import FieldProblem
from kernel.idempotency import keep, once
from kernel.ids import uuid7
from kernel.money import UnknownCurrency, currency_digits
from kernel.outbox import emit
from products import events
from products.queries import Programme, read_programme
from tenants.rules import inputs

PERMISSION: Final = "products:write"
LATER: Final = ("factoring", "seller_credit")
"""Legal forms of DOMAIN §1 that have a name and no effect yet."""


class OpenProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """`tenant_entity`: the tenant's own company; where it is the lender too, one book serves (DOMAIN §13)."""

    lender_of_record: str
    licence: str | None
    tenant_entity: str
    currency: str
    legal_form: str = "loan"


async def open_programme(ctx: Ctx, command: OpenProgramme) -> Programme:
    """A lender without licence is refused: of the legal forms only `seller_credit` could do without.

    Raises Forbidden, Invalid, KeyReused.
    """
    ctx.require(PERMISSION)
    inputs.refuse(
        (
            inputs.name(command.lender_of_record, "#/lender_of_record"),
            inputs.name(command.licence, "#/licence")
            if command.licence
            else FieldProblem("#/licence", "licence_required"),
            inputs.name(command.tenant_entity, "#/tenant_entity"),
            _currency(command.currency),
            _legal_form(command.legal_form),
        )
    )
    async with scope(ctx) as tx:
        if (stored := await once(tx, ctx)) is not None:
            return stored.result(Programme)
        programme_id = await _insert(tx, ctx, command)
        programme = await read_programme(tx, ctx.tenant_id, programme_id)
        await touch_config(tx, ctx)
        await record(tx, ctx, events.PROGRAMME_OPENED, "programme", programme.id, programme)
        await emit(tx, ctx, events.PROGRAMME_OPENED, programme)
        await keep(tx, ctx, programme)
    return programme


async def _insert(tx: Tx, ctx: Ctx, command: OpenProgramme) -> UUID:
    programme_id = uuid7()
    await tx.execute(
        "INSERT INTO products.programme (tenant_id, id, lender_of_record, licence, legal_form, currency, "
        "lender_book, tenant_book, status, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9)",
        ctx.tenant_id,
        programme_id,
        command.lender_of_record,
        command.licence,
        command.legal_form,
        command.currency,
        await _book(tx, ctx, command.lender_of_record),
        await _book(tx, ctx, command.tenant_entity),
        ctx.now,
    )
    return programme_id


async def _book(tx: Tx, ctx: Ctx, legal_entity: str) -> UUID:
    """The book of a legal entity: it has one, whatever programmes it takes part in."""
    await tx.execute(
        "INSERT INTO products.book (tenant_id, id, legal_entity, created_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (tenant_id, legal_entity) DO NOTHING",
        ctx.tenant_id,
        uuid7(),
        legal_entity,
        ctx.now,
    )
    book_id: UUID = await tx.fetchval(
        "SELECT id FROM products.book WHERE tenant_id = $1 AND legal_entity = $2", ctx.tenant_id, legal_entity
    )
    return book_id


def _currency(code: str) -> FieldProblem | None:
    try:
        currency_digits(code)
    except UnknownCurrency:
        return FieldProblem("#/currency", "unknown_currency", {"value": code[:20]})
    return None


def _legal_form(value: str) -> FieldProblem | None:
    if value == "loan":
        return None
    if value in LATER:
        return FieldProblem("#/legal_form", "not_supported_yet", {"value": value})
    return FieldProblem("#/legal_form", "unknown_value", {"allowed": "loan"})
