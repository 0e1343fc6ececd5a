"""Reads for whoever looks back: events, charges, allocations, limit decisions, the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from billing.loaded import DrawdownView, Loaded, view
from billing.queries import load_drawdown, load_events
from billing.receipts import AllocationView
from billing.rules.advance import advance
from billing.rules.events import Event, decode_event
from billing.rules.outlook import OutlookRow, outlook
from billing.rules.replay import replay
from billing.rules.values import State
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.errors import FieldProblem, Invalid, NotFound

By = Literal["effective", "booked"]
"""By which date a report counts: the day a thing is for, or the day it was recorded (DOMAIN §2)."""


AHEAD_DAYS: Final = 3650
"""How far ahead a drawdown may be looked at."""


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    kind: str
    effective_on: date
    booked_on: date
    recorded_at: datetime
    actor_kind: str
    actor_id: UUID
    event: Event


class ChargeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """`derivation`: the numbers that the amount follows from, as `Charge` of rules/decision.py has them."""

    id: UUID
    instalment_no: int
    journal_id: UUID
    kind: str
    amount_minor: int
    effective_on: date
    booked_on: date
    derivation: dict[str, Any]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A drawdown's plan as its buyer sees it on a day."""

    drawdown_id: UUID
    currency: str
    as_of: date
    rows: tuple[OutlookRow, ...]


class LimitDecision(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    line_id: UUID
    kind: str
    limit_before_minor: int
    limit_after_minor: int
    currency: str
    status_before: str | None
    status_after: str
    reason: str
    actor_kind: str
    actor_id: UUID
    effective_on: date
    created_at: datetime


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One posting with the facts of its journal."""

    journal_id: UUID
    no: int
    reference: str
    kind: str
    effective_on: date
    booked_on: date
    book: UUID
    debit_account: str
    debit_party: UUID | None
    credit_account: str
    credit_party: UUID | None
    amount_minor: int
    currency: str


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """All that was posted to one account of one book, over all parties."""

    book: UUID
    account: str
    currency: str
    debit_minor: int
    credit_minor: int


def today_view(ctx: Ctx, loaded: Loaded) -> DrawdownView:
    """As it stands today, whether day end has written that down or not."""
    return view(loaded, _today(ctx, loaded))


def _today(ctx: Ctx, loaded: Loaded) -> State:
    return advance(loaded.terms, loaded.state, max(ctx.today, loaded.state.as_of))


async def read_drawdown(tx: Tx, ctx: Ctx, drawdown_id: UUID, as_of: date | None = None) -> DrawdownView:
    """As it stands on a day past or to come if nothing more happens; today without one.

    Raises NotFound, Invalid for a day before the authorisation or more than ten years ahead.
    """
    return view(*await _on_a_day(tx, ctx, drawdown_id, as_of))


async def read_schedule(tx: Tx, ctx: Ctx, drawdown_id: UUID, as_of: date | None = None) -> Schedule:
    """What each instalment asks for when it falls due if nothing more happens, as seen on a day, today
    without one. Raises as `read_drawdown`.
    """
    loaded, state = await _on_a_day(tx, ctx, drawdown_id, as_of)
    rows = outlook(loaded.terms, state)
    return Schedule(drawdown_id=loaded.id, currency=loaded.currency, as_of=state.as_of, rows=rows)


async def _on_a_day(tx: Tx, ctx: Ctx, drawdown_id: UUID, as_of: date | None) -> tuple[Loaded, State]:
    loaded = await load_drawdown(tx, ctx, drawdown_id)
    if loaded is None:
        raise NotFound(what="drawdown")
    if as_of is None:
        return loaded, _today(ctx, loaded)
    expect_near(ctx, loaded, as_of)
    if as_of >= loaded.state.as_of:
        return loaded, advance(loaded.terms, loaded.state, as_of)
    log = await load_events(tx, ctx, [drawdown_id])
    return loaded, replay(loaded.terms, log[drawdown_id], as_of)


def expect_near(ctx: Ctx, loaded: Loaded, as_of: date) -> None:
    """Raises Invalid for a day before the authorisation or more than ten years ahead."""
    last_on = ctx.today + timedelta(AHEAD_DAYS)
    if not loaded.authorised_on <= as_of <= last_on:
        expected = f"{loaded.authorised_on} to {last_on}"
        raise Invalid(errors=(FieldProblem("?as_of", "out_of_range", {"expected": expected}),))


async def currency_of(tx: Tx, ctx: Ctx, drawdown_id: UUID) -> str:
    """A drawdown's currency. Raises NotFound."""
    found: str | None = await tx.fetchval(
        "SELECT currency FROM billing.drawdown WHERE tenant_id = $1 AND id = $2", ctx.tenant_id, drawdown_id
    )
    if found is None:
        raise NotFound(what="drawdown")
    return found


async def list_events(tx: Tx, ctx: Ctx, drawdown_id: UUID, *, after: int, limit: int) -> list[RecordedEvent]:
    """In the order in which they were recorded, after number `after`."""
    rows = await tx.fetch(
        """SELECT seq, kind, effective_on, booked_on, recorded_at, actor_kind, actor_id, data
        FROM billing.drawdown_event WHERE tenant_id = $1 AND drawdown_id = $2 AND seq > $3
        ORDER BY seq LIMIT $4""",
        ctx.tenant_id, drawdown_id, after, limit,
    )  # fmt: skip
    found = []
    for row in rows:
        facts = dict(row)
        found.append(RecordedEvent(event=decode_event(facts.pop("data")), **facts))
    return found


async def list_charges(
    tx: Tx, ctx: Ctx, drawdown_id: UUID, *, after: UUID | None, limit: int
) -> list[ChargeRecord]:
    """In the order in which they were made, after the one with id `after`."""
    rows = await tx.fetch(
        """SELECT id, instalment_no, journal_id, kind, amount_minor, effective_on, booked_on, derivation
        FROM billing.charge WHERE tenant_id = $1 AND drawdown_id = $2 AND ($3::uuid IS NULL OR id > $3)
        ORDER BY id LIMIT $4""",
        ctx.tenant_id, drawdown_id, after, limit,
    )  # fmt: skip
    found = []
    for row in rows:
        facts = dict(row)
        derivation = msgspec.json.decode(facts.pop("derivation"))
        found.append(ChargeRecord(derivation=derivation, **facts))
    return found


async def allocations_of(
    tx: Tx, ctx: Ctx, receipt_ids: Sequence[UUID]
) -> dict[UUID, tuple[AllocationView, ...]]:
    """What each receipt pays now, by drawdown, instalment and component; a reversed one pays nothing."""
    rows = await tx.fetch(
        """SELECT receipt_id, drawdown_id, instalment_no, component,
            sum(amount_minor)::bigint AS amount_minor
        FROM billing.allocation WHERE tenant_id = $1 AND receipt_id = ANY ($2)
        GROUP BY receipt_id, drawdown_id, instalment_no, component HAVING sum(amount_minor) <> 0
        ORDER BY receipt_id, drawdown_id, instalment_no""",
        ctx.tenant_id, list(receipt_ids),
    )  # fmt: skip
    found: dict[UUID, list[AllocationView]] = {}
    for row in rows:
        facts = dict(row)
        found.setdefault(facts.pop("receipt_id"), []).append(AllocationView(**facts))
    return {receipt_id: tuple(parts) for receipt_id, parts in found.items()}


async def list_limit_decisions(
    tx: Tx, ctx: Ctx, *, line_id: UUID | None, before: UUID | None, limit: int
) -> list[LimitDecision]:
    """Newest first, after the one with id `before`."""
    rows = await tx.fetch(
        """SELECT d.id, d.line_id, d.kind, d.limit_before_minor, d.limit_after_minor, l.currency,
            d.status_before, d.status_after, d.reason, d.actor_kind, d.actor_id, d.effective_on, d.created_at
        FROM billing.limit_decision d JOIN billing.line l ON l.tenant_id = d.tenant_id AND l.id = d.line_id
        WHERE d.tenant_id = $1 AND ($2::uuid IS NULL OR d.line_id = $2) AND ($3::uuid IS NULL OR d.id < $3)
        ORDER BY d.id DESC LIMIT $4""",
        ctx.tenant_id, line_id, before, limit,
    )  # fmt: skip
    return [LimitDecision(**row) for row in rows]


async def list_entries(
    tx: Tx, ctx: Ctx, drawdown_id: UUID, *, after: tuple[UUID, int] | None, limit: int
) -> list[LedgerEntry]:
    """A drawdown's postings in the order in which they were booked, after (journal, number)."""
    journal_id, no = after or (_FIRST, 0)
    rows = await tx.fetch(
        """SELECT e.journal_id, e.no, j.reference, j.kind, j.effective_on, j.booked_on, e.book,
            e.debit_account, e.debit_party, e.credit_account, e.credit_party, e.amount_minor, e.currency
        FROM billing.entry e JOIN billing.journal j ON j.tenant_id = e.tenant_id AND j.id = e.journal_id
        WHERE e.tenant_id = $1 AND e.drawdown_id = $2 AND (e.journal_id, e.no) > ($3, $4)
        ORDER BY e.journal_id, e.no LIMIT $5""",
        ctx.tenant_id, drawdown_id, journal_id, no, limit,
    )  # fmt: skip
    return [LedgerEntry(**row) for row in rows]


async def trial_balance(tx: Tx, ctx: Ctx, on: date, by: By) -> list[Balance]:
    """Every account's sums through the day `on`; over all of them debits equal credits."""
    rows = await tx.fetch(
        """SELECT book, account, currency, sum(debit)::bigint AS debit_minor,
            sum(credit)::bigint AS credit_minor
        FROM (
            SELECT e.book, s.account, e.currency, s.debit, s.credit
            FROM billing.journal j
            JOIN billing.entry e ON e.tenant_id = j.tenant_id AND e.journal_id = j.id
            CROSS JOIN LATERAL (VALUES
                (e.debit_account, e.amount_minor, 0::bigint), (e.credit_account, 0::bigint, e.amount_minor)
            ) AS s (account, debit, credit)
            WHERE j.tenant_id = $1 AND CASE $3 WHEN 'booked' THEN j.booked_on ELSE j.effective_on END <= $2
        ) AS sides
        GROUP BY book, account, currency ORDER BY book, account, currency""",
        ctx.tenant_id, on, by,
    )  # fmt: skip
    return [Balance(**row) for row in rows]


_FIRST: Final = UUID(int=0)
