"""A preview is the cut before it comes: the same lines, sums and dates, without a number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from billing.errors import NoBillingCycle
from billing.preview_statement import PERMISSION, Preview, PreviewStatement, preview_statement
from billing.rules.standing import Due
from billing.statements import lines_of, list_statements
from kernel.db.scope import scope
from kernel.errors import NotFound
from tests.billing.checks import needs, written
from tests.billing.test_cycles import MONTHLY, day
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db


async def preview(shop: Shop) -> Preview:
    return await preview_statement(shop.ctx, PreviewStatement(line_id=shop.line_id))


async def last_cut(shop: Shop) -> Preview:
    async with scope(shop.ctx, read_only=True) as tx:
        (found, *_) = await list_statements(
            tx,
            shop.ctx,
            line_id=shop.line_id,
            buyer_id=None,
            cut_from=None,
            cut_to=None,
            before=None,
            limit=1,
        )
        assert found.id is not None
        return Preview(found, tuple(await lines_of(tx, shop.ctx, found.id)))


def bare(found: Preview) -> Any:
    """Without what only a cut has, and what differs by the day of writing."""
    return (
        replace(found.statement, id=None, number=None, created_at=found.statement.created_at.min),
        [replace(line, id=None, charge_id=None, booked_on=line.effective_on) for line in found.lines],
    )


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(MONTHLY)


@pytest.mark.parametrize("seen_on", ["04-01", "04-06", "04-10", "04-30"])
async def test_it_is_the_cut_if_nothing_more_happens(shop: Shop, seen_on: str) -> None:
    """Drawn in March and on 1 April, a little paid and some credit left: interest of 10 April and what credit
    pays are in it from the first day on.
    """
    await shop.go(day("03-05"))
    await shop.draw(100_000)
    await shop.pay(30_000)
    await shop.go(day("04-01"))
    await shop.draw(40_000)
    while shop.today < day(seen_on):
        await shop.go(shop.today + timedelta(1))
    seen = await preview(shop)
    assert (seen.statement.id, seen.statement.number) == (None, None)
    assert (seen.statement.paid_minor, seen.statement.interest_minor) == (30_000, 1_800)
    await shop.go(day("05-01"))
    assert bare(await last_cut(shop)) == bare(seen)
    await shop.verify()


async def test_worked_by_hand(shop: Shop) -> None:
    """Seen on 2 April: 1,000.00 of March's statement, 18.00 of interest to come on the 10th, and what the cut
    charges of it if it is not paid: 21 nights at a thousandth.
    """
    await shop.go(day("03-05"))
    drawdown_id = await shop.draw(100_000)
    await shop.go(day("04-02"))
    found = await preview(shop)
    assert [(line.kind, line.effective_on, line.amount_minor) for line in found.lines] == [
        ("interest", day("04-10"), 1_800),
        ("penalty", day("04-30"), 2_100),
    ]
    assert {(line.drawdown_id, line.id, line.charge_id) for line in found.lines} == {
        (drawdown_id, None, None)
    }
    assert (found.statement.opening_minor, found.statement.closing_minor) == (100_000, 103_900)
    assert found.statement.due_dates == (Due(due_on=day("04-10"), when="overdue", amount_minor=103_900),)


async def test_nothing_is_written_and_no_number_taken(shop: Shop) -> None:
    await shop.go(day("03-05"))
    await shop.draw(100_000)
    before = await written(shop)
    assert (await preview(shop)).statement.cut_on == day("04-01")
    assert await written(shop) == before


async def test_what_is_due_to_be_cut_is_cut_first(shop: Shop) -> None:
    """Day end is late: on 3 May the preview is June's."""
    await shop.go(day("03-05"))
    await shop.draw(100_000)
    await shop.jump(day("05-03"))
    found = await preview(shop)
    assert (found.statement.from_on, found.statement.cut_on) == (day("05-01"), day("06-01"))


async def test_refusals(shop: Shop) -> None:
    await needs(shop, PERMISSION, lambda ctx: preview_statement(ctx, PreviewStatement(line_id=shop.line_id)))
    with pytest.raises(NotFound):
        await preview_statement(shop.ctx, PreviewStatement(line_id=uuid4()))
    stranger = await open_shop(MONTHLY)
    with pytest.raises(NotFound):
        await preview_statement(stranger.ctx, PreviewStatement(line_id=shop.line_id))
    unbilled = await open_shop()
    with pytest.raises(NoBillingCycle):
        await preview_statement(unbilled.ctx, PreviewStatement(line_id=unbilled.line_id))
