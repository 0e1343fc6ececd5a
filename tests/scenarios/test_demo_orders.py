"""The real-order run over small made-up files: the independent check agrees, also after an interruption."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.demo import book
from app.demo.desk import Desk
from app.demo.keyring import Keyring
from app.demo.orders.reader import OrderFile, read_orders
from app.demo.orders.run import OrderRun
from app.demo.orders.summary import summary
from app.demo.platforms import open_workspace
from app.demo.run import order_platform
from app.progress import Stages
from billing.verify_book import VerifyBook, verify_book
from kernel.db.scope import scope
from tests.app.demo.interruptions import Interrupted, breaking_off, quiet
from tests.app.demo.order_files import a_year, write
from tests.support.tenants import new_slug

pytestmark = [pytest.mark.db, pytest.mark.scenario]

CHECK = Path(__file__).resolve().parents[2] / "scripts" / "orders_check.py"


HAPPENS = (
    "refused_orders",
    "no_line_orders",
    "refunds",
    "unmatched_credit_minor",
    "past_due_drawdowns",
    "penalty_paid_minor",
    "credit_uses",
    "closed_drawdowns",
    "held_minor",
)
"""What a made-up file must bring about, or the comparison says little."""


async def run(file: OrderFile, slug: str, home: Path, stages: Stages) -> dict[str, Any]:
    """As `tradeline demo --orders` does it."""
    platform = order_platform(slug)
    test = await open_workspace(platform, "test", Keyring(home))
    desk = Desk(test.slug, platform.owner)
    await desk.sit_down()
    found = await OrderRun(desk, file, test, stages).play()
    verified = await verify_book(desk.ctx, VerifyBook(everything=True))
    assert verified.differences == ()
    async with scope(desk.ctx, read_only=True) as tx:
        sums = await book.sums(tx, desk.ctx, desk.today)
    return summary(file, found, sums, verified.drawdowns, 0.0)


def differing(path: Path, told: dict[str, Any]) -> str:
    """What the independent check finds different; empty where it agrees in every total."""
    told_file = path.with_suffix(".json")
    told_file.write_text(json.dumps(told), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(CHECK), str(path), "--compare", str(told_file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


async def test_the_independent_check_agrees(database: None, tmp_path: Path) -> None:
    path = write(tmp_path / "orders.parquet", a_year(1))
    told = await run(read_orders(path), new_slug(), tmp_path, quiet())

    assert differing(path, told) == ""
    assert [name for name in HAPPENS if not told[name]] == []
    assert "outstanding_minor" in differing(path, told | {"outstanding_minor": told["outstanding_minor"] + 1})


async def test_an_interrupted_run_goes_on_and_comes_to_the_same(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off while accounts are opened, amid a day's orders, amid a day's receipts; then run twice."""
    path = write(tmp_path / "orders.parquet", a_year(2))
    file, slug = read_orders(path), new_slug()
    for where, calls in (("step", 9), ("order", 60), ("receive", 30)):
        with monkeypatch.context() as patched:
            breaking_off(patched, where, calls)
            with pytest.raises(Interrupted):
                await run(file, slug, tmp_path, quiet())
    told = await run(file, slug, tmp_path, quiet())

    assert differing(path, told) == ""
    assert [name for name in HAPPENS if not told[name]] == []
    assert await run(file, slug, tmp_path, quiet()) == told


@pytest.mark.nightly
async def test_a_whole_year_of_a_real_platform(database: None, tmp_path: Path) -> None:
    folder = Path(os.environ.get("TRADELINE_DATA", CHECK.parents[2] / "shared" / "data"))
    path = folder / "online_retail_2009_2010.parquet"
    if not path.exists():
        pytest.skip(f"no order file {path.name} in TRADELINE_DATA")
    told = await run(read_orders(path), new_slug(), tmp_path, quiet())
    copy = tmp_path / path.name
    copy.symlink_to(path)
    assert differing(copy, told) == ""
