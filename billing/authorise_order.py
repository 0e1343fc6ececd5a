"""Authorise an order (冻结): hold its amount on a line until it is shipped, voided or expired (DOMAIN §6)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from billing import known, rows
from billing.bring_forward import NO_ROOM, make_room
from billing.command import Command
from billing.commit import commit_with_retry
from billing.events import DRAWDOWN_AUTHORISED
from billing.known import LineOwner
from billing.loaded import DrawdownView, Loaded, view
from billing.queries import taken_ref
from billing.rules.decide import authorise
from billing.rules.decision import Refusal
from kernel import ids
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound, Stale
from products.queries import Offered, config_version, known_offer, published
from products.rules.product import PLAIN, Choice

PERMISSION: Final = "drawdowns:write"


class AuthoriseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`choice`: instalments, due day, category, campaign; tier and party are the buyer's own."""

    line_id: UUID
    merchant_id: UUID
    amount_minor: int
    currency: str
    order_ref: str | None = None
    external_ref: str | None = None
    choice: Choice = PLAIN


async def authorise_order(ctx: Ctx, command: AuthoriseOrder) -> DrawdownView:
    """Refused, in this order: a stranger's line or merchant; instalments or a due day that are not offered;
    `external_ref` taken; another currency; below or above the product's bounds; a cost above the law's cap;
    then by the database: line closed, frozen, without room (`LimitExceeded` tells what would fit).
    """
    ctx.require(PERMISSION)
    drawdown_id = ids.uuid7()
    patient = not known.known_ended(ctx)

    async def decide() -> Command:
        ground = await _ground(ctx, command)
        if isinstance(ground, Refusal):
            return rows.refused(ctx, ground)
        owner, offer = ground
        if command.currency != owner.currency:
            return rows.refused(ctx, Refusal("currency_mismatch", {"currency": owner.currency}))
        moved = authorise(drawdown_id, offer.terms, amount_minor=command.amount_minor, today=ctx.today)
        if isinstance(moved, Refusal):
            return rows.refused(ctx, moved)
        loaded = Loaded(
            id=drawdown_id,
            version=0,
            line_id=command.line_id,
            programme_id=offer.programme_id,
            product_id=owner.product_id,
            buyer_id=owner.buyer_id,
            merchant_id=command.merchant_id,
            currency=owner.currency,
            order_ref=command.order_ref,
            external_ref=command.external_ref,
            authorised_on=ctx.today,
            terms=offer.terms,
            state=moved.after,
        )
        draft = rows.Draft()
        rows.opened(ctx, draft, loaded, moved, offer.terms_id, patient=patient)
        rows.told(ctx, draft, DRAWDOWN_AUTHORISED, loaded, amount_minor=command.amount_minor)
        return rows.command(ctx, draft, view(loaded, moved.after))

    async def make_room_once(told: Stale) -> None:
        nonlocal patient
        owner = known.known_owner(ctx, command.line_id)
        if told.params.get("what") == NO_ROOM and owner is not None:
            patient = False
            await make_room(ctx, command.line_id, owner.buyer_id, owner.currency)

    return (await commit_with_retry(ctx, decide, on_stale=make_room_once)).result(DrawdownView)


async def _ground(ctx: Ctx, command: AuthoriseOrder) -> tuple[LineOwner, Offered] | Refusal:
    """What the decision stands on; read is only what this process does not know yet."""
    owner = known.known_owner(ctx, command.line_id)
    merchant = known.known_merchant(ctx, command.merchant_id)
    offer = None
    if owner is not None:
        choice = owner.choosing(command.choice)
        offer = known_offer(ctx, owner.product_id, choice, seen=owner.config_version)
    stored = offer is not None and known.known_terms(ctx, offer.terms_id)
    if owner and merchant and offer and stored and command.external_ref is None:
        return owner, offer
    async with scope(ctx) as tx:
        owner = owner or await known.find_owner(tx, ctx, command.line_id)
        if owner is None or not (merchant or await known.find_merchant(tx, ctx, command.merchant_id)):
            raise NotFound(what="line" if owner is None else "merchant")
        if refusal := await taken_ref(tx, ctx, "drawdown", command.external_ref):
            return refusal
        if owner.config_version < await config_version(tx, ctx, owner.product_id):
            owner = await known.find_owner(tx, ctx, command.line_id) or owner
        offer = await published(tx, ctx, owner.product_id, owner.choosing(command.choice))
        await known.store_terms(tx, ctx, offer.terms_id, offer.terms)
    known.remember_terms(ctx, offer.terms_id)
    return owner, offer
