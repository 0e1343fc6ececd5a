"""The checks can fail: each is put to a copy of `billing.commit` with one line broken (ARCHITECTURE §3 (e)).

A copy is made from the real text, under another name, and dropped again. The line to break is asserted to be
there once, so a rewrite of the function must come back here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from tests.billing import test_commit, test_commit_concurrent, test_commit_keys
from tests.billing.desk import Desk, Till, open_desk

pytestmark = pytest.mark.db

SQL: Final = Path(__file__).parents[2] / "billing" / "sql"


Check = Callable[[Desk, Till, str, Any], Awaitable[None]]


class Case(NamedTuple):
    """`harm` breaks the text of `file`; `check` holds for the real function and must fail for the copy."""

    harm: Callable[[str], str]
    check: Check
    file: str = "commit.sql"


def instead(line: str, by: str) -> Callable[[str], str]:
    def harm(text: str) -> str:
        assert text.count(line) == 1, f"not there once: {line}"
        return text.replace(line, by)

    return harm


def keys_before_locks(text: str) -> str:
    """Step 3 before step 2."""
    start, locks, keys, fold = (text.index(mark) for mark in ("-- 1.", "-- 2.", "-- 3.", "-- 4."))
    assert start < locks < keys < fold
    return text[:locks] + text[keys:fold] + text[locks:keys] + text[fold:]


async def check_fill(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit_concurrent.check_two_at_once_fill_a_line(desk, till, url, admin)


async def check_same_key(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit_keys.check_one_key_sent_twice_at_once(desk, till, url)


async def check_strangers(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_strangers_line_and_drawdown_are_not_there(desk, till, admin)


async def check_tokens(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_command_needs_a_live_token_of_its_tenant(desk, till)


async def check_rows_tenant(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_row_belongs_to_the_tenant_of_its_command(desk, till, admin)


async def check_versions(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_drawdown_moves_only_from_the_version_that_was_read(desk, till, admin)


async def check_limit_versions(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_limit_is_changed_only_from_the_version_that_was_read(desk, till)


async def check_day(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_the_day_must_be_today_and_nothing_in_the_future(desk, till, -1, -1)


async def check_big_then_small(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_refused_big_command_does_not_block_a_later_small_one(desk, till)


async def check_stale_not_kept(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit_keys.test_stale_is_not_kept(desk, till)


async def check_refusal_kept(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit_keys.test_a_business_refusal_is_kept(desk, till, "limit_exceeded")


async def check_duplicate(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit_keys.test_a_duplicate_in_the_same_array_hears_the_first_answer(desk, till, admin)


async def check_honour(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_frozen_and_closed_refuse_but_honour(desk, till)


async def check_principal(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_the_ledger_and_the_lines_agree_on_principal(desk, till, 299)


async def check_credit(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_a_refused_command_leaves_no_credit_behind(desk, till, admin)


async def check_expected(desk: Desk, till: Till, url: str, admin: Any) -> None:
    await test_commit.test_only_expected_drawdowns_are_set(desk, till)


CASES: Final = {
    "no lock on lines": Case(
        instead("AND l.id = c.id FOR NO KEY UPDATE", "AND l.id = c.id OFFSET 0"), check_fill
    ),
    "wrong tenant join": Case(
        instead("l.tenant_id = c.tenant AND l.id = c.id FOR", "l.id = c.id FOR"), check_strangers
    ),
    "wrong tenant join of drawdowns": Case(
        instead("d.tenant_id = c.tenant AND d.id = c.id FOR", "d.id = c.id FOR"), check_strangers
    ),
    "no version check": Case(instead("d_version[s] <> q_version[k] OR d_moved[s]", "false"), check_versions),
    "no version check inside an array": Case(
        instead("<> q_version[k] OR d_moved[s]", "<> q_version[k]"), check_versions
    ),
    "no version check of limits": Case(
        instead("o_version[k] <> l_version[s]", "false"), check_limit_versions
    ),
    "no tenant check": Case(instead("(c_tenant <@ signed) IS NOT TRUE", "signed IS NULL"), check_tokens),
    "the row's own tenant": Case(
        instead(
            "SELECT c.tenant, r.id, r.programme_id",
            "SELECT coalesce(r.tenant_id, c.tenant), r.id, r.programme_id",
        ),
        check_rows_tenant,
        "write_rows.sql",
    ),
    "no day check": Case(instead("WHEN c_stale[i] THEN 4", "WHEN false THEN 4"), check_day),
    "no undo of a refused command": Case(
        instead("l_held[s] := l_held[s] - o_held[k];", "NULL;"), check_big_then_small
    ),
    "no undo of credit": Case(
        instead("b_credit[p_balance[k]] := b_credit[p_balance[k]] - p_credit[k];", "NULL;"), check_credit
    ),
    "keys not looked up": Case(instead("k.key = c.key OFFSET 0", "false OFFSET 0"), check_same_key),
    "keys looked up before the locks": Case(keys_before_locks, check_same_key),
    "duplicates not seen": Case(instead("OR first > 0 THEN", "OR false THEN"), check_duplicate),
    "stale kept": Case(instead("'duplicate', 'stale')", "'duplicate')"), check_stale_not_kept),
    "refusals not kept": Case(
        instead("'duplicate', 'stale')", "'duplicate', 'stale', 'limit_exceeded')"), check_refusal_kept
    ),
    "frozen honours nothing": Case(instead("AND NOT o_honour[k] AND", "AND"), check_honour),
    "no check of principal": Case(
        instead("IF NOT balanced THEN", "IF false THEN"), check_principal, "write_rows.sql"
    ),
    "unexpected drawdowns are set": Case(
        instead("IF wanted <> moves OR written <> moves THEN", "IF false THEN"),
        check_expected,
        "write_rows.sql",
    ),
}


MANY_TENANTS: Final = (check_strangers, check_tokens, check_rows_tenant)
"""Checks that send commands of several tenants at once."""


def for_one_tenant(text: str) -> str:
    """The variant that Citus needs: the tenant as one value in every filter (ARCHITECTURE §5)."""
    one = "(commands->0->>'tenant')::uuid" if "commands jsonb" in text else "tenants[1]"
    text, filters = re.subn(r"(\w\.tenant_id) = c\.tenant\b", r"\1 = one_tenant", text)
    assert filters == len(re.findall(r"(?:FROM|JOIN|UPDATE) (?:kernel|tenants|products|billing)\.\w+", text))
    return text.replace("DECLARE\n", f"DECLARE\n    one_tenant CONSTANT uuid := {one};\n")


@pytest_asyncio.fixture
async def broken(request: Any, till: Till, admin: Any) -> AsyncIterator[Till]:
    """The till at a copy of the function that has the harm of the test's case."""
    texts = {name: (SQL / name).read_text("utf-8") for name in ("commit.sql", "write_rows.sql")}
    if case := CASES.get(request.param):
        texts[case.file] = case.harm(texts[case.file])
    elif request.param == "for one tenant":
        texts = {name: for_one_tenant(text) for name, text in texts.items()}
    await _as_money(
        admin,
        *(
            text.replace("billing.commit(", "billing.broken_commit(").replace(
                "billing.write_rows(", "billing.broken_rows("
            )
            for text in texts.values()
        ),
    )
    yield Till(till.connection, "billing.broken_commit")
    await admin.execute(
        """DROP FUNCTION billing.broken_commit(text[], jsonb),
            billing.broken_rows(uuid[], jsonb[], bigint[], integer)"""
    )


async def _as_money(admin: Any, *statements: str) -> None:
    async with admin.transaction():
        await admin.execute(
            "GRANT CREATE ON SCHEMA billing TO tradeline_money; SET LOCAL ROLE tradeline_money"
        )
        for statement in statements:
            await admin.execute(statement)
        await admin.execute("RESET ROLE; REVOKE CREATE ON SCHEMA billing FROM tradeline_money")


@pytest.mark.parametrize(("broken", "name"), [(name, name) for name in CASES], indirect=["broken"])
async def test_a_broken_copy_is_found_out(broken: Till, name: str, app_url: str, admin: Any) -> None:
    check = CASES[name].check
    with pytest.raises((AssertionError, asyncpg.PostgresError, pytest.fail.Exception)):
        await check(await open_desk(), broken, app_url, admin)


@pytest.mark.parametrize("broken", ["not at all"], indirect=True)
async def test_an_unharmed_copy_passes_every_check(broken: Till, app_url: str, admin: Any) -> None:
    """So it is the harm that fails them, not the copying."""
    for case in CASES.values():
        await case.check(await open_desk(), broken, app_url, admin)


@pytest.mark.parametrize("broken", ["for one tenant"], indirect=True)
async def test_a_copy_for_one_tenant_passes_too(broken: Till, app_url: str, admin: Any) -> None:
    for case in CASES.values():
        if case.check not in MANY_TENANTS:
            await case.check(await open_desk(), broken, app_url, admin)
