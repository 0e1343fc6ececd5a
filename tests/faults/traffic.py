"""Clients of a shop who do what clients do, keep a log of it, and what the log says the book must hold.

A request goes into the log before it is sent. While it has no lasting answer nobody knows whether it had its
effect; `settle` repeats it under its key until it is told.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import date, timedelta
from time import monotonic
from typing import Any, Final

import msgspec

from kernel.ids import decode, encode
from tests.faults.serving import Serving
from tests.faults.wire import BROKEN, Answer, Wire, how, until_told
from tests.support.shop import Shop

PAUSE_SECONDS: Final = 0.05
DAY_SECONDS: Final = 2.0
AT_ONCE: Final = 8
"""Unanswered requests repeated together at the end."""


class Sent(msgspec.Struct):
    """`answer`: None while it is unacknowledged."""

    kind: str
    path: str
    body: dict[str, Any]
    key: str
    drawdown: str | None = None
    answer: Answer | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None and self.answer.status < 300


class Traffic:
    """`clients` at work in one shop, beside one who moves its clock, from `start` to `stop`."""

    def __init__(self, serving: Serving, shop: Shop, clients: int, seed: int) -> None:
        self.shop, self.serving = shop, serving
        self.log: list[Sent] = []
        self.seen = Counter[str]()
        self.day = shop.today
        self._stopping = asyncio.Event()
        self._chance = random.Random(seed)
        self._clients = clients
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._client()) for _ in range(self._clients)]
        self._tasks.append(asyncio.create_task(self._days()))

    async def stop(self) -> None:
        """The requests under way may end; a fault in a client is raised here."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    @property
    def acknowledged(self) -> int:
        return sum(sent.answer is not None for sent in self.log)

    def wire(self) -> Wire:
        return self.serving.wire(self.shop.workspace.opened.secret)

    async def settle(self) -> int:
        """Repeats what has no answer until it has one; how many those were."""
        open_ones = [sent for sent in self.log if sent.answer is None]
        todo = iter(open_ones)

        async def repeat() -> None:
            async with self.wire() as wire:
                for sent in todo:
                    sent.answer = await until_told(wire, sent.path, sent.body, sent.key, Counter())
                    self.seen["done unheard"] += sent.answer.replayed

        await asyncio.gather(*(repeat() for _ in range(AT_ONCE)))
        return len(open_ones)

    async def expect_the_same_again(self, share: float) -> None:
        """What was once acknowledged is answered again as it was."""
        async with self.wire() as wire:
            for sent in self._chance.sample(self.log, int(len(self.log) * share)):
                again = await until_told(wire, sent.path, sent.body, sent.key, Counter())
                assert sent.answer is not None
                assert (again.replayed, again.told) == (True, sent.answer.told), sent

    async def _client(self) -> None:
        mine: dict[str, int] = {}
        async with self.wire() as wire:
            while not self._stopping.is_set():
                sent = self._next(mine)
                self.log.append(sent)
                await self._send(wire, sent)
                _learn(mine, sent)
                await asyncio.sleep(PAUSE_SECONDS * self._chance.random())

    async def _send(self, wire: Wire, sent: Sent) -> None:
        """Half of those who hear nothing try again at once, the others leave it for later."""
        while not self._stopping.is_set():
            self.seen["requests"] += 1
            try:
                answer = await wire.ask("POST", sent.path, sent.body, sent.key)
            except BROKEN as broken:
                self.seen[how(broken)] += 1
                await asyncio.sleep(0.2)
                if self._chance.random() < 0.5:
                    return
            else:
                if not answer.passing:
                    self.seen["done unheard"] += answer.replayed
                    sent.answer = answer
                    self.seen["acknowledged"] += 1
                    assert answer.status < 500, f"{answer.body!r}\n{self.serving.log_end()}"
                    return
                self.seen[f"busy {answer.status}"] += 1
                await asyncio.sleep(0.1)

    def _next(self, mine: dict[str, int]) -> Sent:
        shop, chance = self.shop, self._chance
        key = f"traffic-{shop.workspace.id}-{len(self.log)}"
        if mine and (drawn := chance.random()) < 0.6:
            drawdown = chance.choice(list(mine))
            left = mine[drawdown]
            amount = left if left < 2 or chance.random() < 0.5 else chance.randrange(1, left)
            kind, verb = ("captured", "capture") if drawn < 0.48 else ("voided", "void")
            path = f"/v1/drawdowns/{drawdown}/{verb}"
            return Sent(kind, path, {"amount_minor": amount}, key, drawdown)
        if chance.random() < 0.2:
            money = {"buyer_id": encode("buy", shop.buyer_id), "currency": "CNY", "channel": "bank_transfer"}
            amount = chance.randrange(500, 60_000)
            return Sent("received", "/v1/receipts", money | {"amount_minor": amount, "advance": True}, key)
        order = {
            "line_id": encode("lin", shop.line_id),
            "merchant_id": encode("mer", shop.merchant_id),
            "currency": "CNY",
            "amount_minor": chance.randrange(1_000, 50_000),
        }
        return Sent("authorised", "/v1/drawdowns", order, key)

    async def _days(self) -> None:
        """Day after day; to move the clock to where it is changes nothing, so this needs no key."""
        async with self.wire() as wire:
            while not self._stopping.is_set():
                await asyncio.sleep(DAY_SECONDS)
                await self.move_clock(wire, self.day + timedelta(1))

    async def move_clock(self, wire: Wire, to: date, seconds: float = 120) -> None:
        end = monotonic() + seconds
        while monotonic() < end:
            try:
                answer = await wire.ask("POST", "/v1/clock/advance", {"to_on": to.isoformat()})
            except BROKEN as broken:
                self.seen[how(broken)] += 1
            else:
                if answer.status == 200:
                    self.day = to
                    self.seen["day ends"] += 1
                    return
                assert answer.passing, answer.body
                self.seen["day ends put off"] += 1
            await asyncio.sleep(0.2)
        raise AssertionError(f"the clock does not reach {to} within {seconds} s: {dict(self.seen)}")


def _learn(mine: dict[str, int], sent: Sent) -> None:
    """What is left of an authorisation, as its client knows it; what is unanswered he leaves be."""
    if sent.drawdown is not None:
        mine.pop(sent.drawdown)
    if sent.answer is None or not sent.done or sent.kind == "received":
        return
    told = sent.answer.json()
    if told["held_minor"] > 0:
        mine[told["id"]] = told["held_minor"]


async def expect_book(admin: Any, traffic: Traffic) -> None:
    """Nothing acknowledged is lost, nothing is there twice or unasked: the book's inputs are the log's."""
    tenant = traffic.shop.workspace.id
    done = [sent for sent in traffic.log if sent.done]
    events = Counter(
        (encode("drw", row["drawdown_id"]), row["kind"], row["amount"])
        for row in await admin.fetch(
            """SELECT drawdown_id, kind, (data->>'amount_minor')::bigint AS amount FROM billing.drawdown_event
            WHERE tenant_id = $1 AND kind IN ('authorised', 'captured', 'voided')""",
            tenant,
        )
    )
    logged = Counter(
        (sent.drawdown or _told_id(sent), sent.kind, sent.body["amount_minor"])
        for sent in done
        if sent.kind != "received"
    )
    assert events == logged, f"not in the book {logged - events}, not in the log {events - logged}"
    rows = await admin.fetch("SELECT id, amount_minor FROM billing.receipt WHERE tenant_id = $1", tenant)
    receipts = Counter((row["id"], row["amount_minor"]) for row in rows)
    assert receipts == Counter(
        (decode("rcp", _told_id(sent)), sent.body["amount_minor"]) for sent in done if sent.kind == "received"
    )
    opened = await admin.fetchval("SELECT count(*) FROM billing.drawdown WHERE tenant_id = $1", tenant)
    assert opened == sum(sent.kind == "authorised" for sent in done)


def _told_id(sent: Sent) -> str:
    assert sent.answer is not None
    found: str = sent.answer.json()["id"]
    return found
