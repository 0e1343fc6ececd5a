"""Bodies of what happens to a debt after the sale; the answer is the drawdown (drawdowns.py), or two."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from billing.convert_to_instalments import Converted
from billing.schemas.drawdowns import DrawdownBody, drawdown_body
from billing.schemas.values import Amount, DisputeId, DrawdownId, Rate, SilenceId, Text
from kernel.context import Ctx
from products.rules.terms import Form, MonthDay, PeriodUnit
from products.schemas import ProductId


class NewWaiver(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of one instalment, by component; `effective_on`: today where it is left out."""

    instalment_no: int
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0
    effective_on: date | None = None


class NewCharge(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An explicit fee, charged today, due on its own date."""

    amount_minor: Amount
    due_on: date
    capture_no: int = 1


class NewDispute(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`id`: yours to choose, `dsp_…`: the verdict names it."""

    amount_minor: Amount
    id: DisputeId
    capture_no: int = 1
    effective_on: date | None = None


class Verdict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`won` by the buyer: record the refund of the goods next."""

    dispute_id: DisputeId
    verdict: Literal["won", "lost"]


class NewSilence(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`id`: yours to choose, `sil_…`: its end names it. `amount_minor`: what may be explained by something
    unmatched; `until_on`: the last night.
    """

    amount_minor: Amount
    until_on: date
    id: SilenceId
    effective_on: date | None = None


class Outcome(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`falls_away`: the payment or refund was there; record it next."""

    silence_id: SilenceId
    outcome: Literal["charged", "falls_away"]


class NewPause(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Nights without contract interest, both inclusive; `from_on`: today where it is left out."""

    until_on: date
    from_on: date | None = None


class NewRate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A decimal string, daily or annual as the terms have it."""

    rate: Rate
    effective_on: date | None = None


class NewExtension(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Unsettled instalments from `from_no` on move by `days`; with interest for them, or a fee."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)]
    from_no: int = 1
    interest: bool = True
    fee_minor: int = 0


class NewDueDate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of one instalment; later than before, and on a working day where the product shifts."""

    instalment_no: int
    due_on: date


class NewDueDay(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of the due days that the product offers: a day of the month, 1 to 28, or the last."""

    due_day: MonthDay


class NewConversion(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`instalment_nos`: all that are open where it is left out. `product_id`: of the same programme, the
    drawdown's own where it is left out. `instalments`, `due_day`: of those that the product offers.
    """

    instalment_nos: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=999)] | None = None
    product_id: ProductId | None = None
    instalments: int | None = None
    due_day: MonthDay | None = None
    category: Text | None = None
    campaign: Text | None = None


class ConversionBody(msgspec.Struct, kw_only=True):
    """`id`: the new drawdown's, `conversion`; `amount_minor` is what left `drawdown` for it."""

    id: DrawdownId
    object: Literal["conversion"] = "conversion"
    livemode: bool
    amount_minor: int
    drawdown: DrawdownBody
    conversion: DrawdownBody


def conversion_body(ctx: Ctx, converted: Converted) -> ConversionBody:
    return ConversionBody(
        id=DrawdownId(converted.conversion.id),
        livemode=ctx.mode == "live",
        amount_minor=converted.amount_minor,
        drawdown=drawdown_body(ctx, converted.drawdown),
        conversion=drawdown_body(ctx, converted.conversion),
    )


class NewPlan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`rate`: another one from today on. `capitalise`: unpaid interest and fees become principal."""

    form: Form
    instalments: Annotated[int, msgspec.Meta(ge=1, le=99)]
    capture_no: int = 1
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    rate: Rate | None = None
    capitalise: bool = False
