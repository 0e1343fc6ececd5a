"""Routes of what is worked out about buyers."""

from __future__ import annotations

from typing import Final

from litestar import Router, get
from litestar.params import FromPath

from kernel.db.scope import scope
from kernel.web.request import ApiRequest, needs
from products.buyer_tiers import read_facts
from reports.schemas import BuyerFactsView, buyer_facts_view
from tenants.queries import read_buyer
from tenants.schemas import BuyerId

READ: Final = "buyers:read"


@get("/buyers/{buyer_id:str}/facts", opt=needs(READ), operation_id="get_buyer_facts", tags=["Buyers"])
async def get_buyer_facts(request: ApiRequest, buyer_id: FromPath[BuyerId]) -> BuyerFactsView:
    """What is known about a buyer, as it was computed last: what tiers judge by."""
    ctx = request.ctx
    async with scope(ctx, read_only=True) as tx:
        await read_buyer(tx, ctx.tenant_id, buyer_id.uuid)
        rows = await read_facts(tx, ctx, buyer_id.uuid)
    return buyer_facts_view(ctx, buyer_id, rows)


router = Router("/", route_handlers=[get_buyer_facts])
