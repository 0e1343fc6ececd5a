"""What a decision comes to, as the rows of a command: ids are given here, nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from billing.command import (
    AllocationRow,
    AuditRow,
    ChargeRow,
    Command,
    CreditMove,
    DrawdownEventRow,
    DrawdownRow,
    DrawdownSet,
    DrawdownUseRow,
    EntryRow,
    Expected,
    InstalmentGone,
    InstalmentRow,
    JournalRow,
    LimitChange,
    LineMove,
    OutboxRow,
    RefusalNote,
    Rows,
)
from billing.loaded import Loaded
from billing.rules.accounts import Posting
from billing.rules.decision import Journal, Moved, Refusal
from billing.rules.events import Event, encode_event
from billing.rules.state import Projection, outstanding_minor, project, remaining_minor
from billing.rules.values import Instalment, State, encode_state
from kernel import ids
from kernel.context import Ctx


class Draft(msgspec.Struct, kw_only=True):
    """A command in the making: each step adds its rows."""

    lines: list[LineMove] = []
    limits: list[LimitChange] = []
    drawdowns: list[Expected] = []
    balances: list[CreditMove] = []
    tables: dict[str, list[Any]] = {}

    def add(self, table: str, *rows: Any) -> None:
        self.tables.setdefault(table, []).extend(rows)


def command(ctx: Ctx, draft: Draft, result: Mapping[str, Any] | msgspec.Struct) -> Command:
    """The draft under the caller's idempotency key, booked today. Every event in it is effective today or
    before."""
    return Command(
        tenant=ctx.tenant_id,
        booked_on=ctx.today,
        effective_on=ctx.today,
        family=ctx.family if ctx.key else None,
        key=ctx.key.key if ctx.key else None,
        fingerprint=ctx.key.fingerprint if ctx.key else None,
        lines=tuple(draft.lines),
        limits=tuple(draft.limits),
        drawdowns=tuple(draft.drawdowns),
        balances=tuple(draft.balances),
        result=result,
        rows=Rows(**{table: tuple(rows) for table, rows in draft.tables.items()}),
    )


def refused(ctx: Ctx, refusal: Refusal) -> Command:
    """A refusal goes the same way as a success: a repeat of what succeeded must hear of the success
    (decision 0001)."""
    bare = command(ctx, Draft(), {})
    return msgspec.structs.replace(bare, refusal=RefusalNote(code=refusal.code, params=refusal.params))


def told(ctx: Ctx, draft: Draft, topic: str, loaded: Loaded, **facts: Any) -> None:
    """What happened to a drawdown, for others (outbox) and for the record (audit)."""
    noted(ctx, draft, topic, "drawdown", loaded.id, _payload(loaded, facts))


def brought(draft: Draft, topic: str, loaded: Loaded, **facts: Any) -> None:
    """What the schedule did to a drawdown: an event only, for nobody acted; day end has one audit row for
    all."""
    draft.add("outbox", OutboxRow(id=ids.uuid7(), topic=topic, payload=_payload(loaded, facts)))


def _payload(loaded: Loaded, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "drawdown_id": loaded.id,
        "buyer_id": loaded.buyer_id,
        "merchant_id": loaded.merchant_id,
        "currency": loaded.currency,
        "order_ref": loaded.order_ref,
        **facts,
    }


def noted(ctx: Ctx, draft: Draft, topic: str, kind: str, object_id: UUID, payload: Mapping[str, Any]) -> None:
    """One thing that happened to an object of `kind`: the event and the audit row."""
    draft.add("outbox", OutboxRow(id=ids.uuid7(), topic=topic, payload=payload))
    draft.add(
        "audit",
        AuditRow(
            id=ids.uuid7(),
            actor_kind=ctx.actor.kind,
            actor_id=ctx.actor.id,
            action=topic,
            object_kind=kind,
            object_id=object_id,
            detail=payload,
            request_id=ctx.request_id,
        ),
    )


def opened(
    ctx: Ctx, draft: Draft, loaded: Loaded, moved: Moved[UUID], terms_id: UUID, *, patient: bool
) -> None:
    """A new drawdown; `patient`: without room it is stale, not refused.

    `terms_id` is that of its terms, which is dear to compute anew.
    """
    projection = project(loaded.terms, moved.after)
    draft.add(
        "drawdown",
        DrawdownRow(
            **_columns(loaded.id, projection, moved.after),
            programme_id=loaded.programme_id,
            product_id=loaded.product_id,
            buyer_id=loaded.buyer_id,
            merchant_id=loaded.merchant_id,
            terms_id=terms_id,
            currency=loaded.currency,
            order_ref=loaded.order_ref,
            external_ref=loaded.external_ref,
            authorised_on=loaded.authorised_on,
            created_at=ctx.now,
        ),
    )
    _follow(ctx, draft, loaded, moved, projection, patient=patient)


def moved_on(ctx: Ctx, draft: Draft, loaded: Loaded, moved: Moved[UUID], *, credit: bool = True) -> None:
    """A drawdown that stands, from the version it was loaded in to the next.

    `credit=False`: the change of the buyer's credit balance is booked once for several drawdowns by the
    caller.
    """
    projection = project(loaded.terms, moved.after)
    draft.drawdowns.append(Expected(id=loaded.id, version=loaded.version))
    draft.add("drawdown_set", DrawdownSet(**_columns(loaded.id, projection, moved.after)))
    _follow(ctx, draft, loaded, moved, projection)
    if credit and moved.credit_minor:
        draft.balances.append(
            CreditMove(buyer=loaded.buyer_id, currency=loaded.currency, credit=moved.credit_minor)
        )


def post(
    ctx: Ctx, draft: Draft, reference: str, kind: str, currency: str, postings: Iterable[Posting], *,
    on: date, drawdown_id: UUID | None = None,
) -> UUID:  # fmt: skip
    """A journal of day `on` and its entries; gives the journal's id."""
    journal_id = ids.uuid7()
    draft.add(
        "journal",
        JournalRow(
            id=journal_id,
            reference=reference,
            kind=kind,
            effective_on=on,
            booked_on=ctx.today,
            recorded_at=ctx.now,
            actor_kind=ctx.actor.kind,
            actor_id=ctx.actor.id,
        ),
    )
    for no, posting in enumerate(postings, 1):
        draft.add(
            "entry",
            EntryRow(
                journal_id=journal_id, no=no, currency=currency, drawdown_id=drawdown_id, **asdict(posting)
            ),
        )
    return journal_id


def _follow(
    ctx: Ctx,
    draft: Draft,
    loaded: Loaded,
    moved: Moved[UUID],
    projection: Projection,
    *,
    patient: bool = False,
) -> None:
    _use(draft, loaded, moved, patient)
    draft.add("drawdown_event", *(_event(ctx, loaded.id, event) for event in moved.events))
    before = moved.before.instalments if moved.before else ()
    views = {row.no: view for row, view in zip(moved.after.instalments, projection.instalments, strict=True)}
    for row in _changed(before, moved.after.instalments):
        draft.add("instalment", InstalmentRow(drawdown_id=loaded.id, **asdict(views[row.no])))
    for row in before:
        if row.no not in views:
            draft.add("instalment_gone", InstalmentGone(drawdown_id=loaded.id, no=row.no))
    for no, journal in enumerate(moved.journals, 1):
        _journal(ctx, draft, loaded, f"drawdown:{loaded.id}:{loaded.version + 1}.{no}", journal)


def _changed(before: tuple[Instalment, ...], after: tuple[Instalment, ...]) -> list[Instalment]:
    """What is written again: a row that the engine has not touched is the very same value."""
    known = {row.no: row for row in before}
    return [row for row in after if known.get(row.no) is not row and known.get(row.no) != row]


def _journal(ctx: Ctx, draft: Draft, loaded: Loaded, reference: str, journal: Journal) -> None:
    journal_id = post(
        ctx, draft, reference, journal.kind, loaded.currency, journal.postings,
        on=journal.effective_on, drawdown_id=loaded.id,
    )  # fmt: skip
    for charge in journal.charges:
        draft.add(
            "charge",
            ChargeRow(
                id=ids.uuid7(),
                drawdown_id=loaded.id,
                instalment_no=charge.instalment_no,
                journal_id=journal_id,
                kind=charge.kind,
                amount_minor=charge.amount_minor,
                effective_on=journal.effective_on,
                booked_on=ctx.today,
                derivation=msgspec.Raw(msgspec.json.encode(charge)),
            ),
        )
    for allocation in journal.allocations:
        draft.add(
            "allocation",
            AllocationRow(
                id=ids.uuid7(),
                receipt_id=allocation.receipt_id,
                drawdown_id=loaded.id,
                instalment_no=allocation.instalment_no,
                component=allocation.component,
                journal_id=journal_id,
                amount_minor=allocation.amount_minor,
                effective_on=journal.effective_on,
                booked_on=ctx.today,
            ),
        )


def _use(draft: Draft, loaded: Loaded, moved: Moved[UUID], patient: bool) -> None:
    """The line honours what it once let through; only `need` asks for room."""
    delta = moved.line
    if delta.held == delta.outstanding == delta.need == 0:
        return
    draft.lines.append(
        LineMove(
            id=loaded.line_id,
            need=delta.need,
            held=delta.held,
            outstanding=delta.outstanding,
            honour=moved.before is not None,
            patient=patient,
        )
    )
    draft.add(
        "drawdown_use",
        DrawdownUseRow(
            drawdown_id=loaded.id,
            line_id=loaded.line_id,
            held_minor=remaining_minor(moved.after),
            outstanding_minor=outstanding_minor(moved.after),
        ),
    )


def _event(ctx: Ctx, drawdown_id: UUID, event: Event) -> DrawdownEventRow:
    return DrawdownEventRow(
        drawdown_id=drawdown_id,
        seq=event.seq,
        kind=str(type(event).__struct_config__.tag),
        effective_on=event.effective_on,
        booked_on=ctx.today,
        recorded_at=ctx.now,
        actor_kind=ctx.actor.kind,
        actor_id=ctx.actor.id,
        data=msgspec.Raw(encode_event(event)),
    )


def _columns(drawdown_id: UUID, projection: Projection, state: State) -> dict[str, Any]:
    columns = {name: value for name, value in asdict(projection).items() if name != "instalments"}
    return columns | {"id": drawdown_id, "state": msgspec.Raw(encode_state(state))}
