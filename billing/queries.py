"""Reads of billing: what a decision is made on, and what lists and pages show. Every query names its
tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from billing.command import LineStatus
from billing.loaded import Loaded
from billing.rules.accounts import Parties
from billing.rules.decision import Refusal
from billing.rules.events import Event, ReversalReason, decode_event
from billing.rules.moves import needs_events
from billing.rules.replay import replay
from billing.rules.state import Move
from billing.rules.values import ENGINE_VERSION, decode_state
from kernel import ids
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import Stale
from products.rules.terms import Terms, decode_terms

_TERMS_KEPT: Final = 10_000
_terms: dict[tuple[UUID, UUID], Terms] = {}
"""Terms never change under their id, so a process may keep them."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    buyer_id: UUID
    product_id: UUID
    kind: str
    currency: str
    limit_minor: int
    held_minor: int
    outstanding_minor: int
    status: LineStatus
    version: int
    over_limit: bool

    @property
    def available_minor(self) -> int:
        """Room for new drawdowns (DOMAIN §6): never below 0, and 0 unless active."""
        if self.status != "active":
            return 0
        return max(0, self.limit_minor - self.held_minor - self.outstanding_minor)


_LINE: Final = """
    SELECT id, buyer_id, product_id, kind, currency, limit_minor, held_minor, outstanding_minor, status,
    version, over_limit
    FROM billing.line WHERE tenant_id = $1"""


async def find_line(tx: Tx, ctx: Ctx, line_id: UUID) -> Line | None:
    row = await tx.fetchrow(f"{_LINE} AND id = $2", ctx.tenant_id, line_id)
    return Line(**row) if row else None


async def find_open_line(tx: Tx, ctx: Ctx, buyer_id: UUID, product_id: UUID) -> Line | None:
    """The buyer's line on a product, unless it is closed."""
    row = await tx.fetchrow(
        f"{_LINE} AND buyer_id = $2 AND product_id = $3 AND status <> 'closed'",
        ctx.tenant_id,
        buyer_id,
        product_id,
    )
    return Line(**row) if row else None


async def open_lines(tx: Tx, ctx: Ctx, product_id: UUID, buyer_ids: Sequence[UUID]) -> dict[UUID, Line]:
    """Lines on a product that are not closed, by buyer."""
    rows = await tx.fetch(
        f"{_LINE} AND product_id = $2 AND buyer_id = ANY ($3) AND status <> 'closed'",
        ctx.tenant_id, product_id, buyer_ids,
    )  # fmt: skip
    return {row["buyer_id"]: Line(**row) for row in rows}


async def list_lines(
    tx: Tx, ctx: Ctx, *, buyer_id: UUID | None, before: UUID | None, limit: int
) -> list[Line]:
    """Newest first, after the row with id `before`."""
    rows = await tx.fetch(
        f"""{_LINE} AND ($2::uuid IS NULL OR buyer_id = $2) AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4""",
        ctx.tenant_id, buyer_id, before, limit,
    )  # fmt: skip
    return [Line(**row) for row in rows]


_DRAWDOWN: Final = """
    SELECT d.id, d.version, u.line_id, d.programme_id, d.product_id, d.buyer_id, d.merchant_id, d.currency,
        d.order_ref, d.external_ref, d.authorised_on, d.terms_id, d.engine_version, d.state
    FROM billing.drawdown d
    JOIN billing.drawdown_use u ON u.tenant_id = d.tenant_id AND u.drawdown_id = d.id
    WHERE d.tenant_id = $1"""


async def load_drawdown(tx: Tx, ctx: Ctx, drawdown_id: UUID, *, events: bool = False) -> Loaded | None:
    rows = await tx.fetch(f"{_DRAWDOWN} AND d.id = $2", ctx.tenant_id, drawdown_id)
    return (await loaded(tx, ctx, rows, events=events))[0] if rows else None


async def with_events(
    tx: Tx, ctx: Ctx, found: Loaded, move: Move, *, on: date, reason: ReversalReason | None = None
) -> Loaded:
    """`found`, together with its events where the move will have to replay them."""
    if on < found.authorised_on or not needs_events(
        found.terms, found.state, move, on=on, today=ctx.today, reason=reason
    ):
        return found
    again = await load_drawdown(tx, ctx, found.id, events=True)
    if again is None or again.version != found.version:
        raise Stale(what="drawdown")
    return again


_PREFIXES: Final = {"drawdown": "drw", "refund": "rfd", "receipt": "rcp"}
_REFS: Final = {"drawdown": "billing.drawdown", "refund": "billing.refund", "receipt": "billing.receipt"}


async def taken_ref(tx: Tx, ctx: Ctx, kind: str, external_ref: str | None) -> Refusal | None:
    """Refused where another object of the kind has the reference. A race is caught by the unique index."""
    if external_ref is None:
        return None
    existing = await tx.fetchval(
        f"SELECT id FROM {_REFS[kind]} WHERE tenant_id = $1 AND external_ref = $2",
        ctx.tenant_id,
        external_ref,
    )
    if existing is None:
        return None
    return Refusal(
        "external_ref_conflict",
        {"external_ref": external_ref, "existing_id": ids.encode(_PREFIXES[kind], existing)},
    )


async def load_drawdowns(tx: Tx, ctx: Ctx, ids: Sequence[UUID], *, events: bool = False) -> list[Loaded]:
    rows = await tx.fetch(f"{_DRAWDOWN} AND d.id = ANY ($2) ORDER BY d.id", ctx.tenant_id, list(ids))
    return await loaded(tx, ctx, rows, events=events)


async def load_unpaid(
    tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str, *, events: bool = False
) -> list[Loaded]:
    """The buyer's drawdowns that owe something, in the order of their numbers."""
    rows = await tx.fetch(
        f"{_DRAWDOWN} AND d.buyer_id = $2 AND d.currency = $3 AND d.status = 'captured' ORDER BY d.id",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return await loaded(tx, ctx, rows, events=events)


async def load_of_lines(tx: Tx, ctx: Ctx, line_ids: Sequence[UUID]) -> list[Loaded]:
    """The lines' drawdowns that owe something."""
    rows = await tx.fetch(
        f"{_DRAWDOWN} AND u.line_id = ANY ($2) AND d.status = 'captured' ORDER BY d.id",
        ctx.tenant_id, list(line_ids),
    )  # fmt: skip
    return await loaded(tx, ctx, rows)


async def list_drawdowns(
    tx: Tx, ctx: Ctx, *, buyer_id: UUID | None, status: str | None, external_ref: str | None,
    before: UUID | None, limit: int,
) -> list[Loaded]:  # fmt: skip
    """Newest first, after the row with id `before`."""
    rows = await tx.fetch(
        f"""{_DRAWDOWN} AND ($2::uuid IS NULL OR d.buyer_id = $2) AND ($3::text IS NULL OR d.status = $3)
        AND ($4::text IS NULL OR d.external_ref = $4) AND ($5::uuid IS NULL OR d.id < $5)
        ORDER BY d.id DESC LIMIT $6""",
        ctx.tenant_id, buyer_id, status, external_ref, before, limit,
    )  # fmt: skip
    return await loaded(tx, ctx, rows)


async def loaded(tx: Tx, ctx: Ctx, rows: Sequence[Any], *, events: bool = False) -> list[Loaded]:
    """Rows of `_DRAWDOWN` as values. A state of an older engine is replayed on touch (ARCHITECTURE §3)."""
    terms = await load_terms(tx, ctx, {row["terms_id"] for row in rows})
    stale = [row["id"] for row in rows if row["engine_version"] != ENGINE_VERSION]
    wanted = [row["id"] for row in rows] if events else stale
    log = await load_events(tx, ctx, wanted) if wanted else {}
    found = []
    for row in rows:
        own = terms[row["terms_id"]]
        state = decode_state(row["state"])
        if row["id"] in stale:
            state = replay(own, log[row["id"]], state.as_of)
        found.append(
            Loaded(
                id=row["id"],
                version=row["version"],
                line_id=row["line_id"],
                programme_id=row["programme_id"],
                product_id=row["product_id"],
                buyer_id=row["buyer_id"],
                merchant_id=row["merchant_id"],
                currency=row["currency"],
                order_ref=row["order_ref"],
                external_ref=row["external_ref"],
                authorised_on=row["authorised_on"],
                terms=own,
                state=state,
                events=log.get(row["id"], ()) if events else None,
            )
        )
    return found


async def load_events(tx: Tx, ctx: Ctx, ids: Sequence[UUID]) -> dict[UUID, tuple[Event, ...]]:
    """All events of the drawdowns, in the order in which they were recorded."""
    rows = await tx.fetch(
        """SELECT drawdown_id, data FROM billing.drawdown_event
        WHERE tenant_id = $1 AND drawdown_id = ANY ($2) ORDER BY drawdown_id, seq""",
        ctx.tenant_id, list(ids),
    )  # fmt: skip
    log: dict[UUID, list[Event]] = {}
    for row in rows:
        log.setdefault(row["drawdown_id"], []).append(decode_event(row["data"]))
    return {drawdown_id: tuple(events) for drawdown_id, events in log.items()}


async def load_terms(tx: Tx, ctx: Ctx, ids: set[UUID]) -> dict[UUID, Terms]:
    missing = [terms_id for terms_id in ids if (ctx.tenant_id, terms_id) not in _terms]
    if missing:
        if len(_terms) > _TERMS_KEPT:
            _terms.clear()
        rows = await tx.fetch(
            "SELECT id, document FROM billing.terms WHERE tenant_id = $1 AND id = ANY ($2)",
            ctx.tenant_id,
            missing,
        )
        for row in rows:
            _terms[ctx.tenant_id, row["id"]] = decode_terms(row["document"].encode())
    return {terms_id: _terms[ctx.tenant_id, terms_id] for terms_id in ids}


async def credit_minor(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str) -> int:
    """The buyer's credit balance, minor units."""
    found = await tx.fetchval(
        """SELECT credit_minor FROM billing.buyer_balance
        WHERE tenant_id = $1 AND buyer_id = $2 AND currency = $3""",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return int(found or 0)


async def credit_usable_from(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str) -> date:
    """The first opening after the credit balance last grew: it pays at openings, never on the day it arose.

    Whoever makes it grow brings the buyer to that day first, so before it there was nothing left to pay
    from it.
    """
    grew_on: date | None = await tx.fetchval(
        """SELECT max(j.booked_on) FROM billing.entry e
        JOIN billing.journal j ON j.tenant_id = e.tenant_id AND j.id = e.journal_id
        WHERE e.tenant_id = $1 AND e.credit_party = $2 AND e.credit_account = 'buyer_credit' AND e.currency
        = $3""",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return grew_on + timedelta(1) if grew_on else date.min


async def last_credit_reference(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str) -> str | None:
    """The journal by which the buyer's credit balance last grew."""
    found: str | None = await tx.fetchval(
        """SELECT j.reference FROM billing.entry e
        JOIN billing.journal j ON j.tenant_id = e.tenant_id AND j.id = e.journal_id
        WHERE e.tenant_id = $1 AND e.credit_party = $2 AND e.credit_account = 'buyer_credit'
        AND e.currency = $3 ORDER BY j.id DESC LIMIT 1""",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return found


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    buyer_id: UUID | None
    drawdown_id: UUID | None
    external_ref: str | None
    channel: str
    currency: str
    amount_minor: int
    excess_minor: int
    advance: bool
    status: str
    reversal_reason: str | None
    reversed_on: date | None
    effective_on: date
    booked_on: date


_RECEIPT: Final = """
    SELECT id, buyer_id, drawdown_id, external_ref, channel, currency, amount_minor, excess_minor, advance,
    status,
        reversal_reason, reversed_on, effective_on, booked_on
    FROM billing.receipt WHERE tenant_id = $1"""


async def find_receipt(tx: Tx, ctx: Ctx, receipt_id: UUID) -> Receipt | None:
    row = await tx.fetchrow(f"{_RECEIPT} AND id = $2", ctx.tenant_id, receipt_id)
    return Receipt(**row) if row else None


async def receipts_of_refs(tx: Tx, ctx: Ctx, external_refs: Sequence[str]) -> dict[str, Receipt]:
    """Of those that are there, by the platform's own reference."""
    rows = await tx.fetch(f"{_RECEIPT} AND external_ref = ANY ($2)", ctx.tenant_id, list(external_refs))
    return {row["external_ref"]: Receipt(**row) for row in rows}


async def list_receipts(
    tx: Tx, ctx: Ctx, *, buyer_id: UUID | None, before: UUID | None, limit: int
) -> list[Receipt]:
    """Newest first, after the row with id `before`."""
    rows = await tx.fetch(
        f"""{_RECEIPT} AND ($2::uuid IS NULL OR buyer_id = $2) AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4""",
        ctx.tenant_id, buyer_id, before, limit,
    )  # fmt: skip
    return [Receipt(**row) for row in rows]


async def buyer_books(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str) -> Parties | None:
    """Whose books a buyer's money goes to: those of the programme of its oldest line in the currency."""
    row = await tx.fetchrow(
        """SELECT p.lender_book, p.tenant_book FROM billing.line l
        JOIN products.product o ON o.tenant_id = l.tenant_id AND o.id = l.product_id
        JOIN products.programme p ON p.tenant_id = o.tenant_id AND p.id = o.programme_id
        WHERE l.tenant_id = $1 AND l.buyer_id = $2 AND l.currency = $3 ORDER BY l.id LIMIT 1""",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return Parties(buyer=buyer_id, **row) if row else None


async def load_payable(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str, *, on: date) -> list[Loaded]:
    """What a receipt of day `on` may pay, in the order of their numbers: unpaid now, or settled only after
    that day."""
    rows = await tx.fetch(
        f"""{_DRAWDOWN} AND d.buyer_id = $2 AND d.currency = $3 AND d.status IN ('captured', 'closed')
        AND EXISTS (SELECT FROM billing.instalment i WHERE i.tenant_id = d.tenant_id AND i.drawdown_id = d.id
            AND (i.settled_on IS NULL OR i.settled_on > $4))
        ORDER BY d.id""",
        ctx.tenant_id, buyer_id, currency, on,
    )  # fmt: skip
    return await loaded(tx, ctx, rows)


async def load_paid_by(tx: Tx, ctx: Ctx, receipt_id: UUID) -> list[Loaded]:
    """The drawdowns to which a receipt was allotted, with their events; those too where it paid nothing."""
    rows = await tx.fetch(
        f"""{_DRAWDOWN} AND d.id IN (SELECT e.drawdown_id FROM billing.receipt r
            JOIN billing.drawdown b ON b.tenant_id = r.tenant_id AND b.buyer_id = r.buyer_id
            JOIN billing.drawdown_event e ON e.tenant_id = b.tenant_id AND e.drawdown_id = b.id
            WHERE r.tenant_id = $1 AND r.id = $2 AND e.kind = 'received'
                AND e.effective_on = r.effective_on AND e.data->>'receipt_id' = r.id::text) ORDER BY d.id""",
        ctx.tenant_id, receipt_id,
    )  # fmt: skip
    return await loaded(tx, ctx, rows, events=True)


async def newest_credit_use(tx: Tx, ctx: Ctx, buyer_id: UUID, currency: str) -> Receipt | None:
    """The latest payment from the buyer's credit balance that stands."""
    row = await tx.fetchrow(
        f"""{_RECEIPT} AND buyer_id = $2 AND currency = $3 AND channel = 'credit_balance' AND status =
        'posted'
        ORDER BY id DESC LIMIT 1""",
        ctx.tenant_id, buyer_id, currency,
    )  # fmt: skip
    return Receipt(**row) if row else None
