"""Bodies of what happens to a debt after the sale; the answer is the drawdown (drawdowns.py)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from billing.schemas.values import Amount, DisputeId, Rate, SilenceId
from products.rules.terms import Form, MonthDay, PeriodUnit


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


class NewPlan(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`rate`: another one from today on. `capitalise`: unpaid interest and fees become principal."""

    form: Form
    instalments: Annotated[int, msgspec.Meta(ge=1, le=99)]
    capture_no: int = 1
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    rate: Rate | None = None
    capitalise: bool = False
