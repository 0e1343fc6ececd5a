"""What reports tells over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from kernel.context import Ctx
from products.buyer_tiers import BuyerFactsRow
from tenants.schemas import BuyerId


class CurrencyFacts(msgspec.Struct, kw_only=True):
    """`facts`: each by its name (docs/buyer-facts.md); null where it is not known."""

    currency: str
    as_of_on: date
    computed_at: datetime
    facts: dict[str, int | None]


class BuyerFactsView(msgspec.Struct, kw_only=True):
    """`currencies`: one each; empty before facts were computed for the first time."""

    object: Literal["buyer_facts"] = "buyer_facts"
    livemode: bool
    buyer_id: BuyerId
    currencies: list[CurrencyFacts]


def buyer_facts_view(ctx: Ctx, buyer_id: BuyerId, rows: list[BuyerFactsRow]) -> BuyerFactsView:
    return BuyerFactsView(
        livemode=ctx.mode == "live",
        buyer_id=buyer_id,
        currencies=[
            CurrencyFacts(
                currency=row.currency, as_of_on=row.as_of_on, computed_at=row.computed_at, facts=row.values
            )
            for row in rows
        ],
    )
