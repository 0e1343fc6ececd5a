"""`commit` and `commit_with_retry`: outcomes as values and errors, decided again when stale."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from billing.command import Command
from billing.commit import commit, commit_many, commit_with_retry
from billing.errors import LimitExceeded, LineClosed, LineFrozen, Refused, refusal
from kernel.context import Ctx
from kernel.errors import NotFound, Stale
from kernel.idempotency import KeyReused
from kernel.ids import uuid7
from tests.billing.desk import Desk, Till, open_desk

pytestmark = pytest.mark.db


class Held(msgspec.Struct):
    id: UUID
    available_minor: int


@pytest.fixture
def ctx(desk: Desk) -> Ctx:
    return desk.workspace.ctx()


async def test_a_result_is_the_same_for_the_repeat(desk: Desk, till: Till, ctx: Ctx) -> None:
    line, drawdown = await till.line(desk, 1_000), uuid7()
    first = await commit(ctx, desk.authorise(line, 300, drawdown_id=drawdown, key="k"))
    again = await commit(ctx, desk.authorise(line, 300, key="k"))
    assert first.result(Held) == again.result(Held) == Held(drawdown, 700)
    assert (first.replayed, again.replayed) == (False, True)


@pytest.mark.parametrize("key", [None, "k"])
async def test_refusals_are_errors_and_so_are_their_repeats(
    desk: Desk, till: Till, ctx: Ctx, key: str | None
) -> None:
    line = await till.line(desk, 100)
    for _ in range(2):
        with pytest.raises(LimitExceeded) as told:
            await commit(ctx, desk.authorise(line, 101, key=key))
        assert told.value.params == {"available_minor": 100, "requested_minor": 101}


@pytest.mark.parametrize(("status", "error"), [("frozen", LineFrozen), ("closed", LineClosed)])
async def test_a_line_that_is_not_active(
    desk: Desk, till: Till, ctx: Ctx, status: str, error: type[Exception]
) -> None:
    line = await till.line(desk, 100, status=status)
    with pytest.raises(error):
        await commit(ctx, desk.authorise(line, 1))


async def test_a_decided_refusal_is_an_error_by_its_code(desk: Desk, ctx: Ctx) -> None:
    with pytest.raises(Refused) as told:
        await commit(ctx, desk.refusal("wrong_state"))
    assert (told.value.code, told.value.status, told.value.params) == ("wrong_state", 409, {"n": 1})


async def test_a_key_of_another_request(desk: Desk, till: Till, ctx: Ctx) -> None:
    line = await till.line(desk, 100)
    await commit(ctx, desk.authorise(line, 1, key="k", request="a"))
    with pytest.raises(KeyReused):
        await commit(ctx, desk.authorise(line, 1, key="k", request="b"))


async def test_what_is_not_there(desk: Desk, ctx: Ctx) -> None:
    with pytest.raises(NotFound):
        await commit(ctx, desk.authorise(uuid7(), 1))


async def test_a_command_of_another_tenant_is_a_mistake(desk: Desk, ctx: Ctx) -> None:
    with pytest.raises(ValueError, match="tenant"):
        await commit(ctx, (await open_desk()).credit(1))


async def test_stale_is_decided_again(desk: Desk, till: Till, ctx: Ctx) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    versions, told = [9, 8, 1], []

    async def decide() -> Command:
        return desk.capture(line, drawdown, 300, version=versions.pop(0))

    async def on_stale(error: Stale) -> None:
        told.append(error.params)

    await commit_with_retry(ctx, decide, on_stale=on_stale)
    assert (versions, told) == ([], [{"what": "drawdown"}] * 2)


async def test_stale_three_times_is_told(desk: Desk, till: Till, ctx: Ctx) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    decided = 0

    async def decide() -> Command:
        nonlocal decided
        decided += 1
        return desk.capture(line, drawdown, 300, version=9)

    with pytest.raises(Stale) as told:
        await commit_with_retry(ctx, decide)
    assert decided == 3
    assert told.value.retryable


async def test_many_tell_each_outcome(desk: Desk, till: Till, ctx: Ctx) -> None:
    line = await till.line(desk, 100)
    drawdown = await till.drawdown(desk, line, 60)
    commands = [
        desk.authorise(line, 40),
        desk.authorise(line, 40),
        desk.capture(line, drawdown, 60, version=7),
    ]
    assert await commit_many(ctx, commands) == ["ok", "limit_exceeded", "stale"]


async def test_a_reference_taken_is_stale_among_many(desk: Desk, till: Till, ctx: Ctx) -> None:
    line = await till.line(desk, 100)
    commands: list[Any] = [desk.authorise(line, 1, external_ref=ref) for ref in ("x", "y", "x")]
    assert await commit_many(ctx, commands) == ["ok", "ok", "stale"]


def test_one_code_is_one_class() -> None:
    assert type(refusal("wrong_state", {})) is type(refusal("wrong_state", {"a": 1}))
    assert type(refusal("limit_exceeded", {})) is LimitExceeded
    assert refusal("capture_not_found", {}).status == 404
