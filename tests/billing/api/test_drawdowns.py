"""Drawdowns over HTTP: DOMAIN §7 example 1 to the cent, keys, refusals, and how one looks back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kernel.ids import encode
from tests.billing.api.conftest import Counter
from tests.support.shop import open_shop

pytestmark = pytest.mark.db


async def drawn(counter: Counter, amount_minor: int = 1_000_000) -> dict[str, Any]:
    """Authorised and captured on the opening day."""
    authorised = await counter.ok("/drawdowns", counter.order(amount_minor))
    captured: dict[str, Any] = await counter.ok(f"/drawdowns/{authorised['id']}/capture", {})
    return captured


async def test_authorise_holds_and_capture_owes(counter: Counter) -> None:
    answer = await counter.post("/drawdowns", counter.order(1_000_000, order_ref="o-1", external_ref="e-1"))
    assert answer.status_code == 201
    authorised = answer.json()
    assert authorised["id"].startswith("drw_")
    assert (authorised["object"], authorised["livemode"]) == ("drawdown", False)
    assert (authorised["status"], authorised["order_ref"], authorised["external_ref"]) == (
        "authorised",
        "o-1",
        "e-1",
    )
    assert (authorised["held_minor"], authorised["outstanding_minor"]) == (1_000_000, 0)
    part = await counter.ok(f"/drawdowns/{authorised['id']}/capture", {"amount_minor": 400_000})
    assert (part["status"], part["held_minor"], part["outstanding_minor"]) == ("captured", 600_000, 400_000)
    rest = await counter.ok(f"/drawdowns/{authorised['id']}/capture", {})
    assert (rest["held_minor"], rest["outstanding_minor"]) == (0, 1_000_000)
    assert [instalment["principal_minor"] for instalment in rest["instalments"]] == [400_000, 600_000]
    assert (await counter.get(f"/drawdowns/{authorised['id']}")).json() == rest


async def test_example_1_to_the_cent(counter: Counter) -> None:
    opened_on = counter.shop.today
    drawdown = await drawn(counter)
    path = f"/drawdowns/{drawdown['id']}"
    for day, interest_minor in ((39, 0), (40, 0), (41, 500)):
        await counter.shop.go(opened_on + timedelta(day))
        payoff = (await counter.get(f"{path}/payoff")).json()
        assert (payoff["principal_minor"], payoff["interest_minor"]) == (1_000_000, interest_minor)
    payoff = (await counter.get(f"{path}/payoff", on=str(opened_on + timedelta(60)))).json()
    assert (payoff["principal_minor"], payoff["interest_minor"]) == (1_000_000, 10_000)
    await counter.shop.go(opened_on + timedelta(50))
    receipt = await counter.ok("/receipts", counter.money(405_000, advance=True))
    assert {part["component"]: part["amount_minor"] for part in receipt["allocations"]} == {
        "interest": 5_000,
        "principal": 400_000,
    }
    await counter.shop.go(opened_on + timedelta(60))
    payoff = (await counter.get(f"{path}/payoff")).json()
    assert (payoff["total_minor"], payoff["interest_minor"]) == (603_000, 3_000)


async def test_the_schedule_shows_what_is_to_come(counter: Counter) -> None:
    opened_on = counter.shop.today
    path = f"/drawdowns/{(await drawn(counter))['id']}"
    ahead = (await counter.get(f"{path}/schedule")).json()
    assert (ahead["object"], ahead["as_of"]) == ("schedule", str(opened_on))
    (row,) = ahead["instalments"]
    assert row["due_on"] == str(opened_on + timedelta(60))
    assert (row["principal_minor"], row["interest_minor"]) == (1_000_000, 10_000)
    assert row["outstanding_minor"] == ahead["total_outstanding_minor"] == 1_010_000
    assert (await counter.get(path)).json()["interest_due_minor"] == 0, "nothing is charged yet"
    await counter.shop.go(opened_on + timedelta(50))
    await counter.ok("/receipts", counter.money(405_000, advance=True))
    (row,) = (await counter.get(f"{path}/schedule")).json()["instalments"]
    assert (row["interest_minor"], row["paid_minor"], row["outstanding_minor"]) == (8_000, 405_000, 603_000)
    late_on = opened_on + timedelta(80)
    (row,) = (await counter.get(f"{path}/schedule", as_of=str(late_on))).json()["instalments"]
    assert row["past_due"]
    assert row["penalty_minor"] > 0
    seen = (await counter.get(f"{path}/schedule", as_of=str(opened_on))).json()
    assert seen["instalments"] == ahead["instalments"], "a day that is past shows what was known then"
    refused = await counter.get(f"{path}/schedule", as_of=str(opened_on - timedelta(1)))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "out_of_range")


async def test_a_repeated_key_has_one_effect(counter: Counter) -> None:
    first = await counter.ok("/drawdowns", counter.order(100), key="k")
    assert await counter.ok("/drawdowns", counter.order(100), key="k") == first
    assert await counter.shop.line() == (100, 0)
    assert await counter.refusal("/drawdowns", counter.order(200), key="k") == (422, "key_reused")
    path = f"/drawdowns/{first['id']}/capture"
    captured = await counter.ok(path, {}, key="c")
    assert await counter.ok(path, {}, key="c") == captured
    assert await counter.refusal(path, {}, key="d") == (409, "capture_exceeds_authorised")
    assert await counter.refusal(path, {}, key="d") == (409, "capture_exceeds_authorised")


async def test_money_needs_a_key(counter: Counter) -> None:
    drawdown = await drawn(counter)
    for path, body in (
        ("/drawdowns", counter.order(100)),
        (f"/drawdowns/{drawdown['id']}/capture", {}),
        (f"/drawdowns/{drawdown['id']}/void", {}),
        (f"/drawdowns/{drawdown['id']}/refund", {"amount_minor": 1}),
        ("/receipts", counter.money(100)),
        (f"/receipts/{encode('rcp', counter.shop.buyer_id)}/reverse", {"reason": "bounced"}),
        ("/limit_decisions", {}),
    ):
        answer = await counter.client.post(f"/v1{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing"), path


async def test_refused_by_the_limit_tells_what_would_fit(counter: Counter) -> None:
    answer = await counter.post("/drawdowns", counter.order(10_000_001))
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "limit_exceeded"
    assert problem["params"] == {"available_minor": 10_000_000, "requested_minor": 10_000_001}


async def test_void_releases(counter: Counter) -> None:
    authorised = await counter.ok("/drawdowns", counter.order(1_000))
    part = await counter.ok(f"/drawdowns/{authorised['id']}/void", {"amount_minor": 300})
    assert (part["status"], part["held_minor"], part["voided_minor"]) == ("authorised", 700, 300)
    rest = await counter.ok(f"/drawdowns/{authorised['id']}/void", {})
    assert (rest["status"], rest["held_minor"]) == ("voided", 0)


async def test_refund_answers_with_what_became_credit(counter: Counter) -> None:
    drawdown = await drawn(counter)
    await counter.ok("/receipts", counter.money(1_000_000, advance=True))
    refunded = await counter.ok(
        f"/drawdowns/{drawdown['id']}/refund", {"amount_minor": 250_000, "external_ref": "cn-1"}
    )
    assert refunded["id"].startswith("rfd_")
    assert (refunded["credit_minor"], refunded["drawdown"]["refunded_minor"]) == (250_000, 250_000)
    path = f"/drawdowns/{drawdown['id']}/refund"
    again = {"amount_minor": 1, "external_ref": "cn-1"}
    assert await counter.refusal(path, again) == (409, "external_ref_conflict")
    assert await counter.refusal(path, {"amount_minor": 750_001}) == (409, "refund_exceeds_capture")


async def test_looks_back_and_ahead(counter: Counter) -> None:
    opened_on = counter.shop.today
    drawdown = await drawn(counter)
    path = f"/drawdowns/{drawdown['id']}"
    await counter.shop.go(opened_on + timedelta(10))
    await counter.ok("/receipts", counter.money(100_000, advance=True))
    before = (await counter.get(path, as_of=str(opened_on + timedelta(9)))).json()
    assert (before["as_of"], before["outstanding_minor"]) == (str(opened_on + timedelta(9)), 1_000_000)
    assert (await counter.get(path)).json()["outstanding_minor"] == 900_000
    ahead = (await counter.get(path, as_of=str(opened_on + timedelta(70)))).json()
    assert (ahead["outstanding_minor"], ahead["days_past_due"]) == (900_000, 10)
    for as_of in (opened_on - timedelta(1), date(9999, 12, 31)):
        answer = await counter.get(path, as_of=str(as_of))
        assert answer.status_code == 422
        assert [(e["parameter"], e["code"]) for e in answer.json()["errors"]] == [("as_of", "out_of_range")]


async def test_events_and_charges_explain_it(counter: Counter) -> None:
    drawdown = await drawn(counter)
    path = f"/drawdowns/{drawdown['id']}"
    await counter.shop.go(counter.shop.today + timedelta(60))
    receipt = await counter.ok("/receipts", counter.money(1_010_000))
    events = (await counter.get(f"{path}/events")).json()["data"]
    assert [(e["seq"], e["kind"]) for e in events] == [(1, "authorised"), (2, "captured"), (3, "received")]
    assert events[2]["data"]["receipt_id"] == receipt["id"]
    assert events[0]["recorded_by"] == encode("mem", counter.shop.workspace.opened.member_id)
    first = (await counter.get(f"{path}/events", limit=2)).json()
    rest = (await counter.get(f"{path}/events", limit=2, cursor=first["next_cursor"])).json()
    assert first["data"] + rest["data"] == events
    assert not rest["has_more"]
    (charge,) = (await counter.get(f"{path}/charges")).json()["data"]
    told = charge["derivation"]
    assert (charge["kind"], charge["amount_minor"], charge["currency"]) == ("interest", 10_000, "CNY")
    assert charge["amount_minor"] * told["denominator"] == told["numerator"]


async def test_lists_are_newest_first_and_filtered(counter: Counter) -> None:
    made = [await counter.ok("/drawdowns", counter.order(100 + n, external_ref=f"x{n}")) for n in range(3)]
    await counter.ok(f"/drawdowns/{made[1]['id']}/capture", {})
    first = (await counter.get("/drawdowns", limit=2)).json()
    assert [one["id"] for one in first["data"]] == [made[2]["id"], made[1]["id"]]
    rest = (await counter.get("/drawdowns", limit=2, cursor=first["next_cursor"])).json()
    assert ([one["id"] for one in rest["data"]], rest["next_cursor"]) == ([made[0]["id"]], None)
    captured = (await counter.get("/drawdowns", status="captured")).json()["data"]
    assert [one["id"] for one in captured] == [made[1]["id"]]
    found = (await counter.get("/drawdowns", external_ref="x0")).json()["data"]
    assert [one["id"] for one in found] == [made[0]["id"]]
    buyer = encode("buy", counter.shop.buyer_id)
    assert len((await counter.get("/drawdowns", buyer_id=buyer)).json()["data"]) == 3
    other = encode("buy", counter.shop.merchant_id)
    assert (await counter.get("/drawdowns", buyer_id=other)).json()["data"] == []
    crossed = await counter.get("/drawdowns", status="captured", cursor=first["next_cursor"])
    assert (crossed.status_code, crossed.json()["errors"][0]["code"]) == (422, "invalid_cursor")


async def test_a_strangers_objects_are_not_found(counter: Counter) -> None:
    stranger = await open_shop()
    drawdown = await stranger.authorise(100)
    path = f"/drawdowns/{encode('drw', drawdown.id)}"
    for one in ("", "/schedule", "/events", "/charges", "/payoff"):
        answer = await counter.get(path + one)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), one
    for verb, body in (("capture", {}), ("void", {}), ("refund", {"amount_minor": 1})):
        assert await counter.refusal(f"{path}/{verb}", body) == (404, "not_found"), verb
    for order in (
        counter.order(100, line_id=encode("lin", stranger.line_id)),
        counter.order(100, merchant_id=encode("mer", stranger.merchant_id)),
    ):
        assert await counter.refusal("/drawdowns", order) == (404, "not_found")
    assert await stranger.line() == (100, 0)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"amount_minor": 0}, "#/amount_minor", "out_of_range"),
        ({"amount_minor": -1}, "#/amount_minor", "out_of_range"),
        ({"amount_minor": 10**15 + 1}, "#/amount_minor", "out_of_range"),
        ({"amount_minor": 10**30}, "#/amount_minor", "out_of_range"),
        ({"amount_minor": 1.5}, "#/amount_minor", "wrong_type"),
        ({"amount_minor": "100"}, "#/amount_minor", "wrong_type"),
        ({"currency": "cny"}, "#/currency", "wrong_form"),
        ({"line_id": "lin_1"}, "#/line_id", "invalid_id"),
        ({"order_ref": ""}, "#/order_ref", "wrong_length"),
        ({"order_ref": "x" * 201}, "#/order_ref", "wrong_length"),
        ({"order_ref": "a\x00b"}, "#/order_ref", "wrong_form"),
        ({"colour": "red"}, "#/colour", "unknown_field"),
    ],
)
async def test_bad_input_is_told_with_its_place(
    counter: Counter, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await counter.post("/drawdowns", counter.order(100) | change)
    assert answer.status_code == 422, answer.text
    assert [(found["pointer"], found["code"]) for found in answer.json()["errors"]] == [(pointer, code)]
    assert await counter.shop.line() == (0, 0)


async def test_another_currency_is_refused(counter: Counter) -> None:
    order = counter.order(100, currency="USD")
    assert await counter.refusal("/drawdowns", order) == (422, "currency_mismatch")


@pytest.mark.parametrize("effective_on", ["0001-01-01", "9999-12-31"])
async def test_days_at_the_ends_of_the_calendar_are_refused(counter: Counter, effective_on: str) -> None:
    path = f"/drawdowns/{(await counter.ok('/drawdowns', counter.order(100)))['id']}"
    status, _ = await counter.refusal(f"{path}/capture", {"effective_on": effective_on})
    assert 400 <= status < 500
    await counter.ok(f"{path}/capture", {})
    status, _ = await counter.refusal(f"{path}/refund", {"amount_minor": 1, "effective_on": effective_on})
    assert 400 <= status < 500
    await counter.shop.verify()
