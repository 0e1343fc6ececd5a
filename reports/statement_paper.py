"""The paper of a statement: what billing froze, named for a reader; nothing is computed (DOMAIN.md §10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from billing.statements import Statement, find_statement, lines_of
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import NotFound
from kernel.ids import encode
from products.queries import read_product, read_programme
from reports import paper, wording
from tenants.queries import read_buyer, read_tenant

TEMPLATE: Final = "statement.html"
SUMS: Final = (
    ("+", "captured"), ("+", "converted"), ("+", "interest"), ("+", "fee"), ("+", "penalty"), ("−", "paid"),
    ("−", "refunded"), ("−", "waived"), ("+", "corrections"),
)  # fmt: skip
"""Closing = opening, and these in turn."""


class PaperLine(msgspec.Struct, frozen=True, kw_only=True):
    """`about`: the platform's order, or the drawdown where it has none; and which instalment."""

    effective_on: date
    kind: str
    about: str
    amount_minor: int
    late_number: str | None


class StatementSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the template is given. `sums`: sign, text and minor units of what is not zero. `pay_by_on`: the
    first day on which something is due before the next cut.
    """

    statement: Statement
    live: bool
    platform: str
    lender: str
    buyer: str
    product: str
    from_on: str
    through_on: str
    pay_by_on: date | None
    sums: tuple[tuple[str, str, int], ...]
    lines: tuple[PaperLine, ...]
    corrections: tuple[PaperLine, ...]


async def statement_page(tx: Tx, ctx: Ctx, statement_id: UUID, locale: str) -> str:
    """The statement as HTML. Raises NotFound."""
    return paper.page(TEMPLATE, locale, sheet=await _sheet(tx, ctx, statement_id, locale))


async def _sheet(tx: Tx, ctx: Ctx, statement_id: UUID, locale: str) -> StatementSheet:
    statement = await find_statement(tx, ctx, statement_id)
    if statement is None:
        raise NotFound()
    found = await lines_of(tx, ctx, statement_id)
    product = await read_product(tx, ctx.tenant_id, statement.product_id)
    programme = await read_programme(tx, ctx.tenant_id, product.programme_id)
    lines = [
        PaperLine(
            effective_on=line.effective_on,
            kind=line.kind,
            about=_about(line.order_ref or encode("drw", line.drawdown_id), line.instalment_no),
            amount_minor=line.amount_minor,
            late_number=line.late_number,
        )
        for line in found
    ]
    first_on = statement.from_on or min((line.effective_on for line in lines), default=statement.cut_on)
    return StatementSheet(
        statement=statement,
        live=ctx.mode == "live",
        platform=(await read_tenant(tx, ctx.tenant_id)).name,
        lender=programme.lender_of_record,
        buyer=(await read_buyer(tx, ctx.tenant_id, statement.buyer_id)).name,
        product=product.name_zh if locale == "zh-CN" else product.name_en,
        from_on=wording.day(locale, first_on),
        through_on=wording.day(locale, statement.cut_on - timedelta(1)),
        pay_by_on=min((due.due_on for due in statement.due_dates if due.when == "due"), default=None),
        sums=tuple(_signed(sign, name, getattr(statement, f"{name}_minor")) for sign, name in SUMS
                   if getattr(statement, f"{name}_minor")),
        lines=tuple(line for line in lines if line.late_number is None),
        corrections=tuple(line for line in lines if line.late_number is not None),
    )  # fmt: skip


def _signed(sign: str, name: str, minor: int) -> tuple[str, str, int]:
    """A sum below 0 turns its sign: given back, or taken over by another debt."""
    if minor < 0:
        sign, minor = ("−" if sign == "+" else "+"), -minor
    return sign, f"paper.statement.sum.{name}", minor


def _about(reference: str, instalment_no: int | None) -> str:
    return reference if instalment_no is None else f"{reference} · {instalment_no}"
