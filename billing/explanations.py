"""Reads that explain every yuan: of a drawdown each row's amounts, of one charge its row's (DOMAIN.md §8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from billing.history import AHEAD_DAYS
from billing.queries import load_drawdown, load_events
from billing.rules.derivation import Derivation
from billing.rules.events import decode_event
from billing.rules.explain import RowExplained, explain
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import FieldProblem, Invalid, NotFound

Kind = Literal["principal", "interest", "fee", "penalty"]
KINDS: tuple[Kind, ...] = ("principal", "interest", "fee", "penalty")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of one row."""

    instalment_no: int
    kind: Kind
    derivation: Derivation


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts as they stand at the end of `as_of`."""

    drawdown_id: UUID
    currency: str
    as_of: date
    amounts: tuple[Explained, ...]


async def explain_drawdown(tx: Tx, ctx: Ctx, drawdown_id: UUID, as_of: date | None = None) -> Explanation:
    """Every amount other than nothing, today or on another day if nothing more happens.

    Raises NotFound, Invalid for a day before the authorisation or more than ten years ahead.
    """
    loaded = await load_drawdown(tx, ctx, drawdown_id)
    if loaded is None:
        raise NotFound(what="drawdown")
    on, last_on = as_of or ctx.today, ctx.today + timedelta(AHEAD_DAYS)
    if not loaded.authorised_on <= on <= last_on:
        expected = f"{loaded.authorised_on} to {last_on}"
        raise Invalid(errors=(FieldProblem("?as_of", "out_of_range", {"expected": expected}),))
    log = await load_events(tx, ctx, [drawdown_id])
    rows = explain(loaded.terms, log[drawdown_id], on)
    amounts = tuple(one for row in rows for kind in KINDS if (one := _told(row, kind)).derivation.value)
    return Explanation(drawdown_id=drawdown_id, currency=loaded.currency, as_of=on, amounts=amounts)


async def explain_charge(tx: Tx, ctx: Ctx, charge_id: UUID) -> Explanation:
    """What is charged on the charge's row by the end of its day, as it was known when it was made: all
    charges of that row and kind so far come to this. Raises NotFound.
    """
    charge = await tx.fetchrow(
        """SELECT c.drawdown_id, c.instalment_no, c.kind, c.effective_on, j.xid FROM billing.charge c
        JOIN billing.journal j ON j.tenant_id = c.tenant_id AND j.id = c.journal_id
        WHERE c.tenant_id = $1 AND c.id = $2""",
        ctx.tenant_id, charge_id,
    )  # fmt: skip
    loaded = await load_drawdown(tx, ctx, charge["drawdown_id"]) if charge else None
    if charge is None or loaded is None:
        raise NotFound(what="charge")
    known = await tx.fetch(
        """SELECT data FROM billing.drawdown_event
        WHERE tenant_id = $1 AND drawdown_id = $2 AND xid <= $3 ORDER BY seq""",
        ctx.tenant_id, loaded.id, charge["xid"],
    )  # fmt: skip
    events = [decode_event(row["data"]) for row in known]
    on: date = charge["effective_on"]
    rows = [row for row in explain(loaded.terms, events, on) if row.instalment_no == charge["instalment_no"]]
    return Explanation(
        drawdown_id=loaded.id,
        currency=loaded.currency,
        as_of=on,
        amounts=tuple(_told(row, charge["kind"]) for row in rows),
    )


def _told(row: RowExplained, kind: Kind) -> Explained:
    return Explained(instalment_no=row.instalment_no, kind=kind, derivation=getattr(row, kind))
