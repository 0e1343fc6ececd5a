"""What happens to a debt after the sale, over HTTP: each route once, and what it refuses as it is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel.ids import encode, uuid7
from tests.billing.api.conftest import Counter

pytestmark = pytest.mark.db


@pytest.fixture
async def debt(counter: Counter) -> str:
    """1,000.00 captured the day before."""
    drawn = encode("drw", await counter.shop.draw(100_000))
    await counter.shop.go(counter.shop.today + timedelta(1))
    return drawn


async def test_each_route(counter: Counter, debt: str) -> None:
    today = counter.shop.today
    dispute, silence = encode("dsp", uuid7()), encode("sil", uuid7())
    steps: list[tuple[str, dict[str, Any]]] = [
        ("charge", {"amount_minor": 700, "due_on": str(today + timedelta(3))}),
        ("waive", {"instalment_no": 9_001, "fee_minor": 200}),
        ("pause_interest", {"until_on": str(today + timedelta(3))}),
        ("change_rate", {"rate": "0.0004"}),
        ("dispute", {"amount_minor": 10_000, "id": dispute}),
        ("resolve_dispute", {"dispute_id": dispute, "verdict": "lost"}),
        ("silence", {"id": silence, "amount_minor": 10_000, "until_on": str(today + timedelta(3))}),
        ("end_silence", {"silence_id": silence, "outcome": "falls_away"}),
        ("extend", {"days": 10}),
        ("move_due_date", {"instalment_no": 1, "due_on": str(today + timedelta(80))}),
        ("restructure", {"form": "equal_principal", "instalments": 2}),
        ("write_off", {}),
    ]
    for verb, body in steps:
        told = await counter.ok(f"/drawdowns/{debt}/{verb}", body)
        assert (told["id"], told["outstanding_minor"]) == (debt, 100_000), verb
    kinds = [event["kind"] for event in (await counter.get(f"/drawdowns/{debt}/events")).json()["data"]]
    assert kinds[2:] == [
        "charge_added",
        "waived",
        "interest_paused",
        "rate_changed",
        "disputed",
        "dispute_resolved",
        "silenced",
        "silence_ended",
        "extended",
        "due_date_changed",
        "restructured",
        "written_off",
    ]
    await counter.shop.verify()


@pytest.mark.parametrize("rate", ["much", "NaN", "2"])
async def test_a_rate_is_a_decimal_string(counter: Counter, debt: str, rate: str) -> None:
    answer = await counter.post(f"/drawdowns/{debt}/change_rate", {"rate": rate})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/rate"


async def test_both_sides_of_a_conversion_are_told(counter: Counter, debt: str) -> None:
    told = await counter.ok(f"/drawdowns/{debt}/convert", {"instalment_nos": [1]})
    assert (told["object"], told["amount_minor"], told["id"]) == (
        "conversion",
        100_000,
        told["conversion"]["id"],
    )
    assert [told[side]["outstanding_minor"] for side in ("drawdown", "conversion")] == [0, 100_000]
    of = {}
    for drawn in (debt, told["id"]):
        events = (await counter.get(f"/drawdowns/{drawn}/events")).json()["data"]
        of[drawn] = events[-1]["kind"], events[-1]["data"]
    assert of[debt] == (
        "converted",
        {"conversion_id": told["id"], "instalment_no": 1, "amount_minor": 100_000},
    )
    assert of[told["id"]][1]["conversion_of"] == debt
    await counter.shop.verify()


async def test_a_due_day_is_one_that_the_product_offers(counter: Counter, debt: str) -> None:
    answer = await counter.post(f"/drawdowns/{debt}/change_due_day", {"due_day": "last"})
    assert (answer.status_code, answer.json()["code"]) == (409, "due_day_not_possible")
