"""`python -m bench NAME`: progress on stderr, results on stdout."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

import msgspec
from rich.console import Console

from bench import day_end, engine, facts, money, paper, statements
from bench.errors import BenchError

T = TypeVar("T")
N = TypeVar("N", int, float)
_MONEY: Final = "drawdowns through HTTP beside the one SQL call they come down to"
_DAY_END: Final = "a day end over a million drawdowns, and after a kill in the middle"
_ENGINE: Final = "the pure engine: a drawdown replayed, a due date passed, a quote"
_STATEMENTS: Final = "a day end that cuts ten thousand statements, and after a kill in the middle"
_PAPER: Final = "statements as PDFs, a second and a core"
_FACTS: Final = "all facts of 100,000 buyers with 5,000,000 order lines, and a review of their tiers"
_LIST: Final = (
    f"money       {_MONEY}\nday-end     {_DAY_END}\nstatements  {_STATEMENTS}\nengine      {_ENGINE}\n"
    f"facts       {_FACTS}\npaper       {_PAPER}"
)


def main(arguments: list[str]) -> int:
    """The exit code: 0 measured (goals reached or not), 1 could not be measured, 2 asked wrongly."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped, the data goes
    began = monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{monotonic() - began:6.1f} s  {what}\n")

    try:
        if asked.name == "money":
            done = money.run(
                rounds=asked.rounds, seconds=asked.seconds, lines=asked.lines, keep=asked.keep, tell=tell
            )
            _print(done, asked.json, money.show)
        elif asked.name == "day-end":
            _print(
                day_end.run(drawdowns=asked.drawdowns, keep=asked.keep, tell=tell), asked.json, day_end.show
            )
        elif asked.name == "statements":
            cut = statements.run(statements=asked.statements, keep=asked.keep, tell=tell)
            _print(cut, asked.json, statements.show)
        elif asked.name == "paper":
            _print(paper.run(sheets=asked.sheets, tell=tell), asked.json, paper.show)
        elif asked.name == "engine":
            _print(engine.run(rounds=asked.rounds, tell=tell), asked.json, engine.show)
        elif asked.name == "facts":
            done_facts = facts.run(buyers=asked.buyers, lines=asked.order_lines, keep=asked.keep, tell=tell)
            _print(done_facts, asked.json, facts.show)
        else:
            print(_LIST)
    except BenchError as wrong:
        sys.stderr.write(f"bench: {wrong}\n")
        return 1
    return 0


def _print(found: T, as_json: bool, show: Callable[[Console, T], None]) -> None:
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        show(Console(width=150), found)


def _positive(number: Callable[[str], N]) -> Callable[[str], N]:
    def parse(text: str) -> N:
        value = number(text)
        if not 0 < value < 10**9:
            raise ValueError
        return value

    parse.__name__ = "positive number"
    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures; figures: docs/performance.md")
    names = parser.add_subparsers(dest="name", required=True)
    names.add_parser("list", help="what can be measured")
    one = names.add_parser("money", help=_MONEY)
    one.add_argument("--rounds", type=_positive(int), default=3, help="how often everything is measured (3)")
    one.add_argument("--seconds", type=_positive(float), default=4, help="of each measurement (4)")
    one.add_argument(
        "--lines", type=_positive(int), default=money.LINES, help="of the one big tenant (10,000)"
    )
    two = names.add_parser("day-end", help=_DAY_END)
    two.add_argument(
        "--drawdowns", type=_positive(int), default=day_end.BIG, help="of the bigger book (1,000,000)"
    )
    four = names.add_parser("statements", help=_STATEMENTS)
    four.add_argument(
        "--statements", type=_positive(int), default=statements.STATEMENTS, help="lines to cut (10,000)"
    )
    five = names.add_parser("paper", help=_PAPER)
    five.add_argument("--sheets", type=_positive(int), default=paper.SHEETS, help="to draw (60)")
    three = names.add_parser("engine", help=_ENGINE)
    three.add_argument(
        "--rounds", type=_positive(int), default=5, help="how often everything is measured (5)"
    )
    six = names.add_parser("facts", help=_FACTS)
    six.add_argument("--buyers", type=_positive(int), default=facts.BUYERS, help="of the tenant (100,000)")
    six.add_argument(
        "--order-lines", type=_positive(int), default=facts.LINES, help="of all its orders (5,000,000)"
    )
    for each in (one, two, three, four, five, six):
        each.add_argument("--json", action="store_true", help="results as JSON on stdout")
    for each in (one, two, four):
        each.add_argument("--keep", action="store_true", help="leave the data behind, and say where")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
