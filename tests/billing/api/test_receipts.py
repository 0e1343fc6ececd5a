"""Receipts over HTTP: how one was shared out, before and after its reversal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import record_receipt
from billing.receipts import ReceiptView
from kernel.context import Ctx
from kernel.ids import encode, uuid7
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


async def test_one_that_is_refused_holds_up_no_other(counter: Counter) -> None:
    """Each in its place; in their order: the first pays the debt, what the last brings is not owed."""
    await counter.shop.draw(1_000)
    stranger = encode("buy", uuid7())
    receipts = [
        counter.money(1_000, advance=True, external_ref="a"),
        counter.money(1, external_ref="a"),
        counter.money(300, buyer_id=stranger),
        counter.money(400, currency="JPY"),
        counter.money(100),
    ]
    told = await counter.ok("/receipts/bulk", {"receipts": receipts})
    assert (told["recorded"], told["refused"]) == (2, 3)
    assert [one["receipt"] and one["receipt"]["excess_minor"] for one in told["data"]] == [
        0, None, None, None, 100,
    ]  # fmt: skip
    problems = [one["problem"] and (one["problem"]["status"], one["problem"]["code"]) for one in told["data"]]
    assert problems == [
        None, (409, "external_ref_conflict"), (404, "not_found"), (409, "no_line_in_currency"), None,
    ]  # fmt: skip
    assert await counter.shop.count("billing.receipt") == 2
    await counter.shop.verify()


async def test_many_at_once_are_recorded_once(counter: Counter) -> None:
    """Sent again with the key, they have the same answers; with others the key is refused."""
    receipts = [
        counter.money(100),
        counter.money(200, external_ref="x"),
        counter.money(300, external_ref="x"),
    ]
    told = await counter.ok("/receipts/bulk", {"receipts": receipts}, key="k")
    again = await counter.ok("/receipts/bulk", {"receipts": receipts}, key="k")
    for outcomes in (told, again):
        for one in outcomes["data"]:
            if one["problem"]:
                one["problem"] = one["problem"]["code"]
    assert again == told
    assert (told["recorded"], told["refused"]) == (2, 1)
    other = {"receipts": receipts[:2]}
    assert await counter.refusal("/receipts/bulk", other, key="k") == (422, "key_reused")
    assert await counter.shop.count("billing.receipt") == 2
    await counter.shop.verify()


async def test_a_repeat_goes_on_where_the_first_copy_broke_off(counter: Counter) -> None:
    """The first of them stands already, under its own key: the repeat does the others."""
    receipts = [counter.money(100), counter.money(200), counter.money(300)]
    with pytest.MonkeyPatch.context() as patched:
        recording = record_receipt.record_receipt

        async def breaks(ctx: Ctx, command: record_receipt.RecordReceipt) -> ReceiptView:
            if command.amount_minor == 200:
                raise ConnectionError
            return await recording(ctx, command)

        patched.setattr(record_receipt, "record_receipt", breaks)
        answer = await counter.post("/receipts/bulk", {"receipts": receipts}, key="k")
        assert answer.status_code == 500
    assert await counter.shop.count("billing.receipt") == 1
    told = await counter.ok("/receipts/bulk", {"receipts": receipts}, key="k")
    assert [one["receipt"]["amount_minor"] for one in told["data"]] == [100, 200, 300]
    assert await counter.shop.count("billing.receipt") == 3
    await counter.shop.verify()


@pytest.mark.parametrize("many", [0, 101])
async def test_from_one_to_a_hundred(counter: Counter, many: int) -> None:
    body = {"receipts": [counter.money(1)] * many}
    answer = await counter.post("/receipts/bulk", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/receipts")


async def test_without_cash(counter: Counter) -> None:
    """1,000.00: 300.00 were paid to the merchant, 50.00 are a gift, 650.00 are left."""
    debt = encode("drw", await counter.shop.draw(100_000))
    set_off = await counter.ok(f"/drawdowns/{debt}/set_off", {"amount_minor": 30_000, "external_ref": "m-1"})
    gift = await counter.ok(f"/drawdowns/{debt}/goodwill", {"amount_minor": 5_000})
    assert [one["channel"] for one in (set_off, gift)] == ["paid_to_merchant", "goodwill"]
    assert await counter.shop.line() == (0, 65_000)
    asked = {"amount_minor": 65_001}
    for verb in ("set_off", "goodwill"):
        assert await counter.refusal(f"/drawdowns/{debt}/{verb}", asked) == (409, "exceeds_owed")
    assert (await counter.get(f"/receipts/{gift['id']}")).json() == gift
    await counter.shop.verify()
