"""The ledger over HTTP: sides that agree, by effective and by booked date, with their parties."""

from __future__ import annotations

from collections import Counter as Sums
from datetime import timedelta

import pytest

from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


async def test_the_trial_balance_balances(counter: Counter) -> None:
    await counter.shop.draw(1_000_000)
    await counter.shop.go(counter.shop.today + timedelta(60))
    await counter.shop.pay(1_050_000)
    told = (await counter.get("/ledger/trial_balance")).json()
    assert told["on"] == str(counter.shop.today)
    sides = Sums[str]()
    for one in told["accounts"]:
        sides[one["book_id"]] += one["debit_minor"] - one["credit_minor"]
    assert set(sides.values()) == {0}
    balances = {one["account"]: one["balance_minor"] for one in told["accounts"]}
    assert balances == {
        "buyer_principal": 0,
        "buyer_interest": 0,
        "buyer_credit": 40_000,
        "cash_clearing": 1_050_000,
        "interest_income": 10_000,
        "merchant_payable": 1_000_000,
    }


async def test_by_effective_or_by_booked_date(counter: Counter) -> None:
    """A capture recorded two days after it counts stands between the two."""
    shop = counter.shop
    drawn = await shop.authorise(500)
    shipped_on = shop.today
    await shop.go(shipped_on + timedelta(2))
    await shop.capture(drawn.id, effective_on=shipped_on)
    by_effective = await counter.get("/ledger/trial_balance", on=str(shipped_on))
    by_booked = await counter.get("/ledger/trial_balance", on=str(shipped_on), by="booked")
    assert {one["account"] for one in by_effective.json()["accounts"]} == {
        "buyer_principal",
        "merchant_payable",
    }
    assert by_booked.json()["accounts"] == []
    assert (await counter.get("/ledger/trial_balance", by="moon")).status_code == 422


async def test_a_drawdowns_entries_page_by_page(counter: Counter) -> None:
    shop = counter.shop
    drawdown_id, other = await shop.draw(1_000_000), await shop.draw(5_000)
    await shop.go(shop.today + timedelta(60))
    await shop.pay(1_010_000, drawdown_id=drawdown_id)
    drawdown = encode("drw", drawdown_id)
    told = (await counter.get("/ledger/entries", drawdown_id=drawdown)).json()["data"]
    assert [(e["kind"], e["debit_account"], e["credit_account"], e["amount_minor"]) for e in told] == [
        ("capture", "buyer_principal", "merchant_payable", 1_000_000),
        ("interest_due", "buyer_interest", "interest_income", 10_000),
        ("receipt", "cash_clearing", "buyer_interest", 10_000),
        ("receipt", "cash_clearing", "buyer_principal", 1_000_000),
    ]
    assert told[0]["debit_party"] == encode("buy", shop.buyer_id)
    assert told[0]["credit_party"] == encode("mer", shop.merchant_id)
    assert told[1]["credit_party"] is None
    paged = []
    cursor = None
    while True:
        params = {"drawdown_id": drawdown, "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await counter.get("/ledger/entries", **params)).json()
        paged += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert paged == told
    others = (await counter.get("/ledger/entries", drawdown_id=encode("drw", other))).json()["data"]
    assert {e["amount_minor"] for e in others} >= {5_000}
    assert not {e["journal_id"] for e in others} & {e["journal_id"] for e in told if e["kind"] != "receipt"}


async def test_a_strangers_ledger_is_not_seen(counter: Counter) -> None:
    stranger = await open_shop()
    drawdown_id = await stranger.draw(1_000)
    answer = await counter.get("/ledger/entries", drawdown_id=encode("drw", drawdown_id))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await counter.get("/ledger/trial_balance")).json()["accounts"] == []
    assert (await counter.get("/ledger/entries")).status_code == 422
