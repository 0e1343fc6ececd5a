"""`tradeline demo` as a person runs it: killed in the middle, run again, served, stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def started(settings: Settings, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work; killed at the end if it still is."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRADELINE_")}
    environ |= {"TRADELINE_HOME": str(settings.home), "TRADELINE_PORT": str(settings.port)}
    environ.pop("DATABASE_URL", None)
    environ.pop("REDIS_URL", None)
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *options], env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(settings: Settings, *options: str) -> tuple[int, str, str]:
    """Exit code, output and error output of the command run to its end."""
    with started(settings, *options) as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, out, err


def summary_of(settings: Settings) -> dict[str, Any]:
    """What `tradeline demo --no-serve` prints."""
    code, out, err = run(settings, "--no-serve")
    assert code == 0, err
    told: dict[str, Any] = json.loads(out)
    return told


def clock_of_stories(stack: Stack) -> date:
    """The latest day that a test tenant has reached; the first of all days where there is none yet."""

    async def question(connection: asyncpg.Connection) -> date:
        with suppress(asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            sql = "SELECT max(business_on) FROM kernel.tenant_day WHERE clock_at IS NOT NULL"
            return await connection.fetchval(sql) or date.min
        return date.min

    return ask_postgres(stack.admin_url, "the test", question)


def wait_for(condition: Callable[[], bool]) -> None:
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
    with start_stack(settings) as stack:
        with started(settings, "--no-serve") as process:
            wait_for(lambda: process.poll() is not None or clock_of_stories(stack) >= HALFWAY)
            process.kill()
            process.communicate()
        assert HALFWAY <= clock_of_stories(stack) < date(2026, 11, 30)


def serves_and_stops(settings: Settings) -> None:
    """The printed order goes through with the printed key; Ctrl-C ends everything it started."""
    with started(settings) as process:
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
    assert (answer.status_code, answer.json().get("authorised_minor")) == (201, 128_800), answer.text
    assert process.returncode == 0, err


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_taken_port_and_a_missing_file_are_told_before_the_work(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", settings.port)):
        code, _, err = run(settings)
    taken = f"error: cannot listen on 127.0.0.1:{settings.port}: Address already in use"
    assert (code, err.splitlines()[0]) == (3, taken)

    code, out, err = run(settings, "--no-serve", "--orders", str(tmp_path / "absent.parquet"))
    assert (code, out) == (3, "")
    assert "absent.parquet: No such file" in err
    assert list(settings.home.iterdir()) == []
