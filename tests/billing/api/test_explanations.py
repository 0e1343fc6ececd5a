"""Why an amount is what it is: trees that can be computed again, and that agree with what was charged."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from billing.explanations import explain_drawdown
from billing.schemas.explanations import explanation_body
from kernel.db.scope import scope
from kernel.ids import decode, encode
from kernel.money import round_ratio
from tests.billing.api.conftest import Counter
from tests.billing.api.test_drawdowns import drawn
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


def computed(node: dict[str, Any]) -> int:
    """The node's value from its parts and facts alone, as a reader of the JSON would do it."""
    parts = [computed(part) for part in node["parts"]]
    facts = node["facts"]
    match node["op"]:
        case "product":
            return int(facts["base_minor"] * facts["rate_billionths"] * facts["days"])
        case "rounded":
            return round_ratio(sum(parts), node["denominator"], facts["rounding"])
        case "sum":
            return sum(parts)
        case "difference":
            return parts[0] - sum(parts[1:])
        case "least":
            return min(parts)
        case _:
            return int(node["value"])


async def late_and_paid(counter: Counter) -> str:
    """Captured, ¥4,050.00 in advance on day 50, the rest ten days late."""
    opened_on = counter.shop.today
    drawdown = await drawn(counter)
    await counter.shop.go(opened_on + timedelta(50))
    await counter.ok("/receipts", counter.money(405_000, advance=True))
    await counter.shop.go(opened_on + timedelta(70))
    await counter.ok("/receipts", counter.money(700_000))
    return str(drawdown["id"])


async def test_every_amount_of_a_drawdown(counter: Counter) -> None:
    drawdown_id = await late_and_paid(counter)
    told = (await counter.get(f"/explanations/{drawdown_id}")).json()
    assert (told["object"], told["id"], told["as_of"]) == (
        "explanation",
        drawdown_id,
        str(counter.shop.today),
    )
    amounts = {one["kind"]: one for one in told["amounts"]}
    assert amounts["interest"]["amount_minor"] == 8_000
    assert amounts["penalty"]["amount_minor"] > 0
    for one in told["amounts"]:
        assert computed(one["derivation"]) == one["derivation"]["value"] == one["amount_minor"]
    night = amounts["interest"]["derivation"]["parts"][0]["parts"][0]
    assert night["text"] == "Principal × contract rate × nights"
    assert night["facts"]["base_minor"] * night["facts"]["rate_billionths"] == 1_000_000 * 500_000


async def test_each_charge_as_it_was_known(counter: Counter) -> None:
    drawdown_id = await late_and_paid(counter)
    receipt = (await counter.get("/receipts")).json()["data"][0]
    await counter.ok(f"/receipts/{receipt['id']}/reverse", {"reason": "bounced"})
    charges = (await counter.get(f"/drawdowns/{drawdown_id}/charges")).json()["data"]
    assert {charge["kind"] for charge in charges} == {"interest", "penalty"}
    so_far: dict[tuple[int, str], int] = defaultdict(int)
    for charge in charges:
        row = (charge["instalment_no"], charge["kind"])
        so_far[row] += charge["amount_minor"]
        told = (await counter.get(f"/explanations/{charge['id']}")).json()
        assert [(one["instalment_no"], one["kind"]) for one in told["amounts"]] == [row]
        assert told["amounts"][0]["amount_minor"] == so_far[row]
        assert computed(told["amounts"][0]["derivation"]) == so_far[row]


async def test_what_a_receipt_pays(counter: Counter) -> None:
    """One in advance; one past due, whose rest of 924.00 pays the next debt; one that does not suffice for
    the 76.00 that are left of it.
    """
    drawdown_id = await late_and_paid(counter)
    other = encode("drw", await counter.shop.draw(100_000))
    await counter.shop.go(counter.shop.today + timedelta(70))
    await counter.ok("/receipts", counter.money(5_000))
    told_of = {}
    for receipt in (await counter.get("/receipts")).json()["data"]:
        told = (await counter.get(f"/explanations/{receipt['id']}")).json()
        assert [
            (one["drawdown_id"], one["instalment_no"], one["kind"], one["amount_minor"])
            for one in sorted(told["amounts"], key=lambda one: (one["drawdown_id"], one["kind"]))
        ] == sorted(
            (one["drawdown_id"], one["instalment_no"], one["component"], one["amount_minor"])
            for one in receipt["allocations"]
        )
        for one in told["amounts"]:
            assert computed(one["derivation"]) == one["amount_minor"]
        told_of[receipt["amount_minor"]] = told
    assert {one["derivation"]["rule"] for one in told_of[405_000]["amounts"]} == {"allocation.in_advance"}
    assert {one["drawdown_id"] for one in told_of[700_000]["amounts"]} == {drawdown_id}
    assert {one["derivation"]["rule"] for one in told_of[5_000]["amounts"]} == {"allocation.past_due"}
    short = next(one for one in told_of[5_000]["amounts"] if one["kind"] == "principal")
    assert short["drawdown_id"] == other
    asked, left = short["derivation"]["parts"]
    assert (asked["value"], left["value"]) == (7_600, short["amount_minor"])


async def test_only_one_instalment(counter: Counter) -> None:
    drawdown_id = await late_and_paid(counter)
    whole = (await counter.get(f"/explanations/{drawdown_id}")).json()
    assert (await counter.get(f"/explanations/{drawdown_id}", instalment_no=1)).json() == whole
    assert (await counter.get(f"/explanations/{drawdown_id}", instalment_no=2)).json()["amounts"] == []


async def test_a_receipt_that_does_not_stand_pays_nothing(counter: Counter) -> None:
    await late_and_paid(counter)
    receipt = (await counter.get("/receipts")).json()["data"][0]
    await counter.ok(f"/receipts/{receipt['id']}/reverse", {"reason": "our_mistake"})
    assert (await counter.get(f"/explanations/{receipt['id']}")).json()["amounts"] == []


async def test_in_the_readers_language(counter: Counter) -> None:
    drawdown_id = (await drawn(counter))["id"]
    ctx = msgspec.structs.replace(counter.shop.ctx, locale="zh-CN")
    async with scope(ctx, read_only=True) as tx:
        found = await explain_drawdown(tx, ctx, decode("drw", drawdown_id))
    told = explanation_body(ctx, drawdown_id, found)
    assert told.amounts[0].derivation.parts == []
    assert told.amounts[0].derivation.text == "一次性偿还的全部融资金额"


async def test_what_is_not_ours_or_no_id_is_not_found(counter: Counter) -> None:
    stranger = await open_shop()
    drawdown = await stranger.authorise(100)
    for one in (
        encode("drw", drawdown.id),
        encode("chg", drawdown.id),
        encode("rcp", drawdown.id),
        "chg_x",
        "rcp_x",
        "nothing",
    ):
        answer = await counter.get(f"/explanations/{one}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), one


async def test_a_day_before_the_order(counter: Counter) -> None:
    drawdown_id = (await drawn(counter))["id"]
    before_on = str(counter.shop.today - timedelta(1))
    answer = await counter.get(f"/explanations/{drawdown_id}", as_of=before_on)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "as_of")
