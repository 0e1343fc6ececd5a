"""What credit costs a year, from cash flows alone: dated, in years, or in unit periods with odd days.

Imports neither web, database nor the engine. Input forms: docs/apr.md; how a case is read: apr_case.py.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from app.cli.apr_case import Case, read
from app.cli.commands import pure, single
from app.cli.documents import read_any
from app.cli.failures import problem
from kernel.errors import FieldProblem, Invalid
from products.rules.root import NoRate

app = single()
COLUMNS: Final = (
    "name",
    "irr_percent",
    "irr",
    "expected_percent",
    "expected",
    "agrees",
    "measure",
    "error",
)
_NEAR, _NEARER = Decimal("1e-6"), Decimal("1e-9")


class Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`irr` is a fraction a year, `irr_percent` the same rounded to the case's `decimals` (6 where it has
    none); `agrees` with what the case expects, which is given back.
    """

    name: str | None = None
    measure: str
    irr: str
    irr_percent: str
    expected: str | None = None
    expected_percent: str | None = None
    agrees: bool | None = None

    @property
    def failed(self) -> bool:
        """Whether it differs from what is expected."""
        return self.agrees is False


class Refused(msgspec.Struct):
    """A case that has no answer: what is wrong, and where in the file."""

    name: str | None
    error: list[dict[str, str]]
    failed = True


class Answers(list[Answer | Refused]):
    """One a case, in their order."""

    @property
    def failed(self) -> bool:
        """Whether one was refused, or differs from what it expects."""
        return any(one.failed for one in self)


@pure(app, "apr", columns=COLUMNS)
async def apr_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One case or an array of them; - reads it here")
    ],
) -> object:
    """The yearly rate of cash flows: `flows` as [date, amount]; `advances_t_years` and `payments_t_years` as
    [years, amount]; or `advance`, `payments` and `t_f` with `unit_periods_per_year` (odd days simple, 1 +
    f·i).

    Where a case says what it expects, whether the rate agrees. Of an array each case is answered in its
    place, a wrong one with what is wrong. Ends with 1 if one was refused or disagrees.
    """
    given = read_any(file)
    if isinstance(given, list):
        return Answers(_answered(f"#/{place}", case) for place, case in enumerate(given))
    return answer(given)


def _answered(at: str, given: Any) -> Answer | Refused:
    try:
        return answer(given, at)
    except Invalid as refused:
        problems = [problem(found) for found in refused.errors]
        name = given.get("name") if isinstance(given, dict) else None
        return Refused(name=name if isinstance(name, str) else None, error=problems)


def answer(given: Any, at: str = "#") -> Answer:
    """Of a case that stands `at` a place of its document. Raises Invalid with the place of all that is wrong,
    or where no rate exists.
    """
    case = read(given, at)
    try:
        rate = case.rate()
    except NoRate:
        raise Invalid(errors=(FieldProblem(at, "no_rate"),)) from None
    percent = _percent(100 * rate, case)
    return Answer(
        name=case.name,
        measure=case.measure,
        irr=f"{rate:f}",
        irr_percent=f"{percent:f}",
        expected=None if case.expected is None else f"{case.expected:f}",
        expected_percent=None if case.expected_percent is None else f"{case.expected_percent:f}",
        agrees=_agrees(case, rate, percent),
    )


def _percent(percent: Decimal, case: Case) -> Decimal:
    return percent.quantize(Decimal(1).scaleb(-case.decimals), ROUND_HALF_UP) + 0


def _agrees(case: Case, rate: Decimal, percent: Decimal) -> bool | None:
    """A percentage to its decimals, a fraction to six significant digits."""
    found = []
    if case.expected_percent is not None:
        found.append(percent == _percent(case.expected_percent, case))
    if case.expected is not None:
        found.append(abs(rate - case.expected) <= abs(case.expected) * _NEAR + _NEARER)
    return all(found) if found else None
