"""`billing.commit`: every outcome of the fold, who may call it, what it writes and what it leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from billing.command import Expected, LineMove, Rows
from kernel.db.token import scope_token
from kernel.ids import uuid7
from tests.billing.desk import BOOK, Desk, Till, count, open_desk, read_line

pytestmark = pytest.mark.db


async def test_ok_writes_all_and_tells_what_is_left(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    drawdown = uuid7()
    ((outcome, detail),) = await till.run(desk.authorise(line, 300, drawdown_id=drawdown, key="k"))
    assert (outcome, detail) == ("ok", {"id": str(drawdown), "available_minor": 700})
    stored = await read_line(admin, desk, line)
    assert (stored["held_minor"], stored["outstanding_minor"], stored["version"]) == (300, 0, 1)
    for table in ("billing.drawdown", "billing.drawdown_use", "billing.drawdown_event", "kernel.idempotency"):
        assert await count(admin, table, desk.tenant) == 1, table


async def test_limit_exceeded_tells_what_would_fit_and_writes_nothing(
    desk: Desk, till: Till, admin: Any
) -> None:
    line = await till.line(desk, 1_000)
    ((outcome, detail),) = await till.run(desk.authorise(line, 1_001))
    assert (outcome, detail) == ("limit_exceeded", {"available_minor": 1_000, "requested_minor": 1_001})
    assert await count(admin, "billing.drawdown", desk.tenant) == 0
    assert (await read_line(admin, desk, line))["held_minor"] == 0


async def test_a_refused_big_command_does_not_block_a_later_small_one(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    answers = await till.run(*(desk.authorise(line, amount) for amount in (700, 600, 300, 1)))
    assert [outcome for outcome, _ in answers] == ["ok", "limit_exceeded", "ok", "limit_exceeded"]
    assert answers[1][1] == {"available_minor": 300, "requested_minor": 600}


async def test_room_made_by_an_earlier_command_serves_a_later_one(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 1_000)
    release = desk.command(
        lines=(LineMove(id=line, held=-1_000, honour=True),),
        drawdowns=(Expected(id=drawdown, version=1),),
    )
    answers = await till.run(desk.authorise(line, 500), release, desk.authorise(line, 500))
    assert [outcome for outcome, _ in answers] == ["limit_exceeded", "ok", "ok"]


async def test_frozen_and_closed_refuse_but_honour(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 400)
    assert await till.one(desk.change_limit(line, 1, 1_000, "frozen")) == "ok"
    assert await till.run(desk.authorise(line, 1)) == [("line_frozen", {})]
    assert await till.one(desk.change_limit(line, 2, 0, "closed")) == "ok"
    assert await till.run(desk.authorise(line, 1)) == [("line_closed", {})]
    ((outcome, detail),) = await till.run(desk.capture(line, drawdown, 400))
    assert outcome == "ok"
    assert detail["available_minor"] == 0


async def test_honour_still_needs_its_room(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 100, status="frozen")
    move = LineMove(id=line, need=101, held=101, honour=True)
    assert await till.one(desk.command(lines=(move,))) == "limit_exceeded"


async def test_a_limit_change_counts_for_later_commands_and_marks_what_is_over(
    desk: Desk, till: Till, admin: Any
) -> None:
    line = await till.line(desk, 1_000)
    answers = await till.run(
        desk.authorise(line, 900), desk.change_limit(line, 1, 500), desk.authorise(line, 50)
    )
    assert [outcome for outcome, _ in answers] == ["ok", "ok", "limit_exceeded"]
    assert answers[2][1] == {"available_minor": 0, "requested_minor": 50}
    stored = await read_line(admin, desk, line)
    assert (stored["limit_minor"], stored["version"], stored["over_limit"]) == (500, 2, True)
    assert await till.one(desk.change_limit(line, 2, 900)) == "ok"
    assert not (await read_line(admin, desk, line))["over_limit"]


async def test_a_limit_is_changed_only_from_the_version_that_was_read(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    answers = await till.run(desk.change_limit(line, 1, 500), desk.change_limit(line, 1, 700))
    assert answers[0][0] == "ok"
    assert answers[1] == ("stale", {"what": "limit"})
    await till.drawdown(desk, line, 100)
    assert await till.one(desk.change_limit(line, 2, 700)) == "ok", (
        "a drawdown does not change the limit's version"
    )


async def test_a_drawdown_moves_only_from_the_version_that_was_read(
    desk: Desk, till: Till, admin: Any
) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    answers = await till.run(desk.capture(line, drawdown, 300), desk.capture(line, drawdown, 300))
    assert answers[0][0] == "ok"
    assert answers[1] == ("stale", {"what": "drawdown"}), "both were decided on version 1"
    assert await till.run(desk.capture(line, drawdown, 300)) == [("stale", {"what": "drawdown"})]
    stored = await read_line(admin, desk, line)
    assert (stored["held_minor"], stored["outstanding_minor"]) == (0, 300)
    version = await admin.fetchval(
        "SELECT version FROM billing.drawdown WHERE tenant_id = $1 AND id = $2", desk.tenant, drawdown
    )
    assert version == 2


async def test_a_drawdown_that_is_only_expected_stays_and_may_be_expected_again(
    desk: Desk, till: Till
) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    looks = desk.command(drawdowns=(Expected(id=drawdown, version=1),))
    answers = await till.run(looks, looks, desk.capture(line, drawdown, 300), looks)
    assert [outcome for outcome, _ in answers] == ["ok", "ok", "ok", "stale"]


@pytest.mark.parametrize(
    ("booked", "effective"), [(-1, -1), (1, 0), (0, 1)], ids=["yesterday", "tomorrow", "effective later"]
)
async def test_the_day_must_be_today_and_nothing_in_the_future(
    desk: Desk, till: Till, booked: int, effective: int
) -> None:
    line = await till.line(desk, 1_000)
    command = desk.authorise(
        line,
        1,
        booked_on=desk.today + timedelta(booked),
        effective_on=desk.today + timedelta(effective),
    )
    assert await till.run(command) == [("stale", {"what": "day"})]


async def test_nothing_is_booked_in_a_closed_period(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    past = desk.today - timedelta(9)
    assert await till.one(desk.authorise(line, 1, effective_on=past)) == "ok", (
        "an old day may be corrected today"
    )
    await admin.execute(
        """UPDATE kernel.tenant_day SET business_on = business_on + 1, closed_through = $2
        WHERE tenant_id = $1""",
        desk.tenant,
        desk.today,
    )
    assert await till.run(desk.authorise(line, 1)) == [("stale", {"what": "day"})]
    tomorrow = desk.today + timedelta(1)
    assert await till.one(desk.authorise(line, 1, booked_on=tomorrow, effective_on=past)) == "ok"


async def test_credit_may_not_fall_below_zero(desk: Desk, till: Till, admin: Any) -> None:
    answers = await till.run(desk.credit(-1), desk.credit(100), desk.credit(-70), desk.credit(-70))
    assert [outcome for outcome, _ in answers] == ["stale", "ok", "ok", "stale"]
    assert answers[3][1] == {"what": "credit"}
    assert await till.one(desk.credit(-30)) == "ok"
    assert await till.one(desk.credit(5)) == "ok"
    balance = "SELECT credit_minor FROM billing.buyer_balance WHERE tenant_id = $1 AND buyer_id = $2"
    assert await admin.fetchval(balance, desk.tenant, desk.buyer_id) == 5


async def test_a_refused_command_leaves_no_credit_behind(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 100)
    over = replace(desk.credit(50), lines=(LineMove(id=line, need=101, held=101),))
    answers = await till.run(over, desk.credit(-10), desk.credit(7))
    assert [outcome for outcome, _ in answers] == ["limit_exceeded", "stale", "ok"]
    assert (
        await admin.fetchval(
            "SELECT credit_minor FROM billing.buyer_balance WHERE tenant_id = $1", desk.tenant
        )
        == 7
    )


async def test_what_is_not_there_is_not_found(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 100)
    assert await till.run(desk.authorise(uuid7(), 1)) == [("not_found", {"what": "line"})]
    assert await till.run(desk.change_limit(uuid7(), 1, 1)) == [("not_found", {"what": "line"})]
    assert await till.run(desk.capture(line, uuid7(), 1)) == [("not_found", {"what": "drawdown"})]


async def test_the_worst_is_told_first(desk: Desk, till: Till) -> None:
    """refused, not_found, stale, line_closed, line_frozen, limit_exceeded."""
    line = await till.line(desk, 100, status="frozen")
    everything = desk.authorise(line, 200, booked_on=desk.today - timedelta(1))
    missing = replace(everything, drawdowns=(Expected(id=uuid7(), version=1),))
    refused = replace(missing, refusal=desk.refusal("wrong_state").refusal)
    answers = await till.run(refused, missing, everything, desk.authorise(line, 200))
    assert [outcome for outcome, _ in answers] == ["refused", "not_found", "stale", "line_frozen"]
    assert answers[0][1] == {"code": "wrong_state", "params": {"n": 1}}


async def test_who_is_patient_is_not_refused_yet(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    await till.drawdown(desk, line, 600, expires_on=desk.today)
    asked = desk.authorise(line, 500)
    patient = replace(asked, lines=tuple(replace(move, patient=True) for move in asked.lines))
    assert await till.run(patient) == [("stale", {"what": "room"})]
    assert await till.run(asked) == [("limit_exceeded", {"available_minor": 400, "requested_minor": 500})]
    assert await till.one(desk.authorise(line, 400)) == "ok", "where it fits nothing is asked"


async def test_holds_that_stand_refuse(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    await till.drawdown(desk, line, 600, expires_on=desk.today + timedelta(1))
    assert await till.one(desk.authorise(line, 500)) == "limit_exceeded"


@pytest.mark.parametrize("entries", [0, 299, 301])
async def test_the_ledger_and_the_lines_agree_on_principal(desk: Desk, till: Till, entries: int) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    command = desk.capture(line, drawdown, 300)
    entry = tuple(replace(one, amount_minor=entries) for one in command.rows.entry if entries)
    with pytest.raises(asyncpg.CheckViolationError, match="principal"):
        await till.run(replace(command, rows=replace(command.rows, entry=entry)))


async def test_principal_without_a_line_is_refused(desk: Desk, till: Till) -> None:
    journal = uuid7()
    rows = Rows(journal=(desk.journal(journal),), entry=(desk.entry(journal, 5),))
    with pytest.raises(asyncpg.CheckViolationError, match="principal"):
        await till.run(desk.command(rows=rows))


async def test_a_line_is_never_used_less_than_nothing(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    with pytest.raises(asyncpg.CheckViolationError, match="less than nothing"):
        await till.run(desk.authorise(line, 5), desk.command(lines=(LineMove(id=line, held=-6),)))


async def test_only_expected_drawdowns_are_set(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    command = replace(desk.capture(line, drawdown, 300), drawdowns=())
    with pytest.raises(asyncpg.CheckViolationError, match="expected"):
        await till.run(command)


async def test_a_command_needs_a_live_token_of_its_tenant(desk: Desk, till: Till) -> None:
    line = await till.line(desk, 1_000)
    other = await open_desk()
    command = desk.authorise(line, 1)
    good = scope_token(desk.tenant)
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    for tokens in (
        [],
        [scope_token(other.tenant)],
        [forged],
        [scope_token(desk.tenant, -1)],
        [good, forged],
        [""],
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await till.run(command, tokens=tokens)
    assert await till.run(command, tokens=[scope_token(other.tenant), good]) == [
        ("ok", {**_result(command), "available_minor": 999})
    ]


async def test_a_strangers_line_and_drawdown_are_not_there(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    other = await open_desk()
    own = await till.line(other, 1_000)
    answers = await till.run(
        other.authorise(line, 1),
        other.change_limit(line, 1, 10**9),
        other.capture(own, drawdown, 300),
        desk.authorise(line, 1),
    )
    assert [outcome for outcome, _ in answers] == ["not_found", "not_found", "not_found", "ok"]
    assert (await read_line(admin, desk, line))["limit_minor"] == 1_000


async def test_a_row_belongs_to_the_tenant_of_its_command(desk: Desk, till: Till, admin: Any) -> None:
    """A tenant_id inside a row is not heard."""
    other = await open_desk()
    line = await till.line(desk, 1_000)
    command = desk.authorise(line, 1)
    text = await admin.fetchval(
        "SELECT jsonb_set($1::jsonb, '{rows,drawdown,0,tenant_id}', to_jsonb($2::text))",
        _json(command),
        str(other.tenant),
    )
    await till.connection.fetch(
        f"SELECT * FROM {till.function}($1, jsonb_build_array($2::jsonb))", [scope_token(desk.tenant)], text
    )
    assert await count(admin, "billing.drawdown", desk.tenant) == 1
    assert await count(admin, "billing.drawdown", other.tenant) == 0


@pytest.mark.parametrize("parent", ["terms_id", "product_id", "programme_id", "buyer_id", "merchant_id"])
async def test_a_drawdown_refers_to_what_its_tenant_has(desk: Desk, till: Till, parent: str) -> None:
    other = await open_desk()
    line = await till.line(desk, 1_000)
    command = desk.authorise(line, 1)
    stranger = {"terms_id": uuid7()}.get(parent) or getattr(other, parent)
    row = replace(command.rows.drawdown[0], **{parent: stranger})
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="refers to"):
        await till.run(replace(command, rows=replace(command.rows, drawdown=(row,))))


async def test_both_sides_of_an_entry_are_in_one_book(desk: Desk, till: Till, admin: Any) -> None:
    line = await till.line(desk, 1_000)
    drawdown = await till.drawdown(desk, line, 300)
    assert await till.one(desk.capture(line, drawdown, 300)) == "ok"
    found = await admin.fetch(
        "SELECT book, amount_minor FROM billing.entry WHERE tenant_id = $1", desk.tenant
    )
    assert [(row["book"], row["amount_minor"]) for row in found] == [(BOOK, 300)]


def _json(command: Any) -> str:
    return msgspec.json.encode(command).decode()


def _result(command: Any) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in command.result.items()}
