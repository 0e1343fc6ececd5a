"""pgbench: PostgreSQL's own load generator, at our SQL function and at its own TPC-B."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from bench.errors import BenchError
from bench.figures import Sample, percentile
from bench.stage import Stage

CLIENTS: Final = 8
THREADS: Final = 2
TPC_B_SCALE: Final = 10
_TPC_B: Final = "tpcb"

COMMIT: Final = r"""
\set n :n + 1
\set id :client_id * 10000000 + :n
SELECT c.outcome FROM bench.command b, billing.commit(b.tokens, b.commands::jsonb) c WHERE b.id = :id;
"""
MINIMAL: Final = "INSERT INTO bench.minimal (n) VALUES (:client_id);"


def make_tpc_b(on: Stage) -> None:
    """pgbench's own tables, in a database of their own."""
    environment = on.program_environment(on.admin_url)
    _run([str(on.bin / "createdb"), _TPC_B], environment)
    init = [str(on.bin / "pgbench"), "--initialize", "--quiet", f"--scale={TPC_B_SCALE}", _TPC_B]
    _run(init, environment)


def tpc_b(on: Stage, seconds: float) -> Sample:
    return _measure(on, ["--builtin=tpcb-like"], on.admin_url, _TPC_B, seconds)


def script(on: Stage, text: str, seconds: float) -> Sample:
    """`text` as the application's role; its latencies are those of the whole script."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        return _measure(on, [f"--file={file.name}", "--define=n=0"], on.app_url, None, seconds)


def _measure(on: Stage, what: list[str], url: str, database: str | None, seconds: float) -> Sample:
    with tempfile.TemporaryDirectory(prefix="pgbench-") as folder:
        output = _run(
            [
                str(on.bin / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}",
                f"--jobs={THREADS}", f"--time={max(1, round(seconds))}", "--log",
                f"--log-prefix={folder}/log", *what, *([database] if database else []),
            ],
            on.program_environment(url),
        )  # fmt: skip
        latencies = sorted(
            int(line.split()[2]) for file in Path(folder).iterdir() for line in file.read_text().splitlines()
        )
    (rate,) = (float(line.split()[2]) for line in output.splitlines() if line.startswith("tps = "))
    return Sample(
        per_second=rate,
        count=len(latencies),
        p50_us=percentile(latencies, 50),
        p99_us=percentile(latencies, 99),
    )


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or "aborted" in done.stderr:
        raise BenchError(f"{Path(command[0]).name} failed: {done.stderr[-1500:]}", "see what it says")
    return done.stdout
