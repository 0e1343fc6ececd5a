"""Shape of a schedule: the plan as the buyer sees it."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from billing.history import Schedule
from billing.rules.outlook import OutlookRow
from billing.schemas.values import Currency, DrawdownId
from kernel.context import Ctx


class ScheduleRowBody(msgspec.Struct, kw_only=True):
    """Minor units. Of a row to come, interest and fee are those it will have on its due date.

    `nominal_on`: interest counts by it; `due_on`: moved to a working day where the product says so.
    `outstanding_minor` = principal + interest + fee + penalty − paid − waived.
    """

    instalment_no: int
    nominal_on: date
    due_on: date
    grace_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    paid_minor: int
    waived_minor: int
    outstanding_minor: int
    past_due: bool
    disputed: bool
    settled_on: date | None


class ScheduleBody(msgspec.Struct, kw_only=True):
    """What each instalment asks for when it falls due, if nothing more happens."""

    drawdown_id: DrawdownId
    livemode: bool
    currency: Currency
    as_of: date
    total_outstanding_minor: int
    instalments: list[ScheduleRowBody]
    object: Literal["schedule"] = "schedule"


def schedule_body(ctx: Ctx, schedule: Schedule) -> ScheduleBody:
    return ScheduleBody(
        drawdown_id=DrawdownId(schedule.drawdown_id),
        livemode=ctx.mode == "live",
        currency=schedule.currency,
        as_of=schedule.as_of,
        total_outstanding_minor=sum(row.outstanding_minor for row in schedule.rows),
        instalments=[_row(row) for row in schedule.rows],
    )


def _row(row: OutlookRow) -> ScheduleRowBody:
    return ScheduleRowBody(
        instalment_no=row.no,
        nominal_on=row.nominal_on,
        due_on=row.due_on,
        grace_on=row.grace_on,
        principal_minor=row.principal_minor,
        interest_minor=row.interest_minor,
        fee_minor=row.fee_minor,
        penalty_minor=row.penalty_minor,
        paid_minor=row.paid.total,
        waived_minor=row.waived.total,
        outstanding_minor=row.outstanding_minor,
        past_due=row.past_due,
        disputed=row.disputed,
        settled_on=row.settled_on,
    )
