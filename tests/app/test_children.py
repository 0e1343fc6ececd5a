"""What a child process is before it begins to work."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRY = """
import resource
from app.children import open_many_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
open_many_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after"),
    [(256, 4096, "4096 4096"), (4096, 4096, "4096 4096")],
    ids=["as many as are allowed", "never fewer"],
)
def test_it_may_open_many_files(soft: int, hard: int, after: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TRY.format(soft=soft, hard=hard)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == after
