"""Billing cycles: what is on a line's next statement, and the cut that writes it (DOMAIN §10).

A cut of bill day B takes all that counts for the days before B and is on no earlier statement. Whoever
writes anything of a buyer on B or later cuts first (bring_forward.py), as day end does (day.py): so what a
cut does not find was recorded after it, and no statement depends on when day end ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from billing import rows
from billing.command import Command
from billing.commit import ATTEMPTS, commit, commit_many
from billing.cycle_facts import Cycle, Facts, as_of_one_moment, due_cycles, load_facts
from billing.loaded import Loaded
from billing.queries import load_drawdowns, load_of_lines
from billing.rules.advance import advance
from billing.rules.replay import replay
from billing.rules.settle import unpaid
from billing.rules.standing import Standing, amounts_at, dues, standing
from billing.rules.state import next_event_on
from billing.rules.statement import Earlier, Line, Sums, lines, sums_of
from billing.rules.values import State
from billing.statement_rows import LineCycleSet, StatementLineRow, StatementRow
from billing.statements import Statement, StatementLine
from kernel import ids
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import Stale
from products.queries import Billing, billing_of
from products.rules.due_dates import next_cut

_MARGIN_MS: Final = 3_600_000
"""Ids that were made before a cut and committed after it are not older than that."""
_TOGETHER: Final = 1_000


Stands = tuple[Mapping[int, int], State]
"""What is unpaid of each row, charges of the cut's own day left out, and the state at the cut."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """All that a statement says, but its number. `next_cut_on`: None where the product is billed no more;
    `horizon_on` is the day before which a debt counts as due. `left`: journals of later days.
    """

    cycle: Cycle
    book: UUID
    next_cut_on: date | None
    horizon_on: date
    left: tuple[UUID, ...]
    earlier: Earlier | None
    sums: Sums
    standing: Standing
    lines: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing moved, nothing is owed: no statement is cut."""
        return not self.lines and not self.sums.closing_minor


async def cut_lines(ctx: Ctx, line_ids: Sequence[UUID], on: date) -> int:
    """Cuts the lines' statements of the bill days until and on `on`, in their order; how many were cut.

    All that counts for the days before must be written (bring_forward.py). None of it is under the caller's
    idempotency key. Raises Stale where the business date has moved on.
    """
    own, cut, left, attempts = ctx.unkeyed(), 0, list(line_ids), 0
    while left:
        async with scope(ctx, read_only=True) as tx:
            await as_of_one_moment(tx)
            cycles = await due_cycles(tx, ctx, left, on)
            made = await prepare(tx, ctx, cycles)
        outcomes = await commit_many(own, [_command(own, one) for one in made])
        done = [one for one, outcome in zip(made, outcomes, strict=True) if outcome != "stale"]
        cut += sum(not one.is_empty for one in done)
        left = [cycle.line_id for cycle in cycles]
        attempts = 0 if done else attempts + 1
        if left and attempts == ATTEMPTS:
            raise Stale(what="cycle")
    return cut


async def begin_cycles(ctx: Ctx) -> None:
    """Lines of products that are billed by now and were not before: cut from their next bill day on."""
    own = ctx.unkeyed()
    async with scope(ctx, read_only=True) as tx:
        billing = await billing_of(tx, ctx.tenant_id)
    billed = {product_id: one.cut_day for product_id, one in billing.items() if one.cut_day is not None}
    while billed:
        async with scope(ctx, read_only=True) as tx:
            found = await tx.fetch(
                """SELECT line_id, product_id FROM billing.line_cycle
                WHERE tenant_id = $1 AND product_id = ANY ($2) AND next_cut_on IS NULL
                ORDER BY product_id, line_id LIMIT $3""",
                ctx.tenant_id, list(billed), _TOGETHER,
            )  # fmt: skip
        if not found:
            return
        draft = rows.Draft()
        for row in found:
            first_on = next_cut(ctx.today, billed[row["product_id"]])
            draft.add("line_cycle_set", LineCycleSet(line_id=row["line_id"], next_cut_on=first_on))
        await commit(own, rows.command(own, draft, {}))


async def prepare(tx: Tx, ctx: Ctx, cycles: Sequence[Cycle]) -> list[Cut]:
    """The statements of the lines' next cuts."""
    line_ids = [cycle.line_id for cycle in cycles]
    if not line_ids:
        return []
    billing = await billing_of(tx, ctx.tenant_id, list({cycle.product_id for cycle in cycles}))
    facts = await load_facts(tx, ctx, line_ids)
    owing: dict[UUID, list[Loaded]] = defaultdict(list)
    for loaded in await load_of_lines(tx, ctx, line_ids):
        owing[loaded.line_id].append(loaded)
    await _bring_back(tx, ctx, cycles, facts, owing)
    return [_cut(cycle, billing, facts[cycle.line_id], owing[cycle.line_id]) for cycle in cycles]


async def _bring_back(
    tx: Tx, ctx: Ctx, cycles: Sequence[Cycle], facts: dict[UUID, Facts], owing: dict[UUID, list[Loaded]]
) -> None:
    """Drawdowns that stand on a later day than the cut's, or to which its own day brought more than charges,
    come with their events.
    """
    cut_on = {cycle.line_id: cycle.cut_on for cycle in cycles}
    ahead = {
        loaded.id
        for found in owing.values()
        for loaded in found
        if loaded.authorised_on < cut_on[loaded.line_id] < loaded.state.as_of
    }
    for line_id, found in facts.items():
        ahead |= found.moved_from(cut_on[line_id])
    if ahead:
        for loaded in await load_drawdowns(tx, ctx, sorted(ahead), events=True):
            owing[loaded.line_id] = [one for one in owing[loaded.line_id] if one.id != loaded.id] + [loaded]


def _cut(cycle: Cycle, billing: dict[UUID, Billing], facts: Facts, owing: Sequence[Loaded]) -> Cut:
    charged = facts.charged_from(cycle.cut_on)
    states = [
        _stands(loaded, cycle.cut_on, charged[loaded.id])
        for loaded in owing
        if loaded.authorised_on < cycle.cut_on
    ]
    return make_cut(cycle, billing[cycle.product_id], facts, states)


def make_cut(cycle: Cycle, billing: Billing, facts: Facts, states: Iterable[Stands]) -> Cut:
    """`states`: of each drawdown that owes something.

    Raises ValueError where the ledger and the states differ: nothing is cut that does not add up.
    """
    next_cut_on = next_cut(cycle.cut_on, billing.cut_day)
    horizon_on = next_cut_on or _as_before(cycle.cut_on)
    stands = standing(due for pair in states for due in dues(*pair, horizon_on))
    taken = lines(
        [one for one in facts.posted if one.effective_on < cycle.cut_on],
        [one for one in facts.charged if one.effective_on < cycle.cut_on],
        facts.earlier,
    )
    earlier = facts.earlier[-1] if facts.earlier else None
    sums = sums_of(earlier.closing_minor if earlier else 0, taken)
    if sums.closing_minor != stands.total_minor:
        told = f"the ledger says {sums.closing_minor}, the drawdowns {stands.total_minor}"
        raise ValueError(f"line {cycle.line_id} cannot be cut on {cycle.cut_on}: {told}")
    return Cut(
        cycle=cycle,
        book=billing.lender_book,
        next_cut_on=next_cut_on,
        horizon_on=horizon_on,
        left=tuple(one.journal_id for one in facts.all if one.effective_on >= cycle.cut_on),
        earlier=earlier,
        sums=sums,
        standing=stands,
        lines=taken,
    )


def _as_before(cut_on: date) -> date:
    """A product that is billed no more: its last statement looks a month ahead all the same."""
    following = next_cut(cut_on, cut_on.day if cut_on.day <= 28 else "last")
    assert following is not None
    return following


def _stands(loaded: Loaded, cut_on: date, charged: Mapping[int, int]) -> Stands:
    """`charged`: by row, what the cut's own day charged; it is not the statement's."""
    terms, state = loaded.terms, loaded.state
    if loaded.events is not None:
        before = [event for event in loaded.events if event.effective_on < cut_on]
        state = replay(terms, before, cut_on - timedelta(1))
    coming_on = next_event_on(terms, state)
    if state.as_of == cut_on or coming_on is None or coming_on > cut_on:
        return {row.no: unpaid(row).total - charged.get(row.no, 0) for row in state.instalments}, state
    return amounts_at(terms, state, cut_on), advance(terms, state, cut_on)


def _since(left: Sequence[UUID]) -> UUID:
    """Below it no journal is missing on a statement: none that is left, none that is being written now."""
    oldest = (ids.uuid7().int >> 80) - _MARGIN_MS << 80
    return min([UUID(int=oldest), *left])


def _command(ctx: Ctx, cut: Cut) -> Command:
    draft, cycle = rows.Draft(), cut.cycle
    draft.add(
        "line_cycle_set",
        LineCycleSet(
            line_id=cycle.line_id,
            was_on=cycle.cut_on,
            next_cut_on=cut.next_cut_on,
            since=_since(cut.left),
        ),
    )
    if not cut.is_empty:
        _statement(ctx, draft, cut)
    return rows.command(ctx, draft, {})


def _statement(ctx: Ctx, draft: rows.Draft, cut: Cut) -> None:
    cycle, statement_id = cut.cycle, ids.uuid7()
    draft.add(
        "statement",
        StatementRow(
            id=statement_id,
            line_id=cycle.line_id,
            buyer_id=cycle.buyer_id,
            product_id=cycle.product_id,
            book=cut.book,
            currency=cycle.currency,
            from_on=cut.earlier.cut_on if cut.earlier else None,
            cut_on=cycle.cut_on,
            next_cut_on=cut.horizon_on,
            **asdict(cut.sums),
            closing_minor=cut.sums.closing_minor,
            overdue_minor=cut.standing.overdue_minor,
            due_minor=cut.standing.due_minor,
            not_yet_due_minor=cut.standing.not_yet_due_minor,
            disputed_minor=cut.standing.disputed_minor,
            credit_minor=cycle.credit_minor,
            due_dates=msgspec.Raw(msgspec.json.encode(cut.standing.due_dates)),
            booked_on=ctx.today,
            created_at=ctx.now,
        ),
    )
    draft.add(
        "statement_line",
        *(
            StatementLineRow(
                id=ids.uuid7(),
                statement_id=statement_id,
                no=no,
                kind=line.kind,
                effective_on=line.effective_on,
                booked_on=line.booked_on,
                drawdown_id=line.drawdown_id,
                journal_id=line.journal_id,
                charge_id=line.charge_id,
                instalment_no=line.instalment_no,
                order_ref=line.order_ref,
                amount_minor=line.amount_minor,
                late_for=line.late_for.id if line.late_for else None,
                late_number=line.late_for.number if line.late_for else None,
            )
            for no, line in enumerate(cut.lines, 1)
        ),
    )


def shown(ctx: Ctx, cut: Cut, credit_minor: int) -> tuple[Statement, tuple[StatementLine, ...]]:
    """As if it were cut, without id and number."""
    cycle, stands = cut.cycle, cut.standing
    return (
        Statement(
            id=None,
            number=None,
            line_id=cycle.line_id,
            buyer_id=cycle.buyer_id,
            product_id=cycle.product_id,
            currency=cycle.currency,
            from_on=cut.earlier.cut_on if cut.earlier else None,
            cut_on=cycle.cut_on,
            next_cut_on=cut.horizon_on,
            **asdict(cut.sums),
            closing_minor=cut.sums.closing_minor,
            overdue_minor=stands.overdue_minor,
            due_minor=stands.due_minor,
            not_yet_due_minor=stands.not_yet_due_minor,
            disputed_minor=stands.disputed_minor,
            credit_minor=credit_minor,
            due_dates=stands.due_dates,
            created_at=ctx.now,
        ),
        tuple(
            StatementLine(
                id=None,
                no=no,
                kind=line.kind,
                effective_on=line.effective_on,
                booked_on=line.booked_on,
                drawdown_id=line.drawdown_id,
                order_ref=line.order_ref,
                instalment_no=line.instalment_no,
                charge_id=line.charge_id,
                amount_minor=line.amount_minor,
                late_number=line.late_for.number if line.late_for else None,
            )
            for no, line in enumerate(cut.lines, 1)
        ),
    )
