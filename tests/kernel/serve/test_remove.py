"""Removing the embedded data: only where nobody uses it, wholly, and what follows begins anew."""

from __future__ import annotations

import subprocess
import sys

import asyncpg
import pytest

from kernel.serve import ServeError, start_stack
from kernel.serve.home import running
from kernel.serve.outside import ask_postgres
from kernel.serve.stack import remove_data
from kernel.settings import Settings

pytestmark = pytest.mark.db

LEAVES = """
import os, sys
from pathlib import Path
from kernel.serve import start_stack
from kernel.settings import Settings

home = Path(sys.argv[1])
start_stack(Settings(home=home, data=home), durable=False)
os._exit(0)
"""
"""Starts the servers and is gone without stopping them, as a killed process is."""


def test_a_removed_database_begins_anew(settings: Settings) -> None:
    async def keep(connection: asyncpg.Connection) -> None:
        await connection.execute("CREATE TABLE kept (id int)")

    async def tables(connection: asyncpg.Connection) -> object:
        return await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

    remove_data(settings.home / "absent")
    assert not (settings.home / "absent").exists()

    with start_stack(settings, durable=False) as stack:
        ask_postgres(stack.admin_url, "the test", keep)
        with pytest.raises(ServeError, match="in use"):
            remove_data(settings.home)
        assert ask_postgres(stack.admin_url, "the test", tables) == 1
    secret = stack.secret_key

    (settings.home / "postgres-half-left").mkdir()
    remove_data(settings.home)
    assert list(settings.home.glob("postgres*")) == []

    with start_stack(settings, durable=False) as stack:
        assert ask_postgres(stack.admin_url, "the test", tables) == 0
        assert stack.secret_key == secret


def test_servers_left_by_a_killed_process_are_stopped_first(settings: Settings) -> None:
    command = [sys.executable, "-c", LEAVES, str(settings.home)]
    subprocess.run(command, check=True)
    pid_files = {"postgres": "postmaster.pid", "valkey": "valkey.pid"}
    programs = {"postgres": "postgres", "valkey": "valkey-server"}
    assert all(running(settings.home / name / file, programs[name]) for name, file in pid_files.items())

    remove_data(settings.home)

    assert not any(running(settings.home / name / file, programs[name]) for name, file in pid_files.items())
