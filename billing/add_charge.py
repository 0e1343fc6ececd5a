"""Add an explicit charge, due on its own date (DOMAIN §3)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_CHARGE_ADDED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel import ids
from kernel.context import Ctx
from kernel.errors import FieldProblem, Invalid
from products.calendars import named

PERMISSION: Final = "debts:write"


class AddCharge(msgspec.Struct, frozen=True, kw_only=True):
    """`capture_no`: the capture that it belongs to."""

    drawdown_id: UUID
    amount_minor: int
    due_on: date
    capture_no: int = 1


async def add_charge(ctx: Ctx, command: AddCharge) -> DrawdownView:
    """Refused: no amount; a stranger's drawdown; wrong state; no such capture; due in the past."""
    ctx.require(PERMISSION)
    if command.amount_minor <= 0:
        raise Invalid(errors=(FieldProblem("#/amount_minor", "not_positive"),))
    charge_id = ids.uuid7()
    return await recorded(
        ctx,
        command.drawdown_id,
        "charge",
        DRAWDOWN_CHARGE_ADDED,
        lambda drawdown: decide.add_charge(
            drawdown,
            charge_id=charge_id,
            capture_no=command.capture_no,
            amount_minor=command.amount_minor,
            due_on=command.due_on,
            today=ctx.today,
            calendar=named(drawdown.terms.calendar),
        ),
        on=ctx.today,
        amount_minor=command.amount_minor,
        due_on=command.due_on,
    )
