"""The route that explains an amount."""

from __future__ import annotations

from datetime import date
from typing import Final

from litestar import get
from litestar.params import FromPath, FromQuery

from billing.explanations import (
    explain_charge,
    explain_drawdown,
    explain_receipt,
    explain_statement_line,
)
from billing.schemas.explanations import ExplanationBody, explanation_body
from billing.schemas.values import ChargeId, DrawdownId, ReceiptId, StatementLineId
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.ids import InvalidId
from kernel.web.request import ApiRequest, needs

READ: Final = "drawdowns:read"


@get("/explanations/{explained_id:str}", opt=needs(READ), operation_id="get_explanation", tags=["Drawdowns"])
async def get_explanation(
    request: ApiRequest,
    explained_id: FromPath[str],
    as_of: FromQuery[date | None] = None,
    instalment_no: FromQuery[int | None] = None,
) -> ExplanationBody:
    """Why an amount is what it is. Of a drawdown (`drw_…`): each amount of each instalment today, or on
    `as_of`. Of a charge (`chg_…`): what its instalment was charged by then, as it was known. Of a receipt
    (`rcp_…`): each amount that it pays. Of a statement's line (`sml_…`): its charge, or the event that it
    came from. `instalment_no`: only of that one.
    """
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        try:
            if explained_id.startswith(f"{ChargeId.prefix}_"):
                found = await explain_charge(tx, ctx, ChargeId.parse(explained_id).uuid)
            elif explained_id.startswith(f"{ReceiptId.prefix}_"):
                found = await explain_receipt(tx, ctx, ReceiptId.parse(explained_id).uuid)
            elif explained_id.startswith(f"{StatementLineId.prefix}_"):
                found = await explain_statement_line(tx, ctx, StatementLineId.parse(explained_id).uuid)
            else:
                found = await explain_drawdown(tx, ctx, DrawdownId.parse(explained_id).uuid, as_of)
        except InvalidId:
            raise NotFound(what="explanation") from None
    return explanation_body(ctx, explained_id, found.of(instalment_no))
