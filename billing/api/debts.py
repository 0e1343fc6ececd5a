"""Routes of what happens to a debt after the sale: waiver, charge, dispute, silence, pause, rate, dates,
plan, conversion, write-off.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from litestar import post
from litestar.params import FromPath, JSONBody

from billing import (
    add_charge,
    begin_silence,
    change_due_day,
    change_rate,
    convert_to_instalments,
    end_silence,
    extend_due_dates,
    move_due_date,
    open_dispute,
    pause_interest,
    resolve_dispute,
    restructure_debt,
    waive_charges,
    write_off_debt,
)
from billing.schemas.debts import (
    ConversionBody,
    NewCharge,
    NewConversion,
    NewDispute,
    NewDueDate,
    NewDueDay,
    NewExtension,
    NewPause,
    NewPlan,
    NewRate,
    NewSilence,
    NewWaiver,
    Outcome,
    Verdict,
    conversion_body,
)
from billing.schemas.drawdowns import DrawdownBody, drawdown_body
from billing.schemas.values import DrawdownId
from kernel.web.request import ApiRequest, needs
from products.rules.product import Choice

PATH: Final = "/drawdowns/{drawdown_id:str}"
TAGS: Final = ["Debts"]


@post(
    f"{PATH}/waive",
    opt=needs(waive_charges.PERMISSION, key="required"),
    operation_id="waive_charges",
    tags=TAGS,
    status_code=200,
)
async def waive(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewWaiver]
) -> DrawdownBody:
    """Forgive interest, fee or penalty of one instalment."""
    command = waive_charges.WaiveCharges(
        drawdown_id=drawdown_id.uuid,
        instalment_no=data.instalment_no,
        penalty_minor=data.penalty_minor,
        fee_minor=data.fee_minor,
        interest_minor=data.interest_minor,
        effective_on=data.effective_on,
    )
    return drawdown_body(request.ctx, await waive_charges.waive_charges(request.ctx, command))


@post(
    f"{PATH}/charge",
    opt=needs(add_charge.PERMISSION, key="required"),
    operation_id="add_charge",
    tags=TAGS,
    status_code=200,
)
async def charge(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewCharge]
) -> DrawdownBody:
    """Add an explicit fee with a due date of its own."""
    command = add_charge.AddCharge(
        drawdown_id=drawdown_id.uuid,
        amount_minor=data.amount_minor,
        due_on=data.due_on,
        capture_no=data.capture_no,
    )
    return drawdown_body(request.ctx, await add_charge.add_charge(request.ctx, command))


@post(
    f"{PATH}/dispute",
    opt=needs(open_dispute.PERMISSION, key="required"),
    operation_id="open_dispute",
    tags=TAGS,
    status_code=200,
)
async def dispute(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewDispute]
) -> DrawdownBody:
    """Goods in dispute: only their amount stops, until the verdict."""
    command = open_dispute.OpenDispute(
        drawdown_id=drawdown_id.uuid,
        dispute_id=data.id.uuid,
        amount_minor=data.amount_minor,
        capture_no=data.capture_no,
        effective_on=data.effective_on,
    )
    return drawdown_body(request.ctx, await open_dispute.open_dispute(request.ctx, command))


@post(
    f"{PATH}/resolve_dispute",
    opt=needs(resolve_dispute.PERMISSION, key="required"),
    operation_id="resolve_dispute",
    tags=TAGS,
    status_code=200,
)
async def resolve(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[Verdict]
) -> DrawdownBody:
    """The verdict: lost by the buyer, the amount is due again."""
    command = resolve_dispute.ResolveDispute(
        drawdown_id=drawdown_id.uuid, dispute_id=data.dispute_id.uuid, verdict=data.verdict
    )
    return drawdown_body(request.ctx, await resolve_dispute.resolve_dispute(request.ctx, command))


@post(
    f"{PATH}/silence",
    opt=needs(begin_silence.PERMISSION, key="required"),
    operation_id="begin_silence",
    tags=TAGS,
    status_code=200,
)
async def silence(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewSilence]
) -> DrawdownBody:
    """Penalty on an amount is held back for some nights, while something unmatched may explain it."""
    command = begin_silence.BeginSilence(
        drawdown_id=drawdown_id.uuid,
        silence_id=data.id.uuid,
        amount_minor=data.amount_minor,
        until_on=data.until_on,
        effective_on=data.effective_on,
    )
    return drawdown_body(request.ctx, await begin_silence.begin_silence(request.ctx, command))


@post(
    f"{PATH}/end_silence",
    opt=needs(end_silence.PERMISSION, key="required"),
    operation_id="end_silence",
    tags=TAGS,
    status_code=200,
)
async def unsilence(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[Outcome]
) -> DrawdownBody:
    """The outcome: the penalty held back is charged, or falls away."""
    command = end_silence.EndSilence(
        drawdown_id=drawdown_id.uuid, silence_id=data.silence_id.uuid, outcome=data.outcome
    )
    return drawdown_body(request.ctx, await end_silence.end_silence(request.ctx, command))


@post(
    f"{PATH}/pause_interest",
    opt=needs(pause_interest.PERMISSION, key="required"),
    operation_id="pause_interest",
    tags=TAGS,
    status_code=200,
)
async def pause(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewPause]
) -> DrawdownBody:
    """No contract interest for some nights."""
    command = pause_interest.PauseInterest(
        drawdown_id=drawdown_id.uuid, from_on=data.from_on, until_on=data.until_on
    )
    return drawdown_body(request.ctx, await pause_interest.pause_interest(request.ctx, command))


@post(
    f"{PATH}/change_rate",
    opt=needs(change_rate.PERMISSION, key="required"),
    operation_id="change_rate",
    tags=TAGS,
    status_code=200,
)
async def rate(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewRate]
) -> DrawdownBody:
    """Another contract rate from a day on; equal instalments are solved anew."""
    command = change_rate.ChangeRate(
        drawdown_id=drawdown_id.uuid, rate=Decimal(data.rate), effective_on=data.effective_on
    )
    return drawdown_body(request.ctx, await change_rate.change_rate(request.ctx, command))


@post(
    f"{PATH}/extend",
    opt=needs(extend_due_dates.PERMISSION, key="required"),
    operation_id="extend_due_dates",
    tags=TAGS,
    status_code=200,
)
async def extend(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewExtension]
) -> DrawdownBody:
    """Unsettled instalments fall due later."""
    command = extend_due_dates.ExtendDueDates(
        drawdown_id=drawdown_id.uuid,
        days=data.days,
        from_no=data.from_no,
        interest=data.interest,
        fee_minor=data.fee_minor,
    )
    return drawdown_body(request.ctx, await extend_due_dates.extend_due_dates(request.ctx, command))


@post(
    f"{PATH}/move_due_date",
    opt=needs(move_due_date.PERMISSION, key="required"),
    operation_id="move_due_date",
    tags=TAGS,
    status_code=200,
)
async def move_date(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewDueDate]
) -> DrawdownBody:
    """One instalment falls due later; its interest does not change."""
    command = move_due_date.MoveDueDate(
        drawdown_id=drawdown_id.uuid, instalment_no=data.instalment_no, due_on=data.due_on
    )
    return drawdown_body(request.ctx, await move_due_date.move_due_date(request.ctx, command))


@post(
    f"{PATH}/change_due_day",
    opt=needs(change_due_day.PERMISSION, key="required"),
    operation_id="change_due_day",
    tags=TAGS,
    status_code=200,
)
async def due_day(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewDueDay]
) -> DrawdownBody:
    """The coming instalments fall due on another day of the month."""
    command = change_due_day.ChangeDueDay(drawdown_id=drawdown_id.uuid, due_day=data.due_day)
    return drawdown_body(request.ctx, await change_due_day.change_due_day(request.ctx, command))


@post(
    f"{PATH}/restructure",
    opt=needs(restructure_debt.PERMISSION, key="required"),
    operation_id="restructure_debt",
    tags=TAGS,
    status_code=200,
)
async def restructure(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewPlan]
) -> DrawdownBody:
    """The open principal of a capture gets a new plan from today on."""
    command = restructure_debt.RestructureDebt(
        drawdown_id=drawdown_id.uuid,
        form=data.form,
        instalments=data.instalments,
        capture_no=data.capture_no,
        period_unit=data.period_unit,
        period_length=data.period_length,
        rate=None if data.rate is None else Decimal(data.rate),
        capitalise=data.capitalise,
    )
    return drawdown_body(request.ctx, await restructure_debt.restructure_debt(request.ctx, command))


@post(
    f"{PATH}/convert",
    opt=needs(convert_to_instalments.PERMISSION, key="required"),
    operation_id="convert_to_instalments",
    tags=TAGS,
)
async def convert(
    request: ApiRequest, drawdown_id: FromPath[DrawdownId], data: JSONBody[NewConversion]
) -> ConversionBody:
    """Principal that is not yet due becomes a drawdown of its own, in instalments."""
    command = convert_to_instalments.ConvertToInstalments(
        drawdown_id=drawdown_id.uuid,
        instalment_nos=data.instalment_nos,
        product_id=None if data.product_id is None else data.product_id.uuid,
        choice=Choice(
            instalments=data.instalments,
            due_day=data.due_day,
            category=data.category,
            campaign=data.campaign,
        ),
    )
    return conversion_body(
        request.ctx, await convert_to_instalments.convert_to_instalments(request.ctx, command)
    )


@post(
    f"{PATH}/write_off",
    opt=needs(write_off_debt.PERMISSION, key="required"),
    operation_id="write_off_debt",
    tags=TAGS,
    status_code=200,
)
async def write_off(request: ApiRequest, drawdown_id: FromPath[DrawdownId]) -> DrawdownBody:
    """Changes the books, not what the buyer owes."""
    command = write_off_debt.WriteOffDebt(drawdown_id=drawdown_id.uuid)
    return drawdown_body(request.ctx, await write_off_debt.write_off_debt(request.ctx, command))
