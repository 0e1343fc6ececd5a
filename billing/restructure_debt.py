"""Restructure: the open principal of a capture gets a new plan (DOMAIN §11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from billing.after_sale import recorded
from billing.events import DRAWDOWN_RESTRUCTURED
from billing.loaded import DrawdownView
from billing.rules import decide_after_sale as decide
from kernel.context import Ctx
from kernel.errors import FieldProblem, Invalid
from products.rules.checks import rate as rate_problem
from products.rules.terms import Form, PeriodUnit

PERMISSION: Final = "debts:write"


class RestructureDebt(msgspec.Struct, frozen=True, kw_only=True):
    """`capitalise`: unpaid interest and fees become principal."""

    drawdown_id: UUID
    form: Form
    instalments: int
    capture_no: int = 1
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    rate: Decimal | None = None
    capitalise: bool = False


async def restructure_debt(ctx: Ctx, command: RestructureDebt) -> DrawdownView:
    """Refused: no instalments; a stranger's drawdown; wrong state; no such capture; a form that cannot be;
    nothing open.
    """
    ctx.require(PERMISSION)
    for name, number, most in (
        ("instalments", command.instalments, 99),
        ("period_length", command.period_length, 366),
    ):
        if not 0 < number <= most:
            raise Invalid(errors=(FieldProblem(f"#/{name}", "out_of_range", {"low": 1, "high": most}),))
    if command.rate is not None and (problem := rate_problem(f"{command.rate:f}")):
        raise Invalid(errors=(FieldProblem("#/rate", *problem),))
    return await recorded(
        ctx,
        command.drawdown_id,
        "restructure",
        DRAWDOWN_RESTRUCTURED,
        lambda drawdown: decide.restructure(
            drawdown,
            capture_no=command.capture_no,
            form=command.form,
            instalments=command.instalments,
            period_unit=command.period_unit,
            period_length=command.period_length,
            rate=command.rate,
            capitalise=command.capitalise,
            today=ctx.today,
        ),
        on=ctx.today,
        capture_no=command.capture_no,
        form=command.form,
        instalments=command.instalments,
    )
