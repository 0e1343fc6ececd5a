"""A file through to its end: each row is accounted for once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from app.imports import runner
from app.imports.errors import (
    CsvBroken,
    FileEmpty,
    FileNotThere,
    LineTooLong,
    ParquetBroken,
)
from app.imports.runner import import_file
from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid
from kernel.serve import Stack
from tenants.imports import ImportRun, Problem, list_refusals
from tenants.rules.counts import Tally
from tests.support.import_files import HEAD, ORDERS, ROWS, a_file, shops
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


async def refused(tenant: Workspace, run: ImportRun) -> list[tuple[int, str | None, str]]:
    async with scope(tenant.ctx(), read_only=True) as tx:
        rows = await list_refusals(tx, tenant.id, run.id, limit=1000)
    return [(row.row_no, row.column_name, row.code) for row in rows]


async def rows_of(tenant: Workspace, table: str) -> int:
    async with scope(tenant.ctx(), read_only=True) as tx:
        found = await tx.fetchval(f"SELECT count(*) FROM tenants.{table} WHERE tenant_id = $1", tenant.id)
    return int(found)


async def test_every_row_is_accounted_for(tenant: Workspace, tmp_path: Path) -> None:
    await shops(tenant)
    told: list[int] = []
    run = await import_file(tenant.ctx(), a_file(tmp_path, ROWS), ORDERS, "csv", told.append)
    assert (run.status, run.position, sum(told)) == ("done", 5, 5)
    assert run.counts.recorded == {"orders": Tally(1, 2, 3_38), "returns": Tally(1, 1, 13)}
    assert run.counts.left_out == {"no_shop": Tally(1, 1, 9_99), "postage": Tally(1, 1, 5_00)}
    assert await rows_of(tenant, "trade_order_line") == 2
    assert await rows_of(tenant, "trade_return_line") == 1


async def test_the_same_file_again_doubles_nothing(tenant: Workspace, tmp_path: Path) -> None:
    await shops(tenant)
    file = a_file(tmp_path, ROWS)
    await import_file(tenant.ctx(), file, ORDERS, "csv")
    again = await import_file(tenant.ctx(), file, ORDERS, "csv")
    assert (again.counts.recorded, set(again.counts.repeated)) == ({}, {"orders", "returns"})
    assert await rows_of(tenant, "trade_order") == 1


@pytest.mark.parametrize("form", ["ndjson", "parquet"])
async def test_the_same_rows_in_another_format(tenant: Workspace, tmp_path: Path, form: Any) -> None:
    await shops(tenant)
    frame = pl.read_csv(a_file(tmp_path, ROWS))
    path = tmp_path / f"orders.{form}"
    frame.write_parquet(path) if form == "parquet" else frame.write_ndjson(path)
    run = await import_file(tenant.ctx(), path, ORDERS, form)
    assert run.counts.recorded == {"orders": Tally(1, 2, 3_38), "returns": Tally(1, 1, 13)}


async def test_bad_rows_are_kept_with_their_reason(tenant: Workspace, tmp_path: Path) -> None:
    await shops(tenant)
    text = HEAD + (
        "B1,shop-9,2027-02-20 10:00:00,cotton,1,1.00\n"  # nobody we know
        "B2,shop-1,2099-02-20 10:00:00,cotton,1,1.00\n"  # in the future
        "B3,shop-1,20.2.2027,cotton,1,1.00\n"  # no time
        "B4,shop-1,2027-02-20 10:00:00,cotton,many,1.00\n"  # swapped columns
        "B5,shop-1,2027-02-20 10:00:00,cotton,1\n"  # a cell too few
        "B6,shop-1,2027-02-20 10:00:00,cotton,1,1.00\n"
    )
    run = await import_file(tenant.ctx(), a_file(tmp_path, text), ORDERS, "csv")
    assert await refused(tenant, run) == [
        (1, "shop", "unknown_buyer"), (2, "at", "effective_in_future"), (3, "at", "not_a_time"),
        (4, "pieces", "not_a_number"), (5, None, "wrong_number_of_cells"),
    ]  # fmt: skip
    assert (run.status, run.counts.rows, run.counts.refused_rows) == ("done", 6, 5)
    assert run.counts.recorded == {"orders": Tally(1, 1, 1_00)}


async def test_chinese_as_it_is_often_written(tenant: Workspace, tmp_path: Path) -> None:
    await shops(tenant, "布行")
    text = HEAD + "甲1,布行,2027-02-20 10:00:00,棉布,1,1.00\n"
    path = a_file(tmp_path, text.encode("gb18030"))
    run = await import_file(tenant.ctx(), path, ORDERS | {"encoding": "gb18030"}, "csv")
    assert run.counts.recorded == {"orders": Tally(1, 1, 1_00)}
    run = await import_file(tenant.ctx(), path, ORDERS, "csv")
    assert run.problem == Problem("wrong_encoding", {"line": 2, "encoding": "utf-8"})


@pytest.mark.parametrize(
    ("text", "form", "kind"),
    [
        (b"", "csv", FileEmpty),
        (b"PAR1 and then nothing", "parquet", ParquetBroken),
        (b'no,shop,at,sku,pieces,"price\n', "csv", CsvBroken),
        (b"x" * 1_500_000, "csv", LineTooLong),
    ],
)
async def test_what_is_no_file_is_refused_whole(
    tenant: Workspace, tmp_path: Path, text: bytes, form: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await import_file(tenant.ctx(), a_file(tmp_path, text), ORDERS, form)
    with pytest.raises(FileNotThere):
        await import_file(tenant.ctx(), tmp_path / "nowhere.csv", ORDERS, "csv")
    assert await rows_of(tenant, "import_run") == 0


async def test_a_column_that_is_not_there_is_told_before_the_first_row(
    tenant: Workspace, tmp_path: Path
) -> None:
    fields = ORDERS["fields"] | {"sku": {"column": "article"}}
    with pytest.raises(Invalid) as wrong:
        await import_file(tenant.ctx(), a_file(tmp_path, ROWS), ORDERS | {"fields": fields}, "csv")
    assert [(one.pointer, one.code) for one in wrong.value.errors] == [
        ("#/fields/sku/column", "column_missing")
    ]


async def test_a_file_that_breaks_further_down_keeps_what_was_taken(
    tenant: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shops(tenant)
    monkeypatch.setattr(runner, "PIECE_ROWS", 2)
    many = "".join(f"D{n},shop-1,2027-02-20 10:00:00,cotton,1,1.00\n" for n in range(30_000))
    run = await import_file(tenant.ctx(), a_file(tmp_path, HEAD + many + '"'), ORDERS, "csv")
    assert (run.status, run.problem and run.problem.code) == ("failed", "csv_broken")
    assert 0 < run.counts.recorded["orders"].objects < 30_000


async def test_who_may(tenant: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        await import_file(
            tenant.ctx(permissions=frozenset({"imports:write"})), a_file(tmp_path, ROWS), ORDERS, "csv"
        )


@pytest.mark.fault
async def test_killed_in_the_middle_it_goes_on(
    tenant: Workspace, tmp_path: Path, app_url: str, stack: Stack
) -> None:
    """A process is killed while it writes; another one goes on behind its last piece."""
    await shops(tenant)
    rows = 30_000
    many = "".join(f"K{n},shop-1,2027-02-20 10:00:00,cotton,1,1.00\n" for n in range(rows))
    file = a_file(tmp_path, HEAD + many)
    mapping = a_file(tmp_path, msgspec.json.encode(ORDERS), "mapping.json")
    ctx = a_file(tmp_path, msgspec.json.encode(tenant.ctx()), "ctx.json")
    await asyncio.to_thread(_killed, [app_url, str(stack.secret_key), str(file), str(mapping), str(ctx)])
    assert await rows_of(tenant, "trade_order") < rows
    run = await import_file(tenant.ctx(), file, ORDERS, "csv")
    assert (run.status, run.counts.recorded["orders"].objects) == ("done", rows)
    assert run.counts.repeated == {}
    assert await rows_of(tenant, "trade_order") == rows
    assert await rows_of(tenant, "import_run") == 1


def _killed(words: list[str]) -> None:
    """After its first piece was written."""
    script = str(Path(__file__).with_name("importing.py"))
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, script, *words], stdout=subprocess.PIPE, env=environ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
