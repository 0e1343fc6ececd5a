"""Routes of the tenant's own time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from litestar import get, post
from litestar.params import JSONBody

from billing import move_clock
from billing.move_clock import MoveClock
from billing.schemas.clock import ClockBody, ClockTarget
from kernel.errors import FieldProblem, Invalid
from kernel.web.request import ApiRequest, needs

READ: Final = "tenant:read"
TAGS: Final = ["Clock"]


@get("/clock", opt=needs(READ), operation_id="get_clock", tags=TAGS)
async def get_clock(request: ApiRequest) -> ClockBody:
    """The tenant's now and business date."""
    ctx = request.ctx
    return ClockBody(livemode=ctx.mode == "live", now=ctx.now, business_on=ctx.today)


@post(
    "/clock/advance",
    opt=needs(move_clock.PERMISSION),
    operation_id="advance_clock",
    tags=TAGS,
    status_code=200,
)
async def advance_clock(request: ApiRequest, data: JSONBody[ClockTarget]) -> ClockBody:
    """Move a test tenant's clock forward; every day end on the way runs. To where it is: nothing happens."""
    ctx = request.ctx
    moved = await move_clock.move_clock(ctx, MoveClock(to=_target(data)))
    return ClockBody(
        livemode=ctx.mode == "live", now=moved.now, business_on=moved.business_on, days_ended=moved.days_ended
    )


def _target(data: ClockTarget) -> datetime | date:
    if data.to_at and data.to_at.tzinfo is None:
        raise Invalid(errors=(FieldProblem("#/to_at", "no_timezone"),))
    if (data.to_on is None) == (data.to_at is None):
        raise Invalid(errors=(FieldProblem("#", "one_of", {"names": "to_on, to_at"}),))
    target = data.to_at or data.to_on
    assert target is not None
    return target
