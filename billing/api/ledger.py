"""Routes of the ledger: a drawdown's postings, and every account's sums."""

from __future__ import annotations

from datetime import date
from typing import Final

from litestar import get
from litestar.params import FromQuery

from billing import history
from billing.api.listing import asked
from billing.history import By
from billing.schemas.ledger import EntryBody, TrialBalanceBody, entry_body, trial_balance_body
from billing.schemas.values import DrawdownId
from kernel.db.scope import scope
from kernel.web import paging
from kernel.web.request import ApiRequest, needs

READ: Final = "ledger:read"
TAGS: Final = ["Ledger"]


@get("/ledger/entries", opt=needs(READ), operation_id="list_ledger_entries", tags=TAGS)
async def list_ledger_entries(
    request: ApiRequest,
    drawdown_id: FromQuery[DrawdownId],
    limit: paging.Limit = paging.DEFAULT_LIMIT,
    cursor: paging.Cursor = None,
) -> paging.Listed[EntryBody]:
    """A drawdown's postings in the order in which they were booked."""
    ctx = request.ctx
    of = asked(ctx, "/v1/ledger/entries", limit, cursor, drawdown_id=drawdown_id)
    last = of.page.after
    async with scope(ctx, read_only=True) as tx:
        await history.currency_of(tx, ctx, drawdown_id.uuid)
        rows = await history.list_entries(
            tx, ctx, drawdown_id.uuid, after=(last.id, int(last.sort)) if last else None, limit=of.fetch
        )
    return paging.page_of(
        rows,
        of.page,
        tenant_id=ctx.tenant_id,
        url=of.url,
        position=lambda row: paging.Position(row.no, row.journal_id),
        view=lambda row: entry_body(ctx, row),
    )


@get("/ledger/trial_balance", opt=needs(READ), operation_id="get_trial_balance", tags=TAGS)
async def get_trial_balance(
    request: ApiRequest, on: FromQuery[date | None] = None, by: FromQuery[By] = "effective"
) -> TrialBalanceBody:
    """Every account's sums through a day (today without one), by effective or booked date."""
    ctx = request.ctx
    day = on or ctx.today
    async with scope(ctx, read_only=True) as tx:
        rows = await history.trial_balance(tx, ctx, day, by)
    return trial_balance_body(ctx, day, by, rows)
