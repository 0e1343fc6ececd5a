"""wrk: HTTP load from many connections, each sending its next request when the last is answered."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from bench.book import Platform
from bench.errors import BenchError
from bench.figures import Sample
from billing.schemas.values import LineId
from tenants.schemas import MerchantId

_SCRIPT: Final = Path(__file__).with_name("drawdowns.lua")
_INSTALL: Final = Path(__file__).resolve().parent.parent / "scripts" / "install-system"
_runs = count(1)


class _Said(msgspec.Struct):
    requests: int
    microseconds: int
    p50_us: int
    p99_us: int
    status: int
    connect: int
    read: int
    write: int
    timeout: int


def targets(platforms: Iterable[Platform]) -> list[str]:
    """One for each line: whose key, which line, which merchant."""
    return [
        f"{platform.secret} {LineId(line)} {MerchantId(platform.merchant_id)}"
        for platform in platforms
        for line in platform.lines
    ]


def drawdowns(url: str, at: list[str], *, connections: int, seconds: float) -> Sample:
    """Authorisations over HTTP. Raises BenchError unless every one succeeds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(at) + "\n")
        file.flush()
        done = subprocess.run(
            [
                "wrk", "--threads=1", f"--connections={connections}",
                f"--duration={max(1, round(seconds))}s", "--timeout=30s", f"--script={_SCRIPT}", url, "--",
                file.name, str(next(_runs)),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise BenchError(f"wrk failed: {done.stderr or done.stdout}", "see what it says")
    said = msgspec.json.decode(lines[-1], type=_Said)
    if failed := said.status + said.connect + said.read + said.write + said.timeout:
        raise BenchError(f"{failed} of {said.requests} requests failed: {said}", "read the server's log")
    return Sample(
        per_second=said.requests * 1_000_000 / said.microseconds,
        count=said.requests,
        p50_us=said.p50_us,
        p99_us=said.p99_us,
    )


def need_wrk() -> None:
    """Installs it where that can be done. Raises BenchError with the line to run where it cannot."""
    if shutil.which("wrk") is None:
        done = subprocess.run(
            [str(_INSTALL), sys.executable, "wrk"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError("wrk is not installed", done.stderr.strip())
