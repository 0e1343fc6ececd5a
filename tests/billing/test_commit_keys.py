"""Idempotency in `billing.commit`: one key, one effect, one answer."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.billing.desk import Desk, Till, count, open_desk, read_line

pytestmark = pytest.mark.db


async def test_a_repeat_hears_the_first_answer(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    ((_, first),) = await till.run(desk.authorise(line, 300, key="k"))
    assert await till.one(desk.authorise(line, 500)) == "ok"
    answers = await till.run(desk.authorise(line, 300, key="k"))
    assert answers == [("replayed", {"outcome": "ok", "detail": first})]
    assert (await read_line(admin, desk, line))["held_minor"] == 800


async def test_a_duplicate_in_the_same_array_hears_the_first_answer(
    desk: Desk, till: Till, admin: Any
) -> None:
    line = await till.line(desk, 1_000)
    answers = await till.run(*(desk.authorise(line, 300, key="k") for _ in range(3)))
    assert [outcome for outcome, _ in answers] == ["ok", "duplicate", "duplicate"]
    assert answers[1][1] == {"outcome": "ok", "detail": answers[0][1]} == answers[2][1]
    assert (await read_line(admin, desk, line))["held_minor"] == 300


async def test_another_request_under_the_key_is_refused(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    one, other = (desk.authorise(line, 300, key="k", request=request) for request in ("a", "b"))
    assert [outcome for outcome, _ in await till.run(one, other, one)] == ["ok", "key_reused", "duplicate"]
    assert [outcome for outcome, _ in await till.run(one, other)] == ["replayed", "key_reused"]


@pytest.mark.parametrize("kind", ["limit_exceeded", "line_frozen", "line_closed", "refused", "not_found"])
async def test_a_business_refusal_is_kept(desk: Desk, till: Till, kind: str) -> None:
    """Even when what stood in its way is gone: the key has its answer."""
    status = {"line_frozen": "frozen", "line_closed": "closed"}.get(kind, "active")
    line = await till.line(desk, 100, status=status)
    commands = {
        "refused": desk.refusal("wrong_state", key="k"),
        "not_found": desk.authorise(desk.buyer_id, 1, key="k"),
    }
    ((outcome, detail),) = await till.run(commands.get(kind) or desk.authorise(line, 200, key="k"))
    assert outcome == kind
    if kind != "line_closed":
        assert await till.one(desk.change_limit(line, 1 + (status != "active"), 10_000)) == "ok"
    answers = await till.run(desk.authorise(line, 200, key="k"))
    assert answers == [("replayed", {"outcome": kind, "detail": detail})]


async def test_a_repeat_of_a_success_is_no_refusal_by_what_it_made(desk: Desk, till: Till) -> None:
    """The second copy was decided on a state that the first made; the key answers first."""
    line = await till.line(desk, 1_000)
    ((_, first),) = await till.run(desk.authorise(line, 300, key="k"))
    answers = await till.run(desk.refusal("wrong_state", key="k"))
    assert answers == [("replayed", {"outcome": "ok", "detail": first})]


async def test_stale_is_not_kept(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    wrong = desk.capture(line, drawdown, 300, version=9, key="k")
    right = desk.capture(line, drawdown, 300, key="k")
    answers = await till.run(wrong, right, right)
    assert [outcome for outcome, _ in answers] == ["stale", "ok", "duplicate"]
    assert answers[2][1] == {"outcome": "ok", "detail": answers[1][1]}


async def test_the_same_key_of_another_tenant_is_another_key(desk: Desk, till: Till) -> None:
    other = await open_desk()
    lines = [await till.line(one, 1_000) for one in (desk, other)]
    commands = [one.authorise(line, 1, key="k") for one, line in zip((desk, other), lines, strict=True)]
    assert [outcome for outcome, _ in await till.run(*commands)] == ["ok", "ok"]


async def test_without_a_key_nothing_is_kept(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    assert [outcome for outcome, _ in await till.run(desk.authorise(line, 1), desk.authorise(line, 1))] == [
        "ok"
    ] * 2
    assert await count(admin, "kernel.idempotency", desk.tenant) == 0


async def check_one_key_sent_twice_at_once(desk: Desk, till: Till, url: str) -> None:
    """Two processes: the second waits on the line's lock, then finds the key."""
    line = await till.line(desk, 1_000)
    one, two = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        first, second = Till(one, till.function), Till(two, till.function)
        transaction = one.transaction()
        await transaction.start()
        ((_, answer),) = await first.run(desk.authorise(line, 300, key="k"))
        waiting = asyncio.create_task(second.run(desk.authorise(line, 300, key="k")))
        await asyncio.sleep(0.2)
        assert not waiting.done(), "the second did not wait for the first"
        await transaction.commit()
        assert await waiting == [("replayed", {"outcome": "ok", "detail": answer})]
    finally:
        await one.close()
        await two.close()


async def test_one_key_sent_twice_at_once(desk: Desk, till: Till, app_url: str, admin: Any) -> None:
    await check_one_key_sent_twice_at_once(desk, till, app_url)
    assert await count(admin, "billing.drawdown", desk.tenant) == 1
