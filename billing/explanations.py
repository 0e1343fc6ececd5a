"""Reads that explain every yuan: of a drawdown each row's amounts, of one charge its row's, of a receipt what
it pays, of a statement's line what it came from (DOMAIN.md §8).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from billing.history import expect_near
from billing.queries import find_receipt, load_drawdown, load_events, load_paid_by
from billing.rules.derivation import Derivation, given
from billing.rules.events import decode_event
from billing.rules.explain import RowExplained, explain
from billing.rules.explain_allocation import explain_allocations
from billing.rules.statement import LineKind
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import NotFound
from kernel.ids import encode

Kind = Literal["principal", "interest", "fee", "penalty"]
KINDS: tuple[Kind, ...] = ("principal", "interest", "fee", "penalty")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of one row, or of a drawdown."""

    drawdown_id: UUID
    instalment_no: int | None
    kind: Kind | LineKind
    derivation: Derivation


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts as they stand at the end of `as_of`: charged, or paid by one receipt."""

    currency: str
    as_of: date
    amounts: tuple[Explained, ...]

    def of(self, instalment_no: int | None) -> Explanation:
        """Only of this instalment; of all without one."""
        amounts = tuple(one for one in self.amounts if instalment_no in (None, one.instalment_no))
        return replace(self, amounts=amounts)


async def explain_drawdown(tx: Tx, ctx: Ctx, drawdown_id: UUID, as_of: date | None = None) -> Explanation:
    """Every amount other than nothing, today or on another day if nothing more happens.

    Raises NotFound, Invalid for a day before the authorisation or more than ten years ahead.
    """
    loaded = await load_drawdown(tx, ctx, drawdown_id)
    if loaded is None:
        raise NotFound(what="drawdown")
    on = as_of or ctx.today
    expect_near(ctx, loaded, on)
    log = await load_events(tx, ctx, [drawdown_id])
    rows = explain(loaded.terms, log[drawdown_id], on)
    amounts = tuple(
        one for row in rows for kind in KINDS if (one := _told(drawdown_id, row, kind)).derivation.value
    )
    return Explanation(currency=loaded.currency, as_of=on, amounts=amounts)


async def explain_charge(tx: Tx, ctx: Ctx, charge_id: UUID) -> Explanation:
    """What is charged on the charge's row by the end of its day, as it was known when it was made: all
    charges of that row and kind so far come to this. Raises NotFound.
    """
    charge = await tx.fetchrow(
        """SELECT c.drawdown_id, c.instalment_no, c.kind, c.effective_on, j.kind AS journal_kind, j.xid
        FROM billing.charge c
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
    if charge["journal_kind"] == "statement_cut":  # made at the opening of the day after
        on += timedelta(1)
    rows = [row for row in explain(loaded.terms, events, on) if row.instalment_no == charge["instalment_no"]]
    return Explanation(
        currency=loaded.currency,
        as_of=on,
        amounts=tuple(_told(loaded.id, row, charge["kind"]) for row in rows),
    )


async def explain_receipt(tx: Tx, ctx: Ctx, receipt_id: UUID) -> Explanation:
    """Every amount that the receipt pays today: what was asked on its day, and what was left of the money.
    What is credit balance is asked by nobody. Raises NotFound.
    """
    receipt = await find_receipt(tx, ctx, receipt_id)
    if receipt is None:
        raise NotFound(what="receipt")
    amounts = tuple(
        Explained(
            drawdown_id=loaded.id,
            instalment_no=one.instalment_no,
            kind=one.component,
            derivation=one.derivation,
        )
        for loaded in await load_paid_by(tx, ctx, receipt_id)
        for one in explain_allocations(loaded.terms, loaded.events or (), receipt_id, ctx.today)
    )
    return Explanation(currency=receipt.currency, as_of=ctx.today, amounts=amounts)


async def explain_statement_line(tx: Tx, ctx: Ctx, line_id: UUID) -> Explanation:
    """Of a charge: as `explain_charge`. Of all else: the event that it came from, or, where the schedule
    brought it, none. Raises NotFound.
    """
    line = await tx.fetchrow(
        """SELECT l.kind, l.charge_id, l.drawdown_id, l.amount_minor, l.effective_on, s.currency,
            j.kind AS journal_kind, j.reference, j.xid
        FROM billing.statement_line l
        JOIN billing.statement s ON s.tenant_id = l.tenant_id AND s.id = l.statement_id
        JOIN billing.journal j ON j.tenant_id = l.tenant_id AND j.id = l.journal_id
        WHERE l.tenant_id = $1 AND l.id = $2""",
        ctx.tenant_id, line_id,
    )  # fmt: skip
    if line is None:
        raise NotFound(what="statement_line")
    if line["charge_id"] is not None:
        return await explain_charge(tx, ctx, line["charge_id"])
    facts: dict[str, str | int] = {
        "journal": line["journal_kind"],
        "reference": line["reference"],
        "effective_on": line["effective_on"].isoformat(),
    }
    event = await tx.fetchrow(
        """SELECT seq, kind, data->>'receipt_id' AS receipt_id, data->>'refund_id' AS refund_id
        FROM billing.drawdown_event
        WHERE tenant_id = $1 AND drawdown_id = $2 AND xid = $3 AND effective_on = $4 AND kind <> 'authorised'
        ORDER BY seq DESC LIMIT 1""",
        ctx.tenant_id, line["drawdown_id"], line["xid"], line["effective_on"],
    )  # fmt: skip
    if event is not None and line["journal_kind"] != "interest_due":
        facts |= {"event": event["kind"], "event_seq": event["seq"]}
        for name, prefix in (("receipt_id", "rcp"), ("refund_id", "rfd")):
            if event[name] is not None:
                facts[name] = encode(prefix, UUID(event[name]))
    told = Explained(
        drawdown_id=line["drawdown_id"],
        instalment_no=None,
        kind=line["kind"],
        derivation=given(f"statement.{line['kind']}", line["amount_minor"], **facts),
    )
    return Explanation(currency=line["currency"], as_of=line["effective_on"], amounts=(told,))


def _told(drawdown_id: UUID, row: RowExplained, kind: Kind) -> Explained:
    return Explained(
        drawdown_id=drawdown_id, instalment_no=row.instalment_no, kind=kind, derivation=getattr(row, kind)
    )
