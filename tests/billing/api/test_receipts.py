"""Receipts over HTTP: how one was shared out, before and after its reversal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


async def paid(counter: Counter) -> dict[str, Any]:
    """¥10,000.00 drawn; ¥10,500.00 paid when ¥10,100.00 is due: ¥400.00 is left."""
    await counter.shop.draw(1_000_000)
    await counter.shop.go(counter.shop.today + timedelta(60))
    receipt: dict[str, Any] = await counter.ok("/receipts", counter.money(1_050_000, external_ref="b-1"))
    return receipt


async def test_the_split_is_readable(counter: Counter) -> None:
    receipt = await paid(counter)
    assert {part["component"]: part["amount_minor"] for part in receipt["allocations"]} == {
        "interest": 10_000,
        "principal": 1_000_000,
    }
    assert (receipt["excess_minor"], receipt["status"]) == (40_000, "posted")
    assert (await counter.get(f"/receipts/{receipt['id']}")).json() == receipt
    assert (await counter.get("/receipts")).json()["data"] == [receipt]
    buyer = encode("buy", counter.shop.buyer_id)
    assert (await counter.get("/receipts", buyer_id=buyer)).json()["data"] == [receipt]
    other = encode("buy", counter.shop.merchant_id)
    assert (await counter.get("/receipts", buyer_id=other)).json()["data"] == []


@pytest.mark.parametrize("reason", ["bounced", "our_mistake"])
async def test_a_reversed_one_pays_nothing(counter: Counter, reason: str) -> None:
    receipt = await paid(counter)
    path = f"/receipts/{receipt['id']}/reverse"
    reversed_one = await counter.ok(path, {"reason": reason}, key="r")
    assert (reversed_one["status"], reversed_one["reversal_reason"]) == ("reversed", reason)
    assert (reversed_one["allocations"], reversed_one["excess_minor"]) == ([], 0)
    assert (await counter.get(f"/receipts/{receipt['id']}")).json() == reversed_one
    assert await counter.ok(path, {"reason": reason}, key="r") == reversed_one
    assert await counter.refusal(path, {"reason": reason}) == (409, "receipt_not_standing")
    assert await counter.shop.line() == (0, 1_000_000)
    await counter.shop.verify()


async def test_a_repeated_receipt_is_one(counter: Counter) -> None:
    await counter.shop.draw(1_000)
    first = await counter.ok("/receipts", counter.money(400, advance=True), key="k")
    assert await counter.ok("/receipts", counter.money(400, advance=True), key="k") == first
    assert await counter.shop.line() == (0, 600)
    assert await counter.refusal("/receipts", counter.money(500), key="k") == (422, "key_reused")


async def test_refusals(counter: Counter) -> None:
    await counter.shop.draw(1_000)
    await counter.ok("/receipts", counter.money(1, external_ref="b-1"))
    again = counter.money(1, external_ref="b-1")
    assert await counter.refusal("/receipts", again) == (409, "external_ref_conflict")
    tomorrow = str(counter.shop.today + timedelta(1))
    future = counter.money(1, effective_on=tomorrow)
    assert (await counter.refusal("/receipts", future))[1] == "effective_in_future"
    assert (await counter.refusal("/receipts", counter.money(1, currency="USD")))[1] == "no_line_in_currency"
    assert await counter.refusal("/receipts", counter.money(1, channel="carrier pigeon")) == (422, "invalid")
    assert await counter.refusal("/receipts", counter.money(1, effective_on="1.3.2027")) == (422, "invalid")


async def test_a_strangers_objects_are_not_found(counter: Counter) -> None:
    stranger = await open_shop()
    await counter.shop.draw(1_000)
    drawdown = await stranger.draw(1_000)
    receipt = await stranger.pay(100, advance=True)
    path = f"/receipts/{encode('rcp', receipt.id)}"
    assert (await counter.get(path)).status_code == 404
    assert await counter.refusal(f"{path}/reverse", {"reason": "bounced"}) == (404, "not_found")
    named = counter.money(1, drawdown_id=encode("drw", drawdown))
    assert await counter.refusal("/receipts", named) == (404, "not_found")
    answer = await counter.post("/receipts", counter.money(1, buyer_id=encode("buy", stranger.buyer_id)))
    assert not answer.is_success
    assert await stranger.line() == (0, 900)


async def test_very_old_value_dates_are_refused_or_harmless(counter: Counter) -> None:
    """A receipt dated before anything was owed is credit balance or a refusal, never a fault of ours."""
    await counter.shop.draw(1_000)
    answer = await counter.post("/receipts", counter.money(1, effective_on="0001-01-01"))
    assert answer.status_code < 500, answer.text
    await counter.shop.verify()
