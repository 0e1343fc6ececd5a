"""The pure engine, without database: a drawdown of 12 instalments and 30 events replayed, a due date
passed, a quote.

Beside each stands the same yardstick, a JSON round trip of the state, measured in the same round: ratios
travel from machine to machine, microseconds do not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from billing.rules.accounts import Parties
from billing.rules.advance import advance
from billing.rules.decision import Drawdown
from billing.rules.events import Authorised, Captured, Event, Received
from billing.rules.explain import explain
from billing.rules.moves import advance_to
from billing.rules.quote import quote
from billing.rules.replay import replay
from billing.rules.values import State, decode_state, encode_state
from products.rules.terms import Terms

_ON: Final = date(2027, 1, 1)
_BOOK: Final = UUID(int=1)
_TERMS: Final = Terms(
    product_id=_BOOK,
    product_version=1,
    currency="CNY",
    lender_book=_BOOK,
    tenant_book=_BOOK,
    due_rule="periods",
    form="equal_instalment",
    instalments=12,
    annual_rate=Decimal("0.18"),
    day_count="30/360",
    grace_days=3,
    penalty_daily_rate=Decimal("0.0005"),
    non_accrual_days=90,
)
_CALLS: Final = 200


class Row(msgspec.Struct):
    """Microseconds of one call: median, least and most over the rounds; `ratio` to the yardstick of its
    round.
    """

    name: str
    median_us: float
    least_us: float
    most_us: float
    ratio: float
    goal_us: float | None


class Figures(msgspec.Struct):
    rows: list[Row]


def _story() -> tuple[Event, ...]:
    """28 receipts, a third of them early, some late: each month asks for 1,100.16."""
    events: list[Event] = [
        Authorised(seq=1, effective_on=_ON, amount_minor=1_200_000, expires_on=_ON + timedelta(400)),
        Captured(seq=2, effective_on=_ON, capture_no=1, amount_minor=1_200_000, booked_on=_ON),
    ]
    for number in range(28):
        on = _ON + timedelta(12 * number + 5)
        early = number % 3 == 0
        events.append(
            Received(
                seq=number + 3,
                effective_on=on,
                receipt_id=UUID(int=number),
                amount_minor=40_000,
                advance=early,
            )
        )
    return tuple(events)


def run(*, rounds: int, tell: Callable[[str], None]) -> Figures:
    events = _story()
    middle = replay(_TERMS, events[:2], date(2027, 6, 15))
    parties = Parties(buyer=_BOOK, merchant=_BOOK, lender_book=_BOOK, tenant_book=_BOOK)
    drawdown = Drawdown(key="d", terms=_TERMS, parties=parties, state=middle)
    work: dict[str, tuple[Callable[[], object], float | None]] = {
        "yardstick: state to JSON and back": (lambda: _back(middle), None),
        "replay, 12 instalments, 30 events": (lambda: replay(_TERMS, events, date(2028, 2, 1)), 2000),
        "advance over one due date": (lambda: advance(_TERMS, middle, date(2027, 7, 2)), 100),
        "the same with its journal": (lambda: advance_to(drawdown, date(2027, 7, 2)), None),
        "quote of 12 instalments, both rates": (lambda: quote(_TERMS, 1_200_000, _ON), None),
        "explanation of the 30 events": (lambda: explain(_TERMS, events, date(2028, 2, 1)), None),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    for number in range(1, rounds + 1):
        tell(f"round {number} of {rounds}")
        for name, (call, _) in work.items():
            times[name].append(_timed(call))
    yardstick = times[next(iter(work))]
    return Figures(
        rows=[
            Row(
                name=name,
                median_us=median(found),
                least_us=min(found),
                most_us=max(found),
                ratio=median(one / unit for one, unit in zip(found, yardstick, strict=True)),
                goal_us=work[name][1],
            )
            for name, found in times.items()
        ]
    )


def _back(state: State) -> State:
    return decode_state(encode_state(state))


def _timed(call: Callable[[], object]) -> float:
    """The median of many calls, in microseconds."""
    found = []
    for _ in range(_CALLS):
        began = perf_counter()
        call()
        found.append(perf_counter() - began)
    return median(found) * 1e6


def show(console: Console, figures: Figures) -> None:
    table = Table(box=None, header_style="bold")
    for name, justify in (
        ("", "left"),
        ("µs", "right"),
        ("least–most", "right"),
        ("÷ yardstick", "right"),
        ("goal µs", "right"),
    ):
        table.add_column(name, justify="left" if justify == "left" else "right")
    for row in figures.rows:
        table.add_row(
            row.name,
            f"{row.median_us:,.0f}",
            f"{row.least_us:,.0f}–{row.most_us:,.0f}",
            f"{row.ratio:,.1f}",
            f"{row.goal_us:,.0f}" if row.goal_us else "",
        )
    console.print(table)
