"""Decide a buyer's limit: grant, raise, cut, freeze, unfreeze, close; no other way (DOMAIN §5)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing import rows
from billing.command import Command, LimitChange, LimitDecisionRow, LineRow
from billing.commit import commit_with_retry
from billing.events import LINE_CHANGED, LINE_OPENED
from billing.queries import Line, find_open_line
from billing.rules.decision import Refusal
from billing.rules.limit import Kind, Limit
from billing.rules.limit import decide_limit as decide_by_rule
from billing.statement_rows import LineCycleRow
from kernel import ids
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound
from products.queries import published
from products.rules.due_dates import next_cut

PERMISSION: Final = "lines:write"


class DecideLimit(msgspec.Struct, frozen=True, kw_only=True):
    """`limit_minor` is the new limit, for grant, raise and cut only. `reason` is kept and told to the
    buyer."""

    buyer_id: UUID
    product_id: UUID
    kind: Kind
    limit_minor: int | None = None
    reason: str


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """`available_minor`: room for new drawdowns, never below 0."""

    id: UUID
    buyer_id: UUID
    product_id: UUID
    currency: str
    status: str
    limit_minor: int
    held_minor: int
    outstanding_minor: int
    available_minor: int


async def decide_limit(ctx: Ctx, command: DecideLimit) -> LineView:
    """Refused: a stranger's buyer or product; a grant where an open line stands; any other where none does;
    a move that the line's status does not allow; a raise that is none.
    """
    ctx.require(PERMISSION)
    line_id = ids.uuid7()

    async def decide() -> Command:
        async with scope(ctx, read_only=True) as tx:
            offer = await published(tx, ctx, command.product_id)
            if not await tx.fetchval(
                "SELECT true FROM tenants.buyer WHERE tenant_id = $1 AND id = $2",
                ctx.tenant_id, command.buyer_id,
            ):  # fmt: skip
                raise NotFound(what="buyer")
            line = await find_open_line(tx, ctx, command.buyer_id, command.product_id)
        now = Limit(line.limit_minor, line.status) if line else None
        after = decide_by_rule(command.kind, now, command.limit_minor)
        if isinstance(after, Refusal):
            return rows.refused(ctx, after)
        opened = Line(
            id=line_id, buyer_id=command.buyer_id, product_id=command.product_id, kind="revolving",
            currency=offer.currency, limit_minor=0, held_minor=0, outstanding_minor=0, status="active",
            version=0, over_limit=False,
        )  # fmt: skip
        return _command(ctx, command, line or opened, now, after, next_cut(ctx.today, offer.cut_day))

    return (await commit_with_retry(ctx, decide)).result(LineView)


def _command(
    ctx: Ctx, command: DecideLimit, line: Line, now: Limit | None, after: Limit, first_cut_on: date | None
) -> Command:
    draft = rows.Draft()
    if now is None:
        draft.add(
            "line",
            LineRow(
                id=line.id, buyer_id=line.buyer_id, product_id=line.product_id, kind="revolving",
                currency=line.currency, limit_minor=after.limit_minor, status=after.status,
                created_at=ctx.now,
            ),
        )  # fmt: skip
        cycle = LineCycleRow(line_id=line.id, product_id=line.product_id, next_cut_on=first_cut_on)
        draft.add("line_cycle", cycle)
    else:
        draft.limits.append(
            LimitChange(id=line.id, version=line.version, limit=after.limit_minor, status=after.status)
        )
    draft.add(
        "limit_decision",
        LimitDecisionRow(
            id=ids.uuid7(),
            line_id=line.id,
            kind=command.kind,
            limit_before_minor=line.limit_minor,
            limit_after_minor=after.limit_minor,
            status_before=now.status if now else None,
            status_after=after.status,
            reason=command.reason,
            actor_kind=ctx.actor.kind,
            actor_id=ctx.actor.id,
            effective_on=ctx.today,
            booked_on=ctx.today,
            created_at=ctx.now,
        ),
    )
    payload = {
        "line_id": line.id,
        "buyer_id": line.buyer_id,
        "kind": command.kind,
        "limit_before_minor": line.limit_minor,
        "limit_after_minor": after.limit_minor,
        "currency": line.currency,
        "status": after.status,
        "reason": command.reason,
    }
    rows.noted(ctx, draft, LINE_OPENED if now is None else LINE_CHANGED, "line", line.id, payload)
    return rows.command(
        ctx, draft, view(msgspec.structs.replace(line, limit_minor=after.limit_minor, status=after.status))
    )


def view(line: Line) -> LineView:
    return LineView(
        id=line.id,
        buyer_id=line.buyer_id,
        product_id=line.product_id,
        currency=line.currency,
        status=line.status,
        limit_minor=line.limit_minor,
        held_minor=line.held_minor,
        outstanding_minor=line.outstanding_minor,
        available_minor=line.available_minor,
    )
