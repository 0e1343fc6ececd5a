"""Quotes over HTTP: the very numbers of DOMAIN §7 example 1."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


def asked(counter: Counter, **change: Any) -> dict[str, Any]:
    return {
        "product_id": encode("prd", counter.shop.product_id),
        "amount_minor": 1_000_000,
        "captured_on": "2027-03-01",
        **change,
    }


async def quoted(counter: Counter, **change: Any) -> Any:
    return await counter.client.post("/v1/quotes", json=asked(counter, **change))


async def test_example_1(counter: Counter) -> None:
    answer = await quoted(counter)
    assert answer.status_code == 200
    quote = answer.json()
    assert (quote["total_cost_minor"], quote["principal_minor"]) == (10_000, 1_000_000)
    assert (quote["irr_simple"][:6], quote["irr_compound"][:6]) == ("0.0608", "0.0624")
    assert quote["schedule"] == [
        {
            "no": 1,
            "nominal_on": "2027-04-30",
            "due_on": "2027-04-30",
            "principal_minor": 1_000_000,
            "interest_minor": 10_000,
            "fee_minor": 0,
            "total_minor": 1_010_000,
        }
    ]


async def test_a_quote_is_what_is_charged(counter: Counter) -> None:
    quote = (await quoted(counter)).json()
    drawdown_id = await counter.shop.draw(1_000_000)
    await counter.shop.go(counter.shop.today + timedelta(60))
    payoff = (await counter.get(f"/drawdowns/{encode('drw', drawdown_id)}/payoff")).json()
    assert payoff["total_minor"] == quote["schedule"][0]["total_minor"]


async def test_refusals(counter: Counter) -> None:
    assert (await quoted(counter, amount_minor=0)).status_code == 422
    stranger = await open_shop()
    unknown = await quoted(counter, product_id=encode("prd", stranger.product_id))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    drawdown_id = await counter.shop.draw(1_000)
    for days in (-1, 31):
        on = str(counter.shop.today + timedelta(days))
        answer = await counter.get(f"/drawdowns/{encode('drw', drawdown_id)}/payoff", on=on)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "outside_quoted_days")


@pytest.mark.parametrize("captured_on", ["0001-01-01", "9999-12-31"])
async def test_days_at_the_end_of_the_calendar_are_no_fault(counter: Counter, captured_on: str) -> None:
    assert (await quoted(counter, captured_on=captured_on)).status_code < 500
