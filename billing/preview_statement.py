"""Preview a line's next statement: the cut's own computation, as it will come if nothing more happens
(DOMAIN §10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from billing.bring_forward import catch_up
from billing.cycle_facts import Cycle, Facts, as_of_one_moment, due_cycles, load_facts
from billing.cycles import make_cut, shown
from billing.errors import NoBillingCycle
from billing.loaded import Loaded, not_ahead
from billing.queries import buyer_books, find_line, load_unpaid
from billing.rules.advance import advance
from billing.rules.decision import Journal
from billing.rules.foreseen import charges_at_cut, foresee
from billing.rules.standing import amounts_at
from billing.rules.statement import Charged, Posted
from billing.statements import Statement, StatementLine
from kernel.context import Ctx
from kernel.db.engine import Tx
from kernel.db.scope import scope
from kernel.errors import NotFound
from products.queries import billing_of

PERMISSION: Final = "statements:read"


class PreviewStatement(msgspec.Struct, frozen=True, kw_only=True):
    line_id: UUID


class Preview(msgspec.Struct, frozen=True):
    """As `Statement`, without id and number."""

    statement: Statement
    lines: tuple[StatementLine, ...]


async def preview_statement(ctx: Ctx, command: PreviewStatement) -> Preview:
    """Raises NotFound (a stranger's line), NoBillingCycle where its product has no bill day.

    What the schedule brings before the cut, and what the credit balance pays of it, is in it.
    """
    ctx.require(PERMISSION)
    async with scope(ctx, read_only=True) as tx:
        line = await find_line(tx, ctx, command.line_id)
    if line is None:
        raise NotFound(what="line")
    await catch_up(ctx, line.buyer_id, line.currency)
    async with scope(ctx, read_only=True) as tx:
        await as_of_one_moment(tx)
        cycles = await due_cycles(tx, ctx, [line.id], date.max)
        if not cycles:
            raise NoBillingCycle()
        return await _preview(tx, ctx, cycles[0])


async def _preview(tx: Tx, ctx: Ctx, cycle: Cycle) -> Preview:
    parties = await buyer_books(tx, ctx, cycle.buyer_id, cycle.currency)
    unpaid = await load_unpaid(tx, ctx, cycle.buyer_id, cycle.currency)
    assert parties is not None
    not_ahead(ctx, unpaid)
    over = cycle.cut_on - timedelta(1)
    coming = foresee(
        [one.drawdown for one in unpaid],
        parties=parties,
        credit_minor=cycle.credit_minor,
        today=ctx.today,
        until=over,
    )
    own = {one.id: one for one in unpaid if one.line_id == cycle.line_id}
    facts = (await load_facts(tx, ctx, [cycle.line_id]))[cycle.line_id]
    at_cut = [(one.key, journal) for one in coming.drawdowns for journal in charges_at_cut(one, cycle.cut_on)]
    _add(facts, [*coming.journals, *at_cut], own)
    states = [
        (amounts_at(one.terms, one.state, cycle.cut_on), advance(one.terms, one.state, cycle.cut_on))
        for one in coming.drawdowns
        if one.key in own
    ]
    billing = (await billing_of(tx, ctx.tenant_id, [cycle.product_id]))[cycle.product_id]
    cut = make_cut(cycle, billing, facts, states)
    return Preview(*shown(ctx, cut, coming.credit_minor))


def _add(facts: Facts, coming: Iterable[tuple[UUID, Journal]], own: Mapping[UUID, Loaded]) -> None:
    """What is still to be posted, as if it stood in the ledger."""
    for number, (key, journal) in enumerate(coming):
        if key not in own:
            continue
        about: dict[str, Any] = {
            "journal_id": UUID(int=number),
            "drawdown_id": key,
            "order_ref": own[key].order_ref,
            "effective_on": journal.effective_on,
            "booked_on": journal.effective_on,
        }
        facts.posted += [
            Posted(
                **about,
                journal_kind=journal.kind,
                debit_account=posting.debit_account,
                credit_account=posting.credit_account,
                amount_minor=posting.amount_minor,
            )
            for posting in journal.postings
        ]
        facts.charged += [
            Charged(
                **about,
                charge_id=None,
                instalment_no=charge.instalment_no,
                kind=charge.kind,
                amount_minor=charge.amount_minor,
            )
            for charge in journal.charges
        ]
