"""A drawdown as it is stored, and what of it never changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing.rules.accounts import Parties
from billing.rules.decision import Drawdown
from billing.rules.events import Event
from billing.rules.overdue import Bucket, bucket, days_past_due
from billing.rules.state import Projection, outstanding_minor, project, remaining_minor
from billing.rules.values import State
from kernel.context import Ctx
from kernel.errors import Stale
from products.rules.terms import Terms


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is what a decision on it must still find; `events` only where they were asked for."""

    id: UUID
    version: int
    line_id: UUID
    programme_id: UUID
    product_id: UUID
    buyer_id: UUID
    merchant_id: UUID
    currency: str
    order_ref: str | None
    external_ref: str | None
    authorised_on: date
    terms: Terms
    state: State
    events: tuple[Event, ...] | None = None

    @property
    def drawdown(self) -> Drawdown[UUID]:
        return Drawdown(
            key=self.id,
            terms=self.terms,
            parties=parties(self.terms, self.buyer_id, self.merchant_id),
            state=self.state,
            events=self.events,
        )


def not_ahead(ctx: Ctx, loaded: Sequence[Loaded]) -> None:
    """Raises Stale where one stands on a later day than the caller's: this process has not heard yet that
    the business date moved on.
    """
    if any(one.state.as_of > ctx.today for one in loaded):
        raise Stale(what="day")


def parties(terms: Terms, buyer_id: UUID, merchant_id: UUID) -> Parties:
    return Parties(
        buyer=buyer_id, merchant=merchant_id, lender_book=terms.lender_book, tenant_book=terms.tenant_book
    )


class DrawdownView(msgspec.Struct, frozen=True, kw_only=True):
    """A drawdown as it is told to whoever asks; amounts in minor units, `*_due_minor` charged or captured
    and unpaid. `bucket` is by days past due; debt with moved dates keeps its old one until it is cured.
    """

    id: UUID
    line_id: UUID
    product_id: UUID
    buyer_id: UUID
    merchant_id: UUID
    currency: str
    order_ref: str | None
    external_ref: str | None
    as_of: date
    authorised_on: date
    days_past_due: int
    bucket: Bucket
    held_minor: int
    outstanding_minor: int
    projection: Projection


def view(loaded: Loaded, state: State) -> DrawdownView:
    """`loaded` in `state`, which may be a later one than it is stored in."""
    return DrawdownView(
        id=loaded.id,
        line_id=loaded.line_id,
        product_id=loaded.product_id,
        buyer_id=loaded.buyer_id,
        merchant_id=loaded.merchant_id,
        currency=loaded.currency,
        order_ref=loaded.order_ref,
        external_ref=loaded.external_ref,
        as_of=state.as_of,
        authorised_on=loaded.authorised_on,
        days_past_due=days_past_due(state, state.as_of),
        bucket=bucket(state, state.as_of, loaded.terms.cure_instalments),
        held_minor=remaining_minor(state),
        outstanding_minor=outstanding_minor(state),
        projection=project(loaded.terms, state),
    )
