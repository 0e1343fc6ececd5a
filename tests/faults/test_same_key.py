"""One key, many copies at once, over two server processes: one effect, and everyone hears the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

import msgspec
import pytest

from kernel.ids import encode
from tests.faults.figures import told
from tests.faults.serving import Serving
from tests.faults.wire import Answer, Wire, until_told
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.db, pytest.mark.fault]

COPIES: Final = 20
AT_ONCE: Final = 25
"""Keys under way together, each with all its copies."""
LIMIT: Final = 10_000_000


class Asked(msgspec.Struct, frozen=True):
    key: str
    path: str
    body: dict[str, Any]
    status: int


def asked(shop: Shop, number: int) -> Asked:
    """Mostly orders; payments; orders larger than the line, for a refusal is one effect, too."""
    order = {
        "line_id": encode("lin", shop.line_id),
        "merchant_id": encode("mer", shop.merchant_id),
        "currency": "CNY",
    }
    key = f"copies-{shop.line_id}-{number}"
    if number % 5 < 3:
        return Asked(key, "/v1/drawdowns", order | {"amount_minor": 1_000 + number}, 201)
    if number % 5 == 3:
        money = {"buyer_id": encode("buy", shop.buyer_id), "currency": "CNY", "channel": "bank_transfer"}
        return Asked(key, "/v1/receipts", money | {"amount_minor": 500 + number}, 201)
    return Asked(key, "/v1/drawdowns", order | {"amount_minor": LIMIT + number}, 409)


async def send_copies(wires: Sequence[Wire], request: Asked, seen: Counter[str]) -> list[Answer]:
    """All at the same moment, each over its own connection."""
    return await asyncio.gather(
        *(until_told(wire, request.path, request.body, request.key, seen) for wire in wires)
    )


def expect_one_answer(request: Asked, answers: Sequence[Answer]) -> None:
    assert answers[0].status == request.status, answers[0].body
    assert len({repr(answer.told) for answer in answers}) == 1, "all hear the same"
    assert sum(not answer.replayed for answer in answers) == 1, "one was first, the others are its replays"


async def expect_effects(admin: Any, shop: Shop, requests: Sequence[Asked], found: dict[str, str]) -> None:
    """`found`: the id that was answered for a key. The rows are these and no others."""
    tenant = shop.workspace.id
    for table, prefix, path in (("drawdown", "drw", "drawdowns"), ("receipt", "rcp", "receipts")):
        rows = await admin.fetch(f"SELECT id FROM billing.{table} WHERE tenant_id = $1", tenant)
        ids = [found[one.key] for one in requests if one.path.endswith(path) and one.status == 201]
        assert sorted(encode(prefix, row["id"]) for row in rows) == sorted(ids)
    orders = sum(one.body["amount_minor"] for one in requests if one.status == 201 and "line_id" in one.body)
    assert await shop.line() == (orders, 0)
    paid = sum(one.body["amount_minor"] for one in requests if "buyer_id" in one.body)
    credit = "SELECT credit_minor FROM billing.buyer_balance WHERE tenant_id = $1"
    assert await admin.fetchval(credit, tenant) == paid
    kept = "SELECT count(*) FROM kernel.idempotency WHERE tenant_id = $1"
    assert await admin.fetchval(kept, tenant) == len(requests)


@pytest.mark.parametrize("keys", [100, pytest.param(1000, marks=pytest.mark.nightly)])
async def test_one_effect_and_one_answer_for_each_key(served: Serving, admin: Any, keys: int) -> None:
    shop = await open_shop(limit_minor=LIMIT)
    await served.all_ready()
    requests = [asked(shop, number) for number in range(keys)]
    secret, seen, found = shop.workspace.opened.secret, Counter[str](), dict[str, str]()
    wires = [[served.wire(secret) for _ in range(COPIES)] for _ in range(AT_ONCE)]
    reached, began = Counter[int](), monotonic()
    for start in range(0, keys, AT_ONCE):
        wave = requests[start : start + AT_ONCE]
        answers = await asyncio.gather(
            *(send_copies(own, request, seen) for own, request in zip(wires, wave, strict=False))
        )
        for request, heard in zip(wave, answers, strict=True):
            expect_one_answer(request, heard)
            found[request.key] = heard[0].json().get("id")
        reached.update(served.reached(wire for own in wires for wire in own))
    seconds = monotonic() - began
    assert len(reached) == 2, "copies went to both processes"
    for wire in (wire for own in wires for wire in own):
        wire.hang_up()
    await expect_effects(admin, shop, requests, found)
    await shop.verify()
    told("same key", seconds, keys=keys, copies=COPIES, **seen, connections=list(reached.values()))
