"""`python -m bench NAME`: progress on stderr, results on stdout."""

from __future__ import annotations

import argparse
import sys
from time import monotonic

import msgspec
from rich.console import Console

from bench import figures, money
from bench.errors import BenchError


def main(arguments: list[str]) -> int:
    """The exit code: 0 measured (goals reached or not), 1 could not be measured, 2 asked wrongly."""
    asked = _parser().parse_args(arguments)
    began = monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{monotonic() - began:6.1f} s  {what}\n")

    try:
        if asked.name == "money":
            found = money.run(rounds=asked.rounds, seconds=asked.seconds, keep=asked.keep, tell=tell)
    except BenchError as wrong:
        sys.stderr.write(f"bench: {wrong}\n")
        return 1
    if asked.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        figures.show(Console(width=150), found.figures, found.ratios)
        print(f"{found.drawdowns:,} drawdowns, lines agree with them; verified whole: {found.verified:,}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measure; figures: docs/performance.md")
    names = parser.add_subparsers(dest="name", required=True)
    one = names.add_parser(
        "money", help="drawdowns through HTTP against one SQL call, and what the machine can do"
    )
    one.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    one.add_argument("--seconds", type=float, default=4, help="of each measurement (4)")
    for each in (one,):
        each.add_argument("--json", action="store_true", help="results as JSON on stdout")
        each.add_argument("--keep", action="store_true", help="leave the data behind, and say where")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
