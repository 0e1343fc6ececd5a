"""Lines and the decisions on their limits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from billing.decide_limit import LineView
from billing.history import LimitDecision
from billing.rules.limit import Kind
from billing.schemas.values import Limit, LimitDecisionId, LineId, Text
from kernel.context import Ctx
from products.schemas import ProductId, actor_id
from tenants.schemas import BuyerId


class NewLimitDecision(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`limit_minor`: for grant, raise and cut. `reason` is kept and told to the buyer."""

    buyer_id: BuyerId
    product_id: ProductId
    kind: Kind
    limit_minor: Limit | None = None
    reason: Text


class LineBody(msgspec.Struct, kw_only=True):
    """`available_minor`: room for new drawdowns."""

    id: LineId
    object: Literal["line"] = "line"
    livemode: bool
    buyer_id: BuyerId
    product_id: ProductId
    currency: str
    status: str
    limit_minor: int
    held_minor: int
    outstanding_minor: int
    available_minor: int


class LimitDecisionBody(msgspec.Struct, kw_only=True):
    """`decided_by`: a member or key."""

    id: LimitDecisionId
    object: Literal["limit_decision"] = "limit_decision"
    livemode: bool
    line_id: LineId
    kind: str
    currency: str
    limit_before_minor: int
    limit_after_minor: int
    status_before: str | None
    status_after: str
    reason: str
    decided_by: str
    effective_on: date
    created_at: datetime


def line_body(ctx: Ctx, line: LineView) -> LineBody:
    return LineBody(
        id=LineId(line.id),
        livemode=ctx.mode == "live",
        buyer_id=BuyerId(line.buyer_id),
        product_id=ProductId(line.product_id),
        currency=line.currency,
        status=line.status,
        limit_minor=line.limit_minor,
        held_minor=line.held_minor,
        outstanding_minor=line.outstanding_minor,
        available_minor=line.available_minor,
    )


def limit_decision_body(ctx: Ctx, decision: LimitDecision) -> LimitDecisionBody:
    return LimitDecisionBody(
        id=LimitDecisionId(decision.id),
        livemode=ctx.mode == "live",
        line_id=LineId(decision.line_id),
        kind=decision.kind,
        currency=decision.currency,
        limit_before_minor=decision.limit_before_minor,
        limit_after_minor=decision.limit_after_minor,
        status_before=decision.status_before,
        status_after=decision.status_after,
        reason=decision.reason,
        decided_by=actor_id(decision.actor_kind, decision.actor_id),
        effective_on=decision.effective_on,
        created_at=decision.created_at,
    )
