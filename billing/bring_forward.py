"""What the schedule brought until today, written down: by day end for a tenant, and by whoever cannot wait
for it.

No amount, state or refusal depends on whether day end has run (DOMAIN §2). Two things that others build on
are stored, so
they are brought forward first where day end is late: holds that expired (they would take room on a line)
and credit
balance that pays what fell due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from billing import known, rows
from billing.command import Command, ReceiptRow
from billing.commit import ATTEMPTS, commit, commit_many
from billing.cycles import cut_lines
from billing.events import (
    DRAWDOWN_BECAME_PAST_DUE,
    DRAWDOWN_EXPIRED,
    DRAWDOWN_FELL_DUE,
    DRAWDOWN_RATE_CHANGED,
)
from billing.loaded import Loaded, not_ahead
from billing.queries import (
    buyer_books,
    credit_minor,
    credit_usable_from,
    load_drawdown,
    load_drawdowns,
    load_unpaid,
    with_events,
)
from billing.receipts import CREDIT_CHANNEL, settle
from billing.rules.allocation import claims
from billing.rules.decide_receipt import receive
from billing.rules.decision import Moved, Refusal
from billing.rules.events import RateChanged
from billing.rules.moves import advance_to, on_its_day
from billing.rules.state import Move
from kernel import ids
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import NotFound, Stale

NO_ROOM: Final = "room"
"""What `billing.commit` answers a patient command where a line has no room."""


async def day_ended_through(tx: Tx, ctx: Ctx) -> date | None:
    """The last business date whose day end is finished; None before the first."""
    found: date | None = await tx.fetchval(
        "SELECT max(business_on) FROM billing.day_end WHERE tenant_id = $1 AND finished_at IS NOT NULL",
        ctx.tenant_id,
    )
    return found


async def make_room(ctx: Ctx, line_id: UUID, buyer_id: UUID, currency: str) -> None:
    """Lets the buyer's credit balance pay what fell due, and expires the line's holds whose day has come."""
    await catch_up(ctx, buyer_id, currency)
    async with scope(ctx, read_only=True) as tx:
        found = await tx.fetch(
            """SELECT d.id FROM billing.drawdown_use u
            JOIN billing.drawdown d ON d.tenant_id = u.tenant_id AND d.id = u.drawdown_id
            WHERE u.tenant_id = $1 AND u.line_id = $2 AND u.held_minor > 0 AND d.expires_on <= $3""",
            ctx.tenant_id, line_id, ctx.today,
        )  # fmt: skip
    await advance_rows(ctx, [row["id"] for row in found], ctx.today)


async def catch_up(ctx: Ctx, buyer_id: UUID, currency: str) -> None:
    """Brings one buyer's drawdowns and credit balance to today, day by day, where day end has not done it
    yet."""
    if known.known_ended(ctx):
        return
    async with scope(ctx, read_only=True) as tx:
        since = await day_ended_through(tx, ctx)
        if since is not None and since >= ctx.today:
            known.remember_ended(ctx, since)
            return
        credit = await credit_minor(tx, ctx, buyer_id, currency)
        day = await credit_usable_from(tx, ctx, buyer_id, currency) if credit else ctx.today
    day = min(max(day, since + timedelta(1)) if since else day, ctx.today)
    while True:
        cut_on, line_ids = await _next_cut(ctx, buyer_id, currency)
        if cut_on is not None and cut_on <= day:
            await advance_rows(ctx, await _waiting(ctx, buyer_id, currency, cut_on), cut_on)
            await cut_lines(ctx, line_ids, cut_on)
            continue
        if day > ctx.today:
            return
        await advance_rows(ctx, await _waiting(ctx, buyer_id, currency, day), day)
        if credit:
            await use_credit(ctx, buyer_id, currency, day)
        day += timedelta(1)


async def load_current(
    ctx: Ctx, drawdown_id: UUID, move: Move | None = None, *, on: date | None = None
) -> Loaded:
    """A drawdown as it stands today, its buyer's credit balance used. Raises NotFound; Stale if it stands on
    a later day than the caller's.

    For a move of day `on`, with its events where the move will have to replay them.
    """
    async with scope(ctx, read_only=True) as tx:
        found = await load_drawdown(tx, ctx, drawdown_id)
        if found is None:
            raise NotFound(what="drawdown")
        not_ahead(ctx, [found])
        if known.known_ended(ctx):
            return await with_events(tx, ctx, found, move, on=on or ctx.today) if move else found
    await catch_up(ctx, found.buyer_id, found.currency)
    async with scope(ctx, read_only=True) as tx:
        again = await load_drawdown(tx, ctx, drawdown_id) or found
        not_ahead(ctx, [again])
        return await with_events(tx, ctx, again, move, on=on or ctx.today) if move else again


async def _next_cut(ctx: Ctx, buyer_id: UUID, currency: str) -> tuple[date | None, list[UUID]]:
    """The buyer's first bill day until today that is not cut, and the lines that it is of."""
    async with scope(ctx, read_only=True) as tx:
        found = await tx.fetch(
            """SELECT y.line_id, y.next_cut_on FROM billing.line l
            JOIN billing.line_cycle y ON y.tenant_id = l.tenant_id AND y.line_id = l.id
            WHERE l.tenant_id = $1 AND l.buyer_id = $2 AND l.currency = $3 AND y.next_cut_on <= $4
            ORDER BY y.next_cut_on, y.line_id""",
            ctx.tenant_id, buyer_id, currency, ctx.today,
        )  # fmt: skip
    if not found:
        return None, []
    first_on: date = found[0]["next_cut_on"]
    return first_on, [row["line_id"] for row in found if row["next_cut_on"] == first_on]


async def _waiting(ctx: Ctx, buyer_id: UUID, currency: str, day: date) -> list[UUID]:
    """The buyer's drawdowns to which something happens until the day."""
    async with scope(ctx, read_only=True) as tx:
        found = await tx.fetch(
            """SELECT id FROM billing.drawdown
            WHERE tenant_id = $1 AND buyer_id = $2 AND currency = $3 AND next_event_on <= $4""",
            ctx.tenant_id, buyer_id, currency, day,
        )  # fmt: skip
    return [row["id"] for row in found]


async def advance_rows(ctx: Ctx, drawdown_ids: Sequence[UUID], to: date) -> int:
    """Advances drawdowns to the opening of `to`; how many moved. One that others moved meanwhile is read
    again.

    None of it is under the caller's idempotency key, which is for the caller's own command.
    """
    own = ctx.unkeyed()
    done, left = 0, list(drawdown_ids)
    while left:
        async with scope(ctx, read_only=True) as tx:
            loaded = await load_drawdowns(tx, ctx, left)
        behind = [one for one in loaded if one.state.as_of < to]
        outcomes = await commit_many(own, [_advanced(own, one, to) for one in behind])
        left = [one.id for one, outcome in zip(behind, outcomes, strict=True) if outcome == "stale"]
        done += len(behind) - len(left)
    return done


def _advanced(ctx: Ctx, loaded: Loaded, to: date) -> Command:
    moved = advance_to(loaded.drawdown, to)
    draft = rows.Draft()
    rows.moved_on(ctx, draft, loaded, moved)
    for topic, facts in _brought(moved):
        rows.brought(draft, topic, loaded, effective_on=to, **facts)
    return rows.command(ctx, draft, {})


def _brought(moved: Moved[UUID]) -> list[tuple[str, dict[str, Any]]]:
    """What the schedule did that others want to hear of."""
    before, after = moved.before, moved.after
    assert before is not None
    told: list[tuple[str, dict[str, Any]]] = [
        (DRAWDOWN_RATE_CHANGED, {"rate": f"{event.rate:f}", "reset_on": str(event.effective_on)})
        for event in moved.events
        if isinstance(event, RateChanged)
    ]
    if after.expired_minor > before.expired_minor:
        told.append((DRAWDOWN_EXPIRED, {"amount_minor": after.expired_minor - before.expired_minor}))
    for was, now in zip(before.instalments, after.instalments, strict=True):
        if before.as_of < now.nominal_on <= after.as_of and not was.settled_on:
            owed = {
                "principal_minor": now.open_minor,
                "interest_minor": now.interest.charged_minor - now.paid.interest,
            }
            told.append((DRAWDOWN_FELL_DUE, {"instalment_no": now.no, **owed}))
        if now.past_due and not was.past_due:
            told.append(
                (DRAWDOWN_BECAME_PAST_DUE, {"instalment_no": now.no, "principal_minor": now.open_minor})
            )
    return told


async def use_credit(ctx: Ctx, buyer_id: UUID, currency: str, on: date, *, at_most: int | None = None) -> int:
    """Pays what is due on `on` or before from the buyer's credit balance; what it paid, in minor units.

    Only from what was credit balance before that day, unless `at_most` says that so much was.
    """
    own = ctx.unkeyed()
    for _ in range(ATTEMPTS):
        planned = await _pay_from_credit(own, buyer_id, currency, on, at_most)
        if planned is None:
            return 0
        paid_minor, command = planned
        try:
            await commit(own, command)
        except Stale:
            continue
        return paid_minor
    raise Stale(what="credit")


async def _pay_from_credit(
    ctx: Ctx, buyer_id: UUID, currency: str, on: date, at_most: int | None
) -> tuple[int, Command] | None:
    async with scope(ctx, read_only=True) as tx:
        credit = await credit_minor(tx, ctx, buyer_id, currency)
        if at_most is not None:
            credit = min(credit, at_most)
        elif credit and await credit_usable_from(tx, ctx, buyer_id, currency) > on:
            return None
        parties = await buyer_books(tx, ctx, buyer_id, currency) if credit else None
        if parties is None:
            return None
        unpaid = await load_unpaid(tx, ctx, buyer_id, currency, events=on < ctx.today)
        not_ahead(ctx, unpaid)
    # Caught up day by day, it is decided as on its own day: nothing later is charged first, then given back.
    today = on if all(one.state.as_of <= on for one in unpaid) else ctx.today
    usable = min(credit, sum(_due_minor(one, on, today) for one in unpaid))
    if not usable:
        return None
    receipt = ReceiptRow(
        id=ids.uuid7(),
        buyer_id=buyer_id,
        channel=CREDIT_CHANNEL,
        currency=currency,
        amount_minor=usable,
        status="posted",
        effective_on=on,
        booked_on=ctx.today,
        created_at=ctx.now,
    )
    settlement = receive(
        [one.drawdown for one in unpaid],
        parties=parties,
        receipt_id=receipt.id,
        amount_minor=usable,
        on=on,
        today=today,
        source="credit",
    )
    if isinstance(settlement, Refusal):
        raise ValueError(f"credit was refused: {settlement}")
    return usable, settle(ctx, receipt, unpaid, settlement)


async def use_backdated(ctx: Ctx, buyer_id: UUID, currency: str, since: date, rest_minor: int) -> None:
    """The rest of a receipt of day `since` pays what fell due after it, each amount on its due date (DOMAIN
    §9).

    Days on which nothing was due yet are not asked one by one: a value date may lie centuries back.
    """
    async with scope(ctx, read_only=True) as tx:
        first_due_on = await tx.fetchval(
            """SELECT min(i.due_on) FROM billing.drawdown d
            JOIN billing.instalment i ON i.tenant_id = d.tenant_id AND i.drawdown_id = d.id
            WHERE d.tenant_id = $1 AND d.buyer_id = $2 AND d.currency = $3 AND d.status = 'captured'""",
            ctx.tenant_id, buyer_id, currency,
        )  # fmt: skip
    day = max(since + timedelta(1), first_due_on or ctx.today)
    while rest_minor and day <= ctx.today:
        rest_minor -= await use_credit(ctx, buyer_id, currency, day, at_most=rest_minor)
        day += timedelta(1)


def _due_minor(loaded: Loaded, on: date, today: date) -> int:
    """What a drawdown asks for on that day, nothing in advance."""
    state = on_its_day(loaded.drawdown, "receive", on=on, today=today)
    if state is None:
        return 0
    return sum(claim.amount_minor for claim in claims(loaded.terms, state, advance=False))
