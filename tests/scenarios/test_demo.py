"""`tradeline demo` as a person runs it: killed in the middle, run again, served, stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import asyncpg
import httpx
import pytest

from kernel.serve import Stack, start_stack
from kernel.serve.home import running
from kernel.serve.outside import ask_postgres
from kernel.settings import Settings
from tests.kernel.serve.conftest import fresh_home

pytestmark = [pytest.mark.db, pytest.mark.scenario]

PATIENCE_SECONDS = 120
HALFWAY = date(2026, 10, 10)
LAST_LINE = "Stop with Ctrl-C. The data stays; ./dev demo --fresh begins with an empty database.\n"
COMMAND = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())", "demo"]


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A home of its own, and a port."""
    with fresh_home() as fresh, socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        probe.close()
        yield Settings(home=fresh.home, data=fresh.data, port=port)


def start(settings: Settings, *options: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRADELINE_")}
    environ |= {"TRADELINE_HOME": str(settings.home), "TRADELINE_PORT": str(settings.port)}
    environ.pop("DATABASE_URL", None)
    environ.pop("REDIS_URL", None)
    return subprocess.Popen(
        [*COMMAND, *options],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def summary_of(settings: Settings) -> dict[str, Any]:
    """What `tradeline demo --no-serve` prints."""
    process = start(settings, "--no-serve")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    told: dict[str, Any] = json.loads(out)
    return told


@contextmanager
def joined(settings: Settings) -> Iterator[Stack]:
    with start_stack(settings) as stack:
        yield stack


def ask(stack: Stack, sql: str) -> Any:
    """As a superuser, who sees all tenants."""

    async def question(connection: asyncpg.Connection) -> Any:
        return await connection.fetchval(sql)

    try:
        return ask_postgres(stack.admin_url, "the test", question)
    except asyncpg.UndefinedTableError:
        return None


def wait_for(condition: Any) -> None:
    began = monotonic()
    while not condition():
        assert monotonic() - began < PATIENCE_SECONDS
        sleep(0.1)


def test_killed_in_the_middle_it_goes_on_and_serves(settings: Settings) -> None:
    killed_halfway(settings)
    told = summary_of(settings)
    for book in told["platforms"].values():
        assert book["verified_drawdowns"] == book["authorised_orders"] > 100
        assert (book["lines_opened"], book["past_due_drawdowns"], book["reversed_receipts"]) == (25, 1, 1)
        seen = ("refused_orders", "voided_minor", "expired_drawdowns", "refunds", "credit_uses", "held_minor")
        assert [name for name in seen if not book[name]] == []
    assert summary_of(settings) == told
    serves_and_stops(settings)
    assert running(settings.home / "postgres" / "postmaster.pid", "postgres") is None


def killed_halfway(settings: Settings) -> None:
    clock = "SELECT max(business_on) FROM kernel.tenant_day WHERE clock_at IS NOT NULL"
    with joined(settings) as stack:
        process = start(settings, "--no-serve")
        wait_for(lambda: (ask(stack, clock) or date.min) >= HALFWAY)
        process.kill()
        process.communicate()
        stopped_at = ask(stack, clock)
    assert HALFWAY <= stopped_at < date(2026, 11, 30)


def serves_and_stops(settings: Settings) -> None:
    """The printed order goes through with the printed key; Ctrl-C ends everything it started."""
    process = start(settings)
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, LAST_LINE))
    keys = json.loads((settings.home / "demo.json").read_text())["keys"]
    order = re.search(r"-d '(.+)'", said)
    assert order is not None
    headers = {"Authorization": f"Bearer {keys['textiles-test']}", "Idempotency-Key": '"try-1"'}
    url = f"http://127.0.0.1:{settings.port}"
    wait_for(lambda: process.poll() is not None or answers(url))
    answer = httpx.post(f"{url}/v1/drawdowns", json=json.loads(order[1]), headers=headers)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert sorted(keys) == ["pet-supplies", "pet-supplies-test", "textiles", "textiles-test"]
    assert [slug for slug, key in keys.items() if key not in said] == []
    assert "simulated" in said
    assert (answer.status_code, answer.json()["authorised_minor"]) == (201, 128_800)
    assert process.returncode == 0, err


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_taken_port_and_a_missing_file_are_told_before_the_work(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", settings.port)):
        process = start(settings)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err.splitlines()[0]) == (
        3,
        f"error: cannot listen on 127.0.0.1:{settings.port}: Address already in use",
    )
    process = start(settings, "--no-serve", "--orders", str(tmp_path / "absent.parquet"))
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (3, "")
    assert "absent.parquet" in err
