"""Folders in which these tests start servers of their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel.serve import start_stack
from kernel.settings import Settings


@contextmanager
def fresh_home() -> Iterator[Settings]:
    """A folder that the servers' account may enter; as root pytest's own is closed to it."""
    parent = Path("/var/lib/tradeline") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    parent.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="test-", dir=parent))
    path.chmod(0o755)
    try:
        yield Settings(home=path, data=path)
    finally:
        shutil.rmtree(path)


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Settings with a home in which nothing stands yet."""
    with fresh_home() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def used_settings() -> Iterator[Settings]:
    """Settings with a home in which servers have run and are stopped; who changes a file puts it back."""
    with fresh_home() as fresh:
        start_stack(fresh, durable=False).stop()
        yield fresh
