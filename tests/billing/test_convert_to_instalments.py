"""Principal that is not yet due becomes a drawdown of its own; the line and what is charged stay."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from billing.convert_to_instalments import PERMISSION, ConvertToInstalments, convert_to_instalments
from billing.extend_due_dates import ExtendDueDates, extend_due_dates
from billing.open_dispute import OpenDispute, open_dispute
from billing.restructure_debt import RestructureDebt, restructure_debt
from billing.write_off_debt import WriteOffDebt, write_off_debt
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import Invalid
from products.queries import read_product, read_programme
from products.rules.product import Choice
from tests.billing.checks import happens_once, needs, refusal, stays_refused, written
from tests.billing.sold import FOUR_MONTHS
from tests.support.offers import draft, offer, publish
from tests.support.shop import Shop, open_shop
from tests.support.traces import audited, emitted

pytestmark = pytest.mark.db

CHOSEN = FOUR_MONTHS | {"repayment": {"form": "equal_principal", "instalments": [4, 6]}}
DAY = date(2027, 3, 16)


async def do(ctx: Ctx, debt: UUID, **changes: Any) -> Any:
    asked: dict[str, Any] = {"drawdown_id": debt, "choice": Choice(instalments=6)}
    return await convert_to_instalments(ctx, ConvertToInstalments(**(asked | changes)))


async def sold_on(document: dict[str, Any], day: date = DAY) -> tuple[Shop, UUID]:
    shop = await open_shop(document)
    debt = await shop.draw(100_000)
    await shop.go(day)
    return shop, debt


@pytest.fixture
async def told(database: None) -> tuple[Shop, UUID]:
    """Captured on 1 March 2027, 250.00 each month from 1 April on; today is the 16th, 5.00 have accrued."""
    return await sold_on(CHOSEN)


async def test_as_every_command(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await needs(shop, PERMISSION, lambda ctx: do(ctx, debt))
    await happens_once(shop, lambda ctx: do(ctx, debt))
    assert await shop.count("billing.drawdown") == 2
    stranger = await open_shop(CHOSEN)
    before = await written(stranger)
    assert await refusal(do(stranger.ctx, debt)) == ("not_found", {"what": "drawdown"})
    assert (await refusal(do(stranger.ctx, await stranger.draw(1_000), product_id=shop.product_id)))[
        0
    ] == "not_found"
    assert before != await written(stranger)  # the stranger's own order, and no more
    assert await stranger.count("billing.drawdown") == 1
    held = (await shop.authorise(1_000)).id
    assert (await refusal(do(shop.ctx, held)))[0] == "wrong_state"
    await shop.verify()


async def test_two_instalments_become_six(told: tuple[Shop, UUID]) -> None:
    """Row 1 keeps its interest: 15 days on 1,000.00 and 15 on the 500.00 that stay, 5.00 + 2.50."""
    shop, debt = told
    done = await do(shop.ctx, debt, instalment_nos=(1, 2))
    assert done.amount_minor == 50_000
    assert (done.drawdown.outstanding_minor, done.conversion.outstanding_minor) == (50_000, 50_000)
    assert await shop.line() == (0, 100_000)
    assert sorted(await shop.postings("conversion")) == [
        ("buyer_principal", "conversion_clearing", 50_000),
        ("conversion_clearing", "buyer_principal", 25_000),
        ("conversion_clearing", "buyer_principal", 25_000),
    ]
    assert "conversion_clearing" not in await shop.balances()
    new = await shop.instalments(done.conversion.id)
    assert [row[:2] for row in new] == [
        *((date(2027, month, 16), 8_333) for month in range(4, 9)),
        (date(2027, 9, 16), 8_335),
    ]
    await shop.go(date(2027, 4, 1))
    assert [row[1:3] for row in await shop.instalments(debt)] == [
        (0, 750),
        (0, 0),
        (25_000, 0),
        (25_000, 0),
    ]
    (event,) = await emitted(shop.workspace, "drawdown.converted")
    assert event["conversion_id"] == str(done.conversion.id)
    assert len(await audited(shop.workspace, "drawdown.converted")) == 1
    await shop.verify()


async def test_paid_to_the_end_both_are_closed(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    done = await do(shop.ctx, debt)
    await shop.go(date(2027, 5, 3))
    await shop.pay(await shop.owed(debt) + await shop.owed(done.conversion.id), advance=True)
    for one in (debt, done.conversion.id):
        assert (await shop.drawdown(one)).projection.status == "closed"
    assert (await shop.line(), await shop.credit()) == ((0, 0), 0)
    await shop.verify()


async def test_a_receipt_of_an_earlier_day_frees_what_it_paid(told: tuple[Shop, UUID]) -> None:
    """On 10 March 3.00 interest and 600.00 were paid: of the 500.00 converted later only 400.00 were left to
    take, so 100.00 of the receipt are free again. They pay the row's accrued interest, the rest is credit.
    """
    shop, debt = told
    await do(shop.ctx, debt, instalment_nos=(1, 2))
    await shop.pay(60_300, advance=True, drawdown_id=debt, effective_on=date(2027, 3, 10))
    assert await shop.line() == (0, 50_000)
    assert await shop.credit() == 10_000 - 80
    await shop.verify()


async def test_goods_come_back_where_they_are_owed(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    done = await do(shop.ctx, debt, instalment_nos=(1, 2))
    assert await refusal(shop.refund(debt, 50_001)) == ("refund_converted", {"capture_no": 1})
    await shop.refund(debt, 40_000)
    await shop.refund(done.conversion.id, 50_000)
    assert await shop.line() == (0, 10_000)
    assert (await shop.balances())["merchant_payable"] == -10_000
    await shop.verify()


async def test_goods_that_count_as_never_delivered(database: None) -> None:
    """200.00 less are four rows of 200.00; the 250.00 converted are the first and 50.00 of the last."""
    shop, debt = await sold_on(CHOSEN | {"refund": {"method": "from_capture"}})
    await do(shop.ctx, debt, instalment_nos=(1,))
    await shop.refund(debt, 20_000)
    assert [row[1] for row in await shop.instalments(debt)] == [0, 20_000, 20_000, 15_000]
    assert await refusal(shop.refund(debt, 60_000)) == ("refund_converted", {"capture_no": 1})
    await shop.verify()


async def test_another_product_of_the_programme_on_working_days(database: None) -> None:
    """A bill of one payment becomes three instalments of another product, weekends free."""
    shop, debt = await sold_on(
        CHOSEN | {"repayment": {"form": "one_payment"}, "due_dates": {"rule": "days_after", "days": 60}}
    )
    document = FOUR_MONTHS | {
        "due_dates": {"rule": "periods", "shift": "following", "calendar": "weekends"},
        "repayment": {"form": "equal_instalment", "instalments": 3},
    }
    async with scope(shop.ctx, read_only=True) as tx:
        own = await read_product(tx, shop.workspace.id, shop.product_id)
        programme = await read_programme(tx, shop.workspace.id, own.programme_id)
    other = await publish(
        shop.workspace, await draft(shop.workspace, programme, document, code="instalments")
    )
    done = await do(shop.ctx, debt, product_id=other.id, choice=Choice())
    assert done.conversion.product_id == other.id
    due = [(row.nominal_on, row.due_on) for row in done.conversion.projection.instalments]
    assert due == [
        (date(2027, 4, 16), date(2027, 4, 16)),
        (date(2027, 5, 16), date(2027, 5, 17)),
        (date(2027, 6, 16), date(2027, 6, 16)),
    ]
    await shop.go(date(2027, 5, 20))
    await shop.verify()
    foreign = await offer(shop.workspace, document, code="foreign")
    assert (await refusal(do(shop.ctx, debt, product_id=foreign.id, choice=Choice())))[
        0
    ] == "another_programme"


async def test_refusals(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    with pytest.raises(Invalid):
        await do(shop.ctx, debt, choice=Choice(instalments=5))
    assert await refusal(do(shop.ctx, debt, instalment_nos=(1, 9))) == (
        "instalment_not_found",
        {"instalment_no": 9},
    )
    opened = OpenDispute(drawdown_id=debt, dispute_id=UUID(int=7), amount_minor=30_000)
    await open_dispute(shop.ctx, opened)
    for no in (4, 104):  # the last is all in dispute
        assert await refusal(do(shop.ctx, debt, instalment_nos=(no,))) == (
            "instalment_not_convertible",
            {"instalment_no": no},
        )
    await do(shop.ctx, debt)
    assert (await refusal(do(shop.ctx, debt)))[0] == "nothing_to_convert"


async def test_not_what_was_charged_first(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    new = RestructureDebt(drawdown_id=debt, form="equal_principal", instalments=2, capitalise=True)
    await restructure_debt(shop.ctx, new)
    assert (await refusal(do(shop.ctx, debt)))[0] == "charges_capitalised"


async def test_not_past_due(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.go(date(2027, 4, 2))

    async def extended() -> None:
        await extend_due_dates(shop.ctx, ExtendDueDates(drawdown_id=debt, days=30))

    assert (await refusal(do(shop.ctx, debt, instalment_nos=(2,))))[0] == "past_due"
    await stays_refused(shop, lambda ctx: do(ctx, debt), extended())
    await shop.verify()


async def test_not_after_the_due_date_nor_once_written_off(database: None) -> None:
    shop, debt = await sold_on(CHOSEN | {"past_due": {"grace_days": 5}}, date(2027, 4, 1))
    await shop.go(date(2027, 4, 2))
    assert (await refusal(do(shop.ctx, debt)))[0] == "instalment_not_convertible"
    await do(shop.ctx, debt, instalment_nos=(2,))
    await write_off_debt(shop.ctx, WriteOffDebt(drawdown_id=debt))
    assert (await refusal(do(shop.ctx, debt)))[0] == "written_off_already"
    await shop.verify()


async def test_a_conversion_closes_nothing_free_of_interest(database: None) -> None:
    price = {"annual_rate": "0.12", "day_count": "30/360"}
    free = {"interest_free": {"rule": "if_closed_within", "days": 20}}
    shop, debt = await sold_on(CHOSEN | {"price": price | free})
    assert (await refusal(do(shop.ctx, debt)))[0] == "instalment_not_convertible"
    await shop.go(DAY + timedelta(6))
    await do(shop.ctx, debt)
    await shop.verify()


async def test_a_frozen_line_lengthens_nothing(told: tuple[Shop, UUID]) -> None:
    shop, debt = told
    await shop.decide("freeze")
    assert (await refusal(do(shop.ctx, debt)))[0] == "line_frozen"
    await shop.decide("unfreeze")
    await shop.decide("cut", 60_000)
    await do(shop.ctx, debt)
    assert await shop.line() == (0, 100_000)
    await shop.verify()
