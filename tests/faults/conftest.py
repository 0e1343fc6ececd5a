"""Servers for faults: on the tests' cluster where only our own processes fall, on a durable cluster of their
own where a disk must keep its word."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
import pytest
import pytest_asyncio

from app.children import open_many_files
from kernel.db.engine import close_database, open_database
from kernel.db.roles import app_url as url_of
from kernel.db.roles import prepare_database
from kernel.serve import Stack, start_stack
from kernel.serve.home import Home, running
from kernel.serve.postgres import EmbeddedPostgres
from kernel.settings import Settings, default_home
from tests.faults.serving import Serving, serving


@pytest.fixture(scope="session", autouse=True)
def many_files() -> None:
    """The tests' own ends of the connections are files too."""
    open_many_files()


@pytest.fixture(scope="session")
def own_home() -> Iterator[Path]:
    """A folder that the servers' account may enter; as root pytest's own is closed to it."""
    parent = default_home().parent if os.geteuid() == 0 else Path(tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="faults-", dir=parent))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest_asyncio.fixture(scope="session")
async def served(
    stack: Stack, admin_url: str, database: None, tmp_path_factory: Any
) -> AsyncIterator[Serving]:
    """Two server processes and a worker on this test process's database; who harms one waits until all are
    ready again."""
    environ = {
        "DATABASE_URL": admin_url,
        "REDIS_URL": stack.redis_url,
        "TRADELINE_SECRET_KEY": stack.secret_key,
    }
    async with serving(tmp_path_factory.mktemp("served"), environ) as servers:
        yield servers


@pytest_asyncio.fixture
async def admin(admin_url: str) -> AsyncIterator[Any]:
    """A superuser's connection, for looking from outside."""
    connection = await asyncpg.connect(admin_url)
    yield connection
    await connection.close()


class Durable(msgspec.Struct):
    """A cluster with fsync on, prepared; this process's pool is open on it."""

    home: Path
    stack: Stack

    def kill_postgres(self) -> None:
        """All its processes at once, as when the power fails."""
        postmaster = psutil.Process(_pid(self.home / "postgres" / "postmaster.pid", "postgres"))
        for process in (postmaster, *postmaster.children()):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        postmaster.wait()

    def stop_postgres(self) -> None:
        EmbeddedPostgres(Home(self.home)).stop()

    def kill_valkey(self) -> None:
        psutil.Process(_pid(self.home / "valkey" / "valkey.pid", "valkey-server")).kill()

    def revive(self) -> None:
        """Starts what has fallen, on the ports it had. Whoever uses the servers last stops them: not this."""
        start_stack(Settings(home=self.home, data=self.home)).stop()


def _pid(file: Path, program: str) -> int:
    pid = running(file, program)
    assert pid is not None, f"{program} does not run"
    return pid


@pytest.fixture(scope="session")
def durable_stack(own_home: Path) -> Iterator[Stack]:
    with start_stack(Settings(home=own_home, data=own_home)) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session")
async def own_served(own_home: Path, durable_stack: Stack) -> AsyncIterator[Serving]:
    """Two server processes and a worker on the durable cluster, which they join by themselves."""
    async with serving(own_home, {"TRADELINE_PROCESSES": "2"}) as servers:
        yield servers


@pytest_asyncio.fixture
async def durable(
    own_home: Path, durable_stack: Stack, stack: Stack, app_url: str, database: None
) -> AsyncIterator[Durable]:
    """The pool of this process leaves the tests' cluster for that time: a process has only one."""
    await prepare_database(durable_stack.admin_url, durable_stack.secret_key)
    await close_database()
    try:
        await open_database(
            url_of(durable_stack.admin_url, durable_stack.secret_key), durable_stack.secret_key
        )
        yield Durable(own_home, durable_stack)
    finally:
        await close_database()
        await open_database(app_url, stack.secret_key)
