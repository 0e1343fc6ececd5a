"""Refund goods after their capture (退货): the buyer owes less; what was paid too much is credit balance
(DOMAIN §3, §6)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing import rows
from billing.bring_forward import load_current
from billing.command import Command, RefundRow
from billing.commit import commit_with_retry
from billing.events import DRAWDOWN_REFUNDED
from billing.loaded import DrawdownView, Loaded, view
from billing.queries import taken_ref
from billing.rules.decide import refund
from billing.rules.decision import Refusal
from kernel import ids
from kernel.context import Ctx
from kernel.db.scope import scope

PERMISSION: Final = "drawdowns:write"


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`capture_no` may be left out where there is one capture only. No day: today."""

    drawdown_id: UUID
    amount_minor: int
    capture_no: int | None = None
    external_ref: str | None = None
    effective_on: date | None = None


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """`credit_minor`: what of the refund became the buyer's credit balance."""

    refund_id: UUID
    credit_minor: int
    drawdown: DrawdownView


async def refund_order(ctx: Ctx, command: RefundOrder) -> Refunded:
    """Refused: a stranger's drawdown; `external_ref` taken; several captures and none named; in the future;
    before its
    capture; wrong state; more than was captured and not yet returned.
    """
    ctx.require(PERMISSION)
    refund_id = ids.uuid7()
    on = command.effective_on or ctx.today

    async def decide() -> Command:
        async with scope(ctx, read_only=True) as tx:
            if refusal := await taken_ref(tx, ctx, "refund", command.external_ref):
                return rows.refused(ctx, refusal)
        loaded = await load_current(ctx, command.drawdown_id, "refund", on=on)
        capture_no = command.capture_no or _only_capture(loaded)
        if capture_no is None:
            return rows.refused(ctx, Refusal("capture_no_needed", {"captures": len(loaded.state.captures)}))
        moved = refund(
            loaded.drawdown,
            refund_id=refund_id,
            capture_no=capture_no,
            amount_minor=command.amount_minor,
            on=on,
            today=ctx.today,
        )
        if isinstance(moved, Refusal):
            return rows.refused(ctx, moved)
        draft = rows.Draft()
        rows.moved_on(ctx, draft, loaded, moved)
        draft.add(
            "refund",
            RefundRow(
                id=refund_id,
                drawdown_id=loaded.id,
                capture_no=capture_no,
                external_ref=command.external_ref,
                amount_minor=command.amount_minor,
                method=loaded.terms.refund_method,
                effective_on=on,
                booked_on=ctx.today,
                created_at=ctx.now,
            ),
        )
        rows.told(
            ctx, draft, DRAWDOWN_REFUNDED, loaded, refund_id=refund_id, capture_no=capture_no,
            amount_minor=command.amount_minor, credit_minor=moved.credit_minor, effective_on=on,
        )  # fmt: skip
        result = Refunded(
            refund_id=refund_id, credit_minor=moved.credit_minor, drawdown=view(loaded, moved.after)
        )
        return rows.command(ctx, draft, result)

    return (await commit_with_retry(ctx, decide)).result(Refunded)


def _only_capture(loaded: Loaded) -> int | None:
    captures = loaded.state.captures
    return captures[0].no if len(captures) == 1 else (0 if not captures else None)
