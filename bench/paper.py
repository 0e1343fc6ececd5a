"""`./dev bench paper`: how many statements a second become PDFs, and how many for each second of a core.

The statement is made up: forty lines, one page and a half, in Chinese and in English.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter
from typing import Final
from uuid import UUID

import msgspec
from rich.console import Console

from bench.errors import BenchError
from billing.rules.standing import Due
from billing.statements import Statement
from reports import paper
from reports.errors import PaperNotAvailable
from reports.statement_paper import TEMPLATE, PaperLine, StatementSheet

SHEETS: Final = 60
_LINES: Final = 40
_DAY: Final = date(2027, 4, 1)


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """`cpu_seconds`: of the drawing processes."""

    sheets: int
    seconds: float
    cpu_seconds: float
    first_seconds: float
    mean_bytes: int


def run(*, sheets: int, tell: Callable[[str], None]) -> Drawn:
    """Raises BenchError where no PDF can be drawn."""
    try:
        return asyncio.run(_run(sheets, tell))
    except PaperNotAvailable:
        raise BenchError("no PDF can be drawn here", f"apt-get install {paper.PACKAGES}") from None


async def _run(sheets: int, tell: Callable[[str], None]) -> Drawn:
    pages = [paper.page(TEMPLATE, locale, sheet=_sheet()) for locale in ("zh-CN", "en")]
    began = perf_counter()
    await paper.pdf(pages[0])
    first = perf_counter() - began
    tell(f"{sheets} sheets")
    began = perf_counter()
    drawn = await asyncio.gather(*(paper.pdf(pages[number % 2]) for number in range(sheets)))
    seconds = perf_counter() - began
    paper.put_away()  # the processes' own time is known when they have ended
    used = getrusage(RUSAGE_CHILDREN)
    return Drawn(
        sheets=sheets,
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        first_seconds=first,
        mean_bytes=sum(map(len, drawn)) // sheets,
    )


def show(console: Console, found: Drawn) -> None:
    console.print(
        f"{found.sheets} statements as PDFs in {found.seconds:.1f} s: {found.sheets / found.seconds:.1f} a "
        f"second, {found.sheets / found.cpu_seconds:.1f} for each second of a core (start-up counted in); "
        f"the first took {found.first_seconds:.1f} s; {found.mean_bytes // 1024} kB each"
    )


def _sheet() -> StatementSheet:
    amounts = [(number + 1) * 12_345 for number in range(_LINES)]
    whole = sum(amounts)
    return StatementSheet(
        statement=Statement(
            id=UUID(int=1), number="S-2027-000001", line_id=UUID(int=2), buyer_id=UUID(int=3),
            product_id=UUID(int=4), currency="CNY", from_on=None, cut_on=_DAY, next_cut_on=date(2027, 5, 1),
            opening_minor=0, captured_minor=whole, converted_minor=0, interest_minor=0, fee_minor=0,
            penalty_minor=0, paid_minor=0, refunded_minor=0, waived_minor=0, corrections_minor=0,
            closing_minor=whole, overdue_minor=0, due_minor=whole, not_yet_due_minor=0, disputed_minor=0,
            credit_minor=0, due_dates=(Due(due_on=date(2027, 4, 10), when="due", amount_minor=whole),),
            created_at=datetime(2027, 4, 1, tzinfo=UTC),
        ),
        live=False, platform="面料商城", lender="某某小额贷款有限公司", buyer="某某制衣厂", product="月结",
        from_on="2027年3月1日", through_on="2027年3月31日", pay_by_on=date(2027, 4, 10),
        sums=(("+", "paper.statement.sum.captured", whole),),
        lines=tuple(
            PaperLine(
                effective_on=_DAY - timedelta(_LINES - number), kind="captured", about=f"PO-2027-{number:05}",
                amount_minor=amount, late_number=None,
            )
            for number, amount in enumerate(amounts)
        ),
        corrections=(),
    )  # fmt: skip
