"""What goes wrong outside is told clearly, in our own words, with its place; nothing is half-written."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest

from kernel.ids import encode
from tests.faults.conftest import Durable
from tests.faults.serving import Serving
from tests.faults.wire import Answer, until_told
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.fault]

PROBLEM: Final = "application/problem+json"
DEEP: Final = b"[" * 1_000 + b"]" * 1_000
MEGABYTE: Final = 1_000_000


def raw(body: object) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def drawdown(shop: Shop, **changed: Any) -> dict[str, Any]:
    good = {
        "line_id": encode("lin", shop.line_id),
        "merchant_id": encode("mer", shop.merchant_id),
        "amount_minor": 1_000,
        "currency": "CNY",
    }
    return {name: value for name, value in (good | changed).items() if value is not ...}


def receipt(shop: Shop, **changed: Any) -> dict[str, Any]:
    good = {
        "buyer_id": encode("buy", shop.buyer_id),
        "currency": "CNY",
        "amount_minor": 1_000,
        "channel": "bank_transfer",
    }
    return good | changed


HUGE: Final = 10**30
PLACED: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "negative": ({"amount_minor": -1}, "out_of_range", "#/amount_minor"),
    "nothing": ({"amount_minor": 0}, "out_of_range", "#/amount_minor"),
    "more than a sum may be": ({"amount_minor": 10**15 + 1}, "out_of_range", "#/amount_minor"),
    "huge": ({"amount_minor": HUGE}, "out_of_range", "#/amount_minor"),
    "a fraction": ({"amount_minor": 10.5}, "wrong_type", "#/amount_minor"),
    "text for a number": ({"amount_minor": "1000"}, "wrong_type", "#/amount_minor"),
    "null": ({"amount_minor": None}, "wrong_type", "#/amount_minor"),
    "a list for a number": ({"amount_minor": [1_000]}, "wrong_type", "#/amount_minor"),
    "not the form of a currency": ({"currency": "yuan"}, "wrong_form", "#/currency"),
    "a number for a currency": ({"currency": 156}, "wrong_type", "#/currency"),
    "a control character": ({"external_ref": "a\u0000b"}, "wrong_form", "#/external_ref"),
    "a text too long": ({"external_ref": "x" * 201}, "wrong_length", "#/external_ref"),
    "an unknown field": ({"amuont_minor": 1}, "unknown_field", "#/amuont_minor"),
}
"""What is changed in an order or a payment: the code of the place, and the place."""
DATES: Final[dict[str, tuple[str, int, str]]] = {
    "tomorrow": ("2027-03-02", 422, "effective_in_future"),
    "the end of the calendar": ("9999-12-31", 422, "effective_in_future"),
    "no such day": ("2027-02-30", 422, "invalid"),
    "no date": ("soon", 422, "invalid"),
}
"""The shops' business date is 2027-03-01."""
UNREADABLE: Final[dict[str, bytes]] = {
    "broken off": b'{"amount_minor": 1000, "currency": "CN',
    "not JSON": b"amount=1000",
    "nothing at all": b"",
    "not UTF-8": b'{"currency": "\xff\xfe"}',
    "something after it": b"{} {}",
}


async def counts(admin: Any, shop: Shop) -> dict[str, int]:
    """The rows of the tenant in every table that has tenants."""
    tables = await admin.fetch(
        """SELECT c.oid::regclass::text AS name FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relkind = 'r' AND c.relnamespace > 16383"""
    )
    assert len(tables) > 20
    return {
        name: await admin.fetchval(f"SELECT count(*) FROM {name} WHERE tenant_id = $1", shop.workspace.id)
        for (name,) in tables
        if name != "kernel.audit_seal"  # the worker's, for what stood before
    }


async def ask(served: Serving, shop: Shop, path: str, body: object) -> Answer:
    async with served.wire(shop.workspace.opened.secret) as wire:
        return await wire.ask("POST", f"/v1{path}", body, str(uuid4()))


def expect_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status, answer.headers.get("content-type")) == (status, PROBLEM), answer.body
    told: dict[str, Any] = answer.json()
    assert told["code"] == code
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == answer.headers["request-id"]
    return told


@pytest.fixture(scope="module")
async def shop(database: None) -> Shop:
    """One good order has been made: the document of its terms is stored, once for all."""
    opened = await open_shop()
    await opened.authorise(1_000)
    return opened


async def test_a_closed_database_is_told_and_borne(own_served: Serving, durable: Durable) -> None:
    shop = await open_shop()
    await own_served.all_ready()
    processes = {child.pid for child in own_served.children()}
    order, key, seen = drawdown(shop), str(uuid4()), Counter[str]()
    async with own_served.wire(shop.workspace.opened.secret) as wire:
        await asyncio.to_thread(durable.stop_postgres)
        try:
            for method, path in (("POST", "/v1/drawdowns"), ("GET", "/v1/lines")):
                answer = await wire.ask(method, path, order if method == "POST" else None, key)
                assert expect_problem(answer, 503, "unavailable")["retryable"] is True
                assert answer.headers["retry-after"] == "1"
            ready = await wire.ask("GET", "/readyz")
            assert (ready.status, ready.json()["database"]) == (503, "away")
            assert (await wire.ask("GET", "/healthz")).status == 200
        finally:
            await asyncio.to_thread(durable.revive)
        drawn = await until_told(wire, "/v1/drawdowns", order, key, seen, seconds=20)
        assert (drawn.status, drawn.replayed) == (201, False)
    await own_served.all_ready()
    assert {child.pid for child in own_served.children()} == processes, "nobody was started again"
    assert (await shop.count("billing.drawdown"), await shop.line()) == (1, (1_000, 0))
    await shop.verify()


@pytest.mark.parametrize("what", PLACED)
async def test_a_bad_field_is_named(served: Serving, shop: Shop, admin: Any, what: str) -> None:
    changed, code, pointer = PLACED[what]
    before = await counts(admin, shop)
    for path, body in (("/drawdowns", drawdown(shop, **changed)), ("/receipts", receipt(shop, **changed))):
        answer = await ask(served, shop, path, _spelled(body))
        told = expect_problem(answer, 422, "invalid")
        assert [(place["code"], place["pointer"]) for place in told["errors"]] == [(code, pointer)]
        assert told["errors"][0]["detail"]
    assert await counts(admin, shop) == before


def _spelled(body: dict[str, Any]) -> bytes:
    """msgspec writes no number beyond 64 bits."""
    marked = {name: "HUGE" if value == HUGE else value for name, value in body.items()}
    return msgspec.json.encode(marked).replace(b'"HUGE"', str(HUGE).encode())


async def test_a_missing_field_is_named(served: Serving, shop: Shop) -> None:
    told = expect_problem(await ask(served, shop, "/drawdowns", drawdown(shop, line_id=...)), 422, "invalid")
    assert [(place["code"], place["pointer"]) for place in told["errors"]] == [("required", "#/line_id")]


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_is_no_json_is_unreadable(served: Serving, shop: Shop, admin: Any, what: str) -> None:
    before = await counts(admin, shop)
    for path in ("/drawdowns", "/receipts", "/limit_decisions"):
        expect_problem(await ask(served, shop, path, UNREADABLE[what]), 400, "unreadable")
    assert await counts(admin, shop) == before


async def test_an_unknown_currency(served: Serving, shop: Shop, admin: Any) -> None:
    """A currency in form, but not the line's: refused by the rules, which tell the right one."""
    before = await counts(admin, shop)
    told = expect_problem(
        await ask(served, shop, "/drawdowns", drawdown(shop, currency="XXX")), 422, "currency_mismatch"
    )
    assert told["params"] == {"currency": "CNY"}
    expect_problem(
        await ask(served, shop, "/receipts", receipt(shop, currency="XXX")), 409, "no_line_in_currency"
    )
    kept = {"kernel.idempotency": before["kernel.idempotency"] + 2}
    assert await counts(admin, shop) == before | kept, "two refusals are kept under their keys, nothing else"


@pytest.mark.parametrize("what", DATES)
async def test_a_date_that_cannot_be(served: Serving, shop: Shop, admin: Any, what: str) -> None:
    day, status, code = DATES[what]
    before = await counts(admin, shop)
    answer = await ask(served, shop, "/receipts", receipt(shop, effective_on=day))
    told = expect_problem(answer, status, code)
    if code == "invalid":
        assert [place["pointer"] for place in told["errors"]] == ["#/effective_on"]
    after = await counts(admin, shop)
    kept = {"kernel.idempotency": after["kernel.idempotency"]}
    assert after == before | kept


async def test_a_clock_that_would_go_too_far(served: Serving, shop: Shop, admin: Any) -> None:
    before = await counts(admin, shop)
    async with served.wire(shop.workspace.opened.secret) as wire:
        for to, status, code in (("9999-12-31", 422, "invalid"), ("0001-01-01", 409, "clock_backwards")):
            expect_problem(await wire.ask("POST", "/v1/clock/advance", {"to_on": to}), status, code)
    assert await counts(admin, shop) == before


async def test_deep_nesting(served: Serving, shop: Shop, admin: Any) -> None:
    """As the whole body and as the value of a field; then the same process still serves."""
    before = await counts(admin, shop)
    field = raw(drawdown(shop, amount_minor="DEEP")).replace(b'"DEEP"', DEEP)
    async with served.wire(shop.workspace.opened.secret) as wire:
        for body in (DEEP, field):
            answer = await wire.ask("POST", "/v1/drawdowns", body, str(uuid4()))
            assert answer.status in (400, 422)
            expect_problem(answer, answer.status, "unreadable" if answer.status == 400 else "invalid")
        assert (await wire.ask("GET", "/v1/clock")).status == 200
    assert await counts(admin, shop) == before


async def test_a_body_beyond_a_megabyte(served: Serving, shop: Shop, admin: Any) -> None:
    before = await counts(admin, shop)
    body = raw(drawdown(shop, order_ref="x" * MEGABYTE))
    told = expect_problem(await ask(served, shop, "/drawdowns", body), 413, "body_too_large")
    assert told["params"] == {"limit_bytes": MEGABYTE}
    assert await counts(admin, shop) == before
