"""Waive interest, fee or penalty of one instalment (DOMAIN §3, §13)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_CHARGES_WAIVED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel import ids
from kernel.context import Ctx
from kernel.errors import FieldProblem, Invalid

PERMISSION: Final = "debts:write"


class WaiveCharges(msgspec.Struct, frozen=True, kw_only=True):
    """No day: today."""

    drawdown_id: UUID
    instalment_no: int
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0
    effective_on: date | None = None


async def waive_charges(ctx: Ctx, command: WaiveCharges) -> DrawdownView:
    """Refused: a stranger's drawdown; in the future; before its capture; wrong state; no such instalment;
    more than it owes that day.
    """
    ctx.require(PERMISSION)
    if min(command.penalty_minor, command.fee_minor, command.interest_minor) < 0:
        raise Invalid(errors=(FieldProblem("#", "not_positive"),))
    on = command.effective_on or ctx.today
    amounts = {
        "penalty_minor": command.penalty_minor,
        "fee_minor": command.fee_minor,
        "interest_minor": command.interest_minor,
    }
    waiver_id = ids.uuid7()
    return await recorded(
        ctx,
        command.drawdown_id,
        "waive",
        DRAWDOWN_CHARGES_WAIVED,
        lambda drawdown: decide.waive(
            drawdown,
            waiver_id=waiver_id,
            instalment_no=command.instalment_no,
            on=on,
            today=ctx.today,
            **amounts,
        ),
        on=on,
        instalment_no=command.instalment_no,
        **amounts,
    )
